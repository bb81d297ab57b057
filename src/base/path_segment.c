/* SPDX-License-Identifier: MIT */
#include "base/path_segment.h"

#include <string.h>

const char *path_segment_refusal(const char *id, size_t length) {
  if (length == 0) return "is empty";
  if (memchr(id, '\0', length)) return "contains a NUL byte";
  if (length <= 2 && memcmp(id, "..", length) == 0) return "may not be '.' or '..'";
  return NULL;
}

/* pchar without "%": unreserved, sub-delims, ":" and "@". Not isalnum(): a locale may add to it. */
static bool is_path_character(unsigned char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
         (byte != '\0' && strchr("-._~!$&'()*+,;=:@", byte));
}

bool path_segment_append(struct text_buffer *path, const char *id, size_t length) {
  static const char digits[] = "0123456789ABCDEF";
  for (size_t i = 0; i < length; i++) {
    unsigned char byte = (unsigned char)id[i];
    char encoded[3] = {'%', digits[byte >> 4], digits[byte & 15]};
    bool appended = is_path_character(byte) ? text_buffer_append(path, &id[i], 1)
                                            : text_buffer_append(path, encoded, sizeof encoded);
    if (!appended) return false;
  }
  return true;
}
