/* SPDX-License-Identifier: MIT */
/* Input that ends where memory ends: reading one byte too far crashes the test. */
#ifndef SPEC_GUARD_PAGE_H
#define SPEC_GUARD_PAGE_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { GUARD_PAGE_ROOM = 64 * 1024 };

/* A copy of `bytes`, good until the next call. `length` at most GUARD_PAGE_ROOM. */
static inline const char *guard_page_copy(const void *bytes, size_t length) {
  static char *guard;
  if (!guard) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *room =
        mmap(NULL, GUARD_PAGE_ROOM + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED || mprotect(room + GUARD_PAGE_ROOM, page, PROT_NONE) != 0) abort();
    guard = room + GUARD_PAGE_ROOM;
  }
  return memcpy(guard - length, bytes, length);
}

#endif
