/* SPDX-License-Identifier: MIT */
#ifndef BASE_MONOTONIC_CLOCK_H
#define BASE_MONOTONIC_CLOCK_H

#include <time.h>

/* Seconds on a clock that is never set. Only differences have a meaning. */
static inline double monotonic_clock_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

#endif
