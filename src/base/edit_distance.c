/* SPDX-License-Identifier: MIT */
#include "base/edit_distance.h"

#include <limits.h>
#include <string.h>

enum { LONGEST = 32 };

static int least(int a, int b, int c) {
  int smaller = a < b ? a : b;
  return smaller < c ? smaller : c;
}

/* One row of the usual table at a time: row[j] is the distance of a's first i bytes to b's first j. */
int edit_distance_between(const char *a, const char *b) {
  int row[LONGEST + 1];
  int length = (int)strnlen(b, LONGEST + 1);
  if (strnlen(a, LONGEST + 1) > LONGEST || length > LONGEST) return INT_MAX;
  for (int j = 0; j <= length; j++) row[j] = j;
  for (int i = 1; a[i - 1]; i++) {
    int diagonal = row[0];
    row[0] = i;
    for (int j = 1; j <= length; j++) {
      int changed = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = least(changed, row[j] + 1, row[j - 1] + 1);
    }
  }
  return row[length];
}
