/* SPDX-License-Identifier: MIT */
/* Bytes in memory that are gathered piece by piece, and then read by several owners. The block is freed with
 * its last reference. */
#ifndef BASE_BYTE_BLOCK_H
#define BASE_BYTE_BLOCK_H

#include <stddef.h>

struct byte_block {
  unsigned refs; /* not atomic: a block stays with the threads of one Lua state */
  size_t length, capacity;
  char bytes[];
};

/* Creates an empty block with one reference; NULL when memory ran out. The system gives the memory as it is
 * filled. */
struct byte_block *byte_block_new(size_t capacity);

void byte_block_ref(struct byte_block *block);
void byte_block_unref(struct byte_block *block);

/* Appends as many of the bytes as there is room for, and returns their number. Nobody may read the block
 * meanwhile. */
size_t byte_block_append(struct byte_block *block, const char *bytes, size_t count);

#endif
