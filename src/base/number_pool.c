/* SPDX-License-Identifier: MIT */
#include "base/number_pool.h"

#include <stdlib.h>

enum { MIN_CAPACITY = 16 };

static bool grow(struct number_pool *pool) {
  unsigned capacity = pool->capacity ? pool->capacity * 2 : MIN_CAPACITY;
  unsigned *returned = realloc(pool->returned, capacity * sizeof *returned);
  if (!returned) return false;
  pool->returned = returned;
  pool->capacity = capacity;
  return true;
}

bool number_pool_take(struct number_pool *pool, unsigned *number) {
  if (pool->returned_count > 0) {
    *number = pool->returned[--pool->returned_count];
    return true;
  }
  if (pool->highest == pool->capacity && !grow(pool)) return false;
  *number = ++pool->highest;
  return true;
}

void number_pool_return(struct number_pool *pool, unsigned number) {
  pool->returned[pool->returned_count++] = number;
}

void number_pool_destroy(struct number_pool *pool) {
  free(pool->returned);
}
