/* SPDX-License-Identifier: MIT */
#include "base/edit_distance.h"

#include "unit.h"
#include <limits.h>

#define EIGHT "abcdefgh"

static const struct distance_row {
  const char *a, *b;
  int distance;
} rows[] = {
    {"", "", 0},
    {"", "abc", 3},
    {"abc", "", 3},
    {"timeout", "timeout", 0},
    {"time_out", "timeout", 1},
    {"timeot", "timeout", 1},
    {"timoeut", "timeout", 2},
    {"kitten", "sitting", 3},
    {"abc", "xyz", 3},
    {EIGHT EIGHT EIGHT EIGHT, EIGHT EIGHT EIGHT EIGHT, 0},
    {EIGHT EIGHT EIGHT EIGHT "i", "a", INT_MAX},
    {"a", EIGHT EIGHT EIGHT EIGHT "i", INT_MAX},
};

int main(void) {
  EACH(row, rows) {
    int distance = edit_distance_between(row->a, row->b);
    CHECK(distance == row->distance, "'%s' to '%s' is %d, not %d", row->a, row->b, row->distance, distance);
  }
  return unit_end();
}
