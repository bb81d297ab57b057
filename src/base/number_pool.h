/* SPDX-License-Identifier: MIT */
/* Numbers from 1 up, each in use once. Numbers that were returned are taken again, so that they stay small,
 * and a table with a place for each stays dense. */
#ifndef BASE_NUMBER_POOL_H
#define BASE_NUMBER_POOL_H

#include <stdbool.h>

/* All zero: no number is in use. */
struct number_pool {
  unsigned *returned;
  unsigned returned_count;
  unsigned capacity; /* of `returned`: as many as are in use or returned, so that to return one never fails */
  unsigned highest;  /* the highest number taken so far */
};

/* False when memory ran out. */
bool number_pool_take(struct number_pool *pool, unsigned *number);

void number_pool_return(struct number_pool *pool, unsigned number);

void number_pool_destroy(struct number_pool *pool);

#endif
