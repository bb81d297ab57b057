/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

#include "guard_page.h"
#include "unit.h"

#include <string.h>

/* What stands at the beginning of these bytes. */
static const struct {
  const char *bytes;
  size_t length;
  size_t count;
  bool is_valid;
} rows[] = {
    {"a", 1, 1, true},
    {"\0", 1, 1, true},
    {"\x7f", 1, 1, true},
    {"\xc2\x80", 2, 2, true},
    {"\xdf\xbf", 2, 2, true},
    {"\xe0\xa0\x80", 3, 3, true},
    {"\xed\x9f\xbf", 3, 3, true},
    {"\xee\x80\x80", 3, 3, true},
    {"\xef\xbf\xbf", 3, 3, true},
    {"\xf0\x90\x80\x80", 4, 4, true},
    {"\xf4\x8f\xbf\xbf", 4, 4, true},
    {"\xc2\xa0z", 3, 2, true},
    /* a byte that begins nothing */
    {"\x80", 1, 1, false},
    {"\xbf\x80", 2, 1, false},
    {"\xc0\x80", 2, 1, false},
    {"\xc1\xbf", 2, 1, false},
    {"\xf5\x80\x80\x80", 4, 1, false},
    {"\xff", 1, 1, false},
    /* a longer spelling than needed, a surrogate, more than U+10FFFF */
    {"\xe0\x9f\xbf", 3, 1, false},
    {"\xed\xa0\x80", 3, 1, false},
    {"\xf0\x8f\xbf\xbf", 4, 1, false},
    {"\xf4\x90\x80\x80", 4, 1, false},
    /* what ends too early is one piece, and what stands there instead begins the next */
    {"\xc2", 1, 1, false},
    {"\xe9s", 2, 1, false},
    {"\xe2\x82", 2, 2, false},
    {"\xe2\x82z", 3, 2, false},
    {"\xf0\x9f\x98", 3, 3, false},
    {"\xf0\x9f\x98z", 4, 3, false},
    {"\xf0\x9fz\x80", 4, 2, false},
};

static void tells_characters(void) {
  EACH(row, rows) {
    bool is_valid = !row->is_valid;
    size_t count = utf8_sequence(guard_page_copy(row->bytes, row->length), row->length, &is_valid);
    CHECK(count == row->count && is_valid == row->is_valid, "row %zu is %zu bytes, %d", (size_t)(row - rows),
          row->count, row->is_valid);
  }
}

static void tells_how_far_it_is_valid(void) {
  static const struct {
    const char *text;
    size_t valid;
  } texts[] = {
      {"", 0}, {"abc", 3}, {"r\xc3\xa9sum\xc3\xa9", 8}, {"r\xe9sum", 1}, {"\xe9", 0}, {"ab\xe2\x82", 2},
  };
  EACH(row, texts) {
    size_t length = strlen(row->text);
    CHECK(utf8_valid_length(guard_page_copy(row->text, length), length) == row->valid,
          "'%s' is valid up to %zu", row->text, row->valid);
  }
}

int main(void) {
  tells_characters();
  tells_how_far_it_is_valid();
  return unit_end();
}
