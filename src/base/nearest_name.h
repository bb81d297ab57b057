/* SPDX-License-Identifier: MIT */
/* The name that a misspelled one was probably meant to be. */
#ifndef BASE_NEAREST_NAME_H
#define BASE_NEAREST_NAME_H

struct nearest_name {
  const char *given;
  const char *found; /* the nearest candidate so far; NULL: none is near */
  int distance;
};

/* Starts a search. Both texts, here and below, stay the caller's. */
struct nearest_name nearest_name_of(const char *given);

void nearest_name_offer(struct nearest_name *nearest, const char *candidate);

#endif
