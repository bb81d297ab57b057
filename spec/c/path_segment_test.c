/* SPDX-License-Identifier: MIT */
#include "base/path_segment.h"

#include "guard_page.h"
#include "unit.h"

static const struct segment_row {
  const char *id;
  size_t length;
  const char *refusal; /* NULL: it may be sent */
  const char *encoded;
} rows[] = {
#define ID(text) text, sizeof text - 1
    {ID("upload_abc123"), NULL, "upload_abc123"},
    {ID("a"), NULL, "a"},
    {ID(""), "is empty", NULL},
    {ID("."), "may not be '.' or '..'", NULL},
    {ID(".."), "may not be '.' or '..'", NULL},
    {ID("..."), NULL, "..."},
    {ID(".a"), NULL, ".a"},
    {ID("a."), NULL, "a."},
    {ID("\0"), "contains a NUL byte", NULL},
    {ID(".\0"), "contains a NUL byte", NULL},
    {ID("upload\0abc"), "contains a NUL byte", NULL},
    {ID("upload\0"), "contains a NUL byte", NULL},
    {ID("a/b"), NULL, "a%2Fb"},
    {ID("../files"), NULL, "..%2Ffiles"},
    {ID("%2e%2e"), NULL, "%252e%252e"},
    {ID("a?b=c&d#e"), NULL, "a%3Fb=c&d%23e"},
    {ID("a b\r\n"), NULL, "a%20b%0D%0A"},
    {ID("\\"), NULL, "%5C"},
    {ID("\xc3\xa9"), NULL, "%C3%A9"},
    {ID("\xff\x7f\x01"), NULL, "%FF%7F%01"},
    {ID("-._~!$&'()*+,;=:@"), NULL, "-._~!$&'()*+,;=:@"},
#undef ID
};

static void judges_and_encodes(void) {
  EACH(row, rows) {
    const char *id = guard_page_copy(row->id, row->length);
    const char *refusal = path_segment_refusal(id, row->length);
    struct text_buffer path;
    if (row->refusal || refusal) {
      CHECK(row->refusal && refusal && strcmp(refusal, row->refusal) == 0, "id '%s' %s (was: %s)", row->id,
            row->refusal ? row->refusal : "may be sent", refusal ? refusal : "may be sent");
      continue;
    }
    text_buffer_create(&path, 1000);
    CHECK(path_segment_append(&path, id, row->length) && strcmp(text_buffer_text(&path), row->encoded) == 0,
          "id '%s' is spelled '%s' (was '%s')", row->id, row->encoded, text_buffer_text(&path));
    text_buffer_destroy(&path);
  }
}

static void encodes_each_byte_that_is_no_path_character(void) {
  static const char allowed[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@";
  for (int byte = 1; byte < 256; byte++) {
    char id = (char)byte, expected[4];
    struct text_buffer path;
    text_buffer_create(&path, 3);
    snprintf(expected, sizeof expected, strchr(allowed, byte) ? "%c" : "%%%02X", byte);
    CHECK(path_segment_append(&path, guard_page_copy(&id, 1), 1) &&
              strcmp(text_buffer_text(&path), expected) == 0,
          "byte %d is spelled '%s'", byte, expected);
    text_buffer_destroy(&path);
  }
}

static void stops_at_the_cap(void) {
  struct text_buffer path;
  text_buffer_create(&path, 8);
  CHECK(path_segment_append(&path, "12345678", 8), "an id that just fits is taken");
  CHECK(!path_segment_append(&path, "9", 1) && path.over_cap,
        "a longer one is refused, and the cap is named as the reason");
  text_buffer_destroy(&path);
}

int main(void) {
  judges_and_encodes();
  encodes_each_byte_that_is_no_path_character();
  stops_at_the_cap();
  return unit_end();
}
