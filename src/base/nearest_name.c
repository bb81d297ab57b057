/* SPDX-License-Identifier: MIT */
#include "base/nearest_name.h"

#include "base/edit_distance.h"

#include <string.h>

/* A name that is further away than a third of its length is no typing error. */
struct nearest_name nearest_name_of(const char *given) {
  return (struct nearest_name){.given = given, .distance = (int)(strlen(given) / 3) + 1};
}

void nearest_name_offer(struct nearest_name *nearest, const char *candidate) {
  int distance = edit_distance_between(nearest->given, candidate);
  if (distance >= nearest->distance) return;
  nearest->found = candidate;
  nearest->distance = distance;
}
