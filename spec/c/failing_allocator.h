/* SPDX-License-Identifier: MIT */
/* Decides which allocations fail, and counts what is given and taken back: one for Lua, one for our own C,
 * and one for libcurl, which only counts (libcurl 7.88 divides by zero when some of its allocations fail). */
#ifndef SPEC_FAILING_ALLOCATOR_H
#define SPEC_FAILING_ALLOCATOR_H

#include <stdbool.h>
#include <stddef.h>

struct failing_allocator {
  const char *name;
  long allowed; /* allocations that succeed before the first that fails; meant for while it is armed */
  bool is_armed;
  bool keeps_failing; /* after the first; else only that one fails */
  long refused;       /* since it was armed */
  long outstanding;   /* Lua: bytes; the others: blocks */
};

/* What our C may free, or leave behind when a block grows, no block with it. */
#define FAILING_ALLOCATOR_SECRET "secret-of-the-units"
extern unsigned unwiped_secrets;

extern struct failing_allocator lua_allocator, own_allocator, curl_allocator;

void failing_allocator_arm(struct failing_allocator *allocator, long allowed, bool keeps_failing);
void failing_allocator_disarm(struct failing_allocator *allocator);

/* For lua_newstate, as lua_allocator. */
void *failing_allocator_of_lua(void *unused, void *block, size_t old_size, size_t new_size);

/* Makes libcurl use curl_allocator. To be called before anything else initialises it. */
void failing_allocator_count_curl(void);

/* own_allocator needs no call: the program is linked with --wrap of the five functions that our objects use.
 */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);
char *__wrap_strdup(const char *text);

#endif
