/* SPDX-License-Identifier: MIT */
/* Checks for the C units. Each is a condition and a sentence that says what holds; those that fail are
 * printed, and `return unit_end();` closes a program with "N passed, N failed". */
#ifndef SPEC_UNIT_H
#define SPEC_UNIT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static int unit_passed, unit_failed;

__attribute__((format(printf, 4, 5))) static inline void unit_check(const char *file, int line, bool holds,
                                                                    const char *sentence, ...) {
  va_list arguments;
  if (holds) {
    unit_passed++;
    return;
  }
  unit_failed++;
  printf("%s:%d: failed: ", file, line);
  va_start(arguments, sentence);
  vprintf(sentence, arguments);
  va_end(arguments);
  putchar('\n');
}

/* CHECK(condition, "what holds for %s", text...) */
#define CHECK(holds, ...) unit_check(__FILE__, __LINE__, (holds), __VA_ARGS__)

/* EACH(row, rows) { row->name ... } */
#define EACH(row, rows)                                                                                      \
  for (const __typeof__(*(rows)) *row = (rows); row < (rows) + sizeof(rows) / sizeof *(rows); row++)

static inline int unit_end(void) {
  printf("%d passed, %d failed\n", unit_passed, unit_failed);
  fflush(stdout); /* a sanitizer that finds a leak ends the program without */
  return unit_failed > 0;
}

#endif
