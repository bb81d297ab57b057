/* SPDX-License-Identifier: MIT */
#include "base/json_text.h"

#include "guard_page.h"
#include "unit.h"
#include <string.h>

static void begins_behind_a_byte_order_mark(void) {
  static const struct start_row {
    const char *text;
    size_t start;
  } rows[] = {
      {"", 0}, {"{}", 0}, {"\xef\xbb\xbf{}", 3}, {"\xef\xbb\xbf", 3}, {"\xef\xbb", 0}, {"\xef\xbb\xbd{}", 0},
  };
  EACH(row, rows) {
    size_t length = strlen(row->text);
    CHECK(json_text_start(guard_page_copy(row->text, length), length) == row->start, "'%s' begins at %zu",
          row->text, row->start);
  }
}

/* "1,7": the places of all that are found. */
static const char *places(const char *text) {
  static char list[256];
  size_t length = strlen(text), written = 0;
  const char *copy = guard_page_copy(text, length);
  list[0] = '\0';
  for (size_t at = json_text_lone_surrogate(copy, length, 0); at < length;
       at = json_text_lone_surrogate(copy, length, at + JSON_TEXT_ESCAPE_BYTES))
    written += (size_t)snprintf(list + written, sizeof list - written, "%s%zu", written ? "," : "", at);
  return list;
}

static void finds_lone_surrogates(void) {
  static const struct surrogate_row {
    const char *text, *places;
  } rows[] = {
      {"", ""},
      {"plain", ""},
      {"\\u0041\\ud7ff\\ue000\\uFFFF", ""},
      {"\\ud83d\\ude00", ""},
      {"\\uD83D\\uDE00", ""},
      {"\\ud83d", "0"},
      {"\\ude00", "0"},
      {"a\\udce9b", "1"},
      {"\\ud83d\\ud83d\\ude00", "0"},
      {"\\ud83d\\ude00\\ude00", "12"},
      {"\\ud83d\\ud83d", "0,6"},
      {"\\ud83d \\ude00", "0,7"},
      {"\\ud83d\\n", "0"},
      {"\\ud83d\\u", "0"},
      {"\\ud83d\\ude0", "0"},
      {"\\\\ud83d", ""},
      {"\\\\\\ud83d", "2"},
      {"\\\"\\udfff", "2"},
      {"\\ud83", ""},
      {"\\ud83g", ""},
      {"\\Ud83d", ""},
      {"\\", ""},
      {"\\u", ""},
  };
  EACH(row, rows) {
    const char *found = places(row->text);
    CHECK(strcmp(found, row->places) == 0, "'%s' has them at '%s' (was '%s')", row->text, row->places, found);
  }
}

int main(void) {
  begins_behind_a_byte_order_mark();
  finds_lone_surrogates();
  return unit_end();
}
