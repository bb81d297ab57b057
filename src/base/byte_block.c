/* SPDX-License-Identifier: MIT */
#include "base/byte_block.h"

#include <stdlib.h>
#include <string.h>

struct byte_block *byte_block_new(size_t capacity) {
  struct byte_block *block = malloc(sizeof *block + capacity);
  if (!block) return NULL;
  block->refs = 1;
  block->length = 0;
  block->capacity = capacity;
  return block;
}

void byte_block_ref(struct byte_block *block) {
  block->refs++;
}

void byte_block_unref(struct byte_block *block) {
  if (--block->refs == 0) free(block);
}

size_t byte_block_append(struct byte_block *block, const char *bytes, size_t count) {
  size_t room = block->capacity - block->length;
  if (count > room) count = room;
  if (count > 0) memcpy(block->bytes + block->length, bytes, count);
  block->length += count;
  return count;
}
