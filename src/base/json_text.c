/* SPDX-License-Identifier: MIT */
#include "base/json_text.h"

#include <stdbool.h>
#include <string.h>

size_t json_text_start(const char *text, size_t length) {
  static const char mark[] = "\xef\xbb\xbf";
  size_t size = sizeof mark - 1;
  return length >= size && memcmp(text, mark, size) == 0 ? size : 0;
}

static int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/* Reads the \u1234 at `at`; -1 when there is none. */
static int code_unit(const char *at, const char *end) {
  int unit = 0;
  if (end - at < JSON_TEXT_ESCAPE_BYTES || at[0] != '\\' || at[1] != 'u') return -1;
  for (int i = 2; i < JSON_TEXT_ESCAPE_BYTES; i++) {
    int value = hex_value(at[i]);
    if (value < 0) return -1;
    unit = unit * 16 + value;
  }
  return unit;
}

static bool is_first_half(int unit) {
  return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_second_half(int unit) {
  return unit >= 0xdc00 && unit < 0xe000;
}

size_t json_text_lone_surrogate(const char *text, size_t length, size_t from) {
  const char *at = text + from, *end = text + length;
  while (at < end && (at = memchr(at, '\\', (size_t)(end - at)))) {
    int unit = code_unit(at, end);
    if (is_first_half(unit) && is_second_half(code_unit(at + JSON_TEXT_ESCAPE_BYTES, end)))
      at += JSON_TEXT_ESCAPE_BYTES + JSON_TEXT_ESCAPE_BYTES;
    else if (is_first_half(unit) || is_second_half(unit))
      return (size_t)(at - text);
    else
      at += unit >= 0 ? JSON_TEXT_ESCAPE_BYTES : 2; /* of \\ and \" both bytes */
  }
  return length;
}
