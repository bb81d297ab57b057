/* SPDX-License-Identifier: MIT */
#include "base/ascii.h"

#include "guard_page.h"
#include "unit.h"
#include <string.h>

static void lowers_a_to_z_alone(void) {
  for (int byte = 0; byte < 256; byte++) {
    int expected = byte >= 'A' && byte <= 'Z' ? byte + 32 : byte;
    CHECK((unsigned char)ascii_lower((char)byte) == expected, "byte %d becomes %d", byte, expected);
  }
}

static void compares_whatever_the_case(void) {
  static const struct same_row {
    const char *a, *b;
    bool same;
  } rows[] = {
      {"", "", true},           {"Authorization", "AUTHORIZATION", true},
      {"i", "I", true},         {"transfer-encoding", "TRANSFER-ENCODING", true},
      {"a", "b", false},        {"a", "ab", false},
      {"ab", "a", false},       {"[", "{", false},
      {"@", "`", false},        {"\xdd", "\xfd", false}, /* I with a dot, in the Turkish of ISO 8859-9 */
      {"\xc4\xb0", "i", false},                          /* and in UTF-8 */
  };
  EACH(row, rows) {
    size_t length = strlen(row->a);
    CHECK(ascii_same_text(row->a, row->b) == row->same, "'%s' and '%s' are %s", row->a, row->b,
          row->same ? "the same" : "different");
    if (length == strlen(row->b))
      CHECK(ascii_same(guard_page_copy(row->a, length), row->b, length) == row->same,
            "'%s' needs no NUL behind it", row->a);
  }
}

int main(void) {
  lowers_a_to_z_alone();
  compares_whatever_the_case();
  return unit_end();
}
