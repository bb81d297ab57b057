/* SPDX-License-Identifier: MIT */
#include "base/ascii.h"

#include <string.h>

char ascii_lower(char byte) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
  if (byte < 'A' || byte > 'Z') return byte;
  return letters[byte - 'A'];
}

bool ascii_same(const char *a, const char *b, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (ascii_lower(a[i]) != ascii_lower(b[i])) return false;
  return true;
}

bool ascii_same_text(const char *a, const char *b) {
  size_t length = strlen(a);
  return length == strlen(b) && ascii_same(a, b, length);
}
