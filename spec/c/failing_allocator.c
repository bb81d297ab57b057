/* SPDX-License-Identifier: MIT */
#include "failing_allocator.h"

#include <curl/curl.h>
#include <malloc.h>
#include <string.h>

struct failing_allocator lua_allocator = {.name = "Lua"}, own_allocator = {.name = "our C"};
struct failing_allocator curl_allocator = {.name = "libcurl"};

void failing_allocator_arm(struct failing_allocator *allocator, long allowed, bool keeps_failing) {
  allocator->allowed = allowed;
  allocator->keeps_failing = keeps_failing;
  allocator->refused = 0;
  allocator->is_armed = true;
}

void failing_allocator_disarm(struct failing_allocator *allocator) {
  allocator->is_armed = false;
}

static bool refuses(struct failing_allocator *allocator) {
  if (!allocator->is_armed || allocator->allowed-- > 0) return false;
  if (!allocator->keeps_failing && allocator->refused > 0) return false;
  allocator->refused++;
  return true;
}

/* Lua counts on a block being able to shrink. */
void *failing_allocator_of_lua(void *unused, void *block, size_t old_size, size_t new_size) {
  void *moved = NULL;
  (void)unused;
  if (!block) old_size = 0; /* it told a type then */
  if (new_size > old_size && refuses(&lua_allocator)) return NULL;
  if (new_size == 0)
    __real_free(block);
  else if (!(moved = __real_realloc(block, new_size)))
    return NULL;
  lua_allocator.outstanding += (long)new_size - (long)old_size;
  return moved;
}

static void *give(struct failing_allocator *allocator, void *block) {
  if (block) allocator->outstanding++;
  return block;
}

static void *reallocate(struct failing_allocator *allocator, void *block, size_t size) {
  void *moved = refuses(allocator) ? NULL : __real_realloc(block, size);
  return block ? moved : give(allocator, moved);
}

static void take_back(struct failing_allocator *allocator, void *block) {
  if (block) allocator->outstanding--;
  __real_free(block);
}

static char *duplicate(struct failing_allocator *allocator, const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = refuses(allocator) ? NULL : give(allocator, __real_malloc(size));
  return copy ? memcpy(copy, text, size) : NULL;
}

unsigned unwiped_secrets;

static void look_for_secret(void *block) {
  size_t size = block ? malloc_usable_size(block) : 0;
  unwiped_secrets += size && memmem(block, size, FAILING_ALLOCATOR_SECRET, strlen(FAILING_ALLOCATOR_SECRET));
}

/* Zeroed: nothing of what was there before is ours. */
void *__wrap_malloc(size_t size) {
  void *block = refuses(&own_allocator) ? NULL : give(&own_allocator, __real_malloc(size));
  return block ? memset(block, 0, malloc_usable_size(block)) : NULL;
}
void *__wrap_calloc(size_t count, size_t size) {
  return refuses(&own_allocator) ? NULL : give(&own_allocator, __real_calloc(count, size));
}
/* Moves it always. */
void *__wrap_realloc(void *block, size_t size) {
  size_t had = block ? malloc_usable_size(block) : 0;
  void *moved = __wrap_malloc(size);
  if (moved && block) {
    memcpy(moved, block, had < size ? had : size);
    __wrap_free(block);
  }
  return moved;
}
void __wrap_free(void *block) {
  look_for_secret(block);
  take_back(&own_allocator, block);
}
char *__wrap_strdup(const char *text) {
  return duplicate(&own_allocator, text);
}

static void *curl_malloc(size_t size) {
  return give(&curl_allocator, __real_malloc(size));
}
static void *curl_calloc(size_t count, size_t size) {
  return give(&curl_allocator, __real_calloc(count, size));
}
static void *curl_realloc(void *block, size_t size) {
  return reallocate(&curl_allocator, block, size);
}
static void curl_release(void *block) {
  take_back(&curl_allocator, block);
}
static char *curl_duplicate(const char *text) {
  return duplicate(&curl_allocator, text);
}

void failing_allocator_count_curl(void) {
  curl_global_init_mem(CURL_GLOBAL_DEFAULT, curl_malloc, curl_release, curl_realloc, curl_duplicate,
                       curl_calloc);
}
