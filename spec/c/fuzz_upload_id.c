/* SPDX-License-Identifier: MIT */
/* Any bytes as an upload id: refused, or spelled in a path so that they are read back as they were. */
#include "base/path_segment.h"

#include "fuzz.h"
#include <string.h>

static int hex_value(char digit) {
  const char *digits = "0123456789ABCDEF";
  const char *at = digit ? strchr(digits, digit) : NULL;
  return at ? (int)(at - digits) : -1;
}

/* Length of what `path` spells, written to `decoded`. */
static size_t decode(const struct text_buffer *path, char *decoded) {
  static const char plain[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@";
  size_t length = 0;
  for (const char *at = text_buffer_text(path); *at; at++) {
    if (*at != '%') {
      REQUIRE(strchr(plain, *at), "a byte that must be encoded was not");
      decoded[length++] = *at;
      continue;
    }
    REQUIRE(hex_value(at[1]) >= 0 && hex_value(at[2]) >= 0, "an encoding is no '%XX'");
    decoded[length] = (char)(hex_value(at[1]) << 4 | hex_value(at[2]));
    REQUIRE(!strchr(plain, decoded[length]), "a byte was encoded without need");
    length++;
    at += 2;
  }
  return length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *id = (const char *)data;
  struct text_buffer path;
  char *decoded;
  if (path_segment_refusal(id, size)) {
    REQUIRE(size == 0 || memchr(id, '\0', size) || (size <= 2 && id[0] == '.' && id[size - 1] == '.'),
            "an id that may be sent was refused");
    return 0;
  }
  REQUIRE(size > 0 && !memchr(id, '\0', size), "an empty id or a NUL was let through");
  text_buffer_create(&path, 3 * size);
  REQUIRE(path_segment_append(&path, id, size), "an id needs more than three bytes for one");
  REQUIRE(strcmp(text_buffer_text(&path), ".") != 0 && strcmp(text_buffer_text(&path), "..") != 0,
          "a segment leaves its place in the path");
  decoded = malloc(path.length);
  REQUIRE(decode(&path, decoded) == size && memcmp(decoded, id, size) == 0,
          "an id is not read back as it was");
  free(decoded);
  text_buffer_destroy(&path);
  return 0;
}
