/* SPDX-License-Identifier: MIT */
#include "base/byte_block.h"

#include <string.h>
#include <sys/mman.h>

/* By mmap, because malloc may keep freed memory: after some streams a long-lived process would have the room
 * of more blocks than it uses at a time. */
struct byte_block *byte_block_new(size_t capacity) {
  struct byte_block *block =
      mmap(NULL, sizeof *block + capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) return NULL;
  block->refs = 1;
  block->length = 0;
  block->capacity = capacity;
  return block;
}

void byte_block_ref(struct byte_block *block) {
  block->refs++;
}

void byte_block_unref(struct byte_block *block) {
  if (--block->refs == 0) munmap(block, sizeof *block + block->capacity);
}

size_t byte_block_append(struct byte_block *block, const char *bytes, size_t count) {
  size_t room = block->capacity - block->length;
  if (count > room) count = room;
  if (count > 0) memcpy(block->bytes + block->length, bytes, count);
  block->length += count;
  return count;
}
