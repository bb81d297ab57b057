/* SPDX-License-Identifier: MIT */
#include "base/environment.h"

#include <stdlib.h>
#include <string.h>

/* Of several bytes first: a byte order mark and a no-break space, both in UTF-8. */
static const char *const spaces[] = {"\xEF\xBB\xBF", "\xC2\xA0", " ", "\t", "\r", "\n", "\v", "\f"};
enum { SPACES = sizeof spaces / sizeof *spaces };

static size_t space_at_start(const char *text, size_t length) {
  for (int i = 0; i < SPACES; i++) {
    size_t size = strlen(spaces[i]);
    if (size <= length && memcmp(text, spaces[i], size) == 0) return size;
  }
  return 0;
}

static size_t space_at_end(const char *text, size_t length) {
  for (int i = 0; i < SPACES; i++) {
    size_t size = strlen(spaces[i]);
    if (size <= length && memcmp(text + length - size, spaces[i], size) == 0) return size;
  }
  return 0;
}

const char *environment_get(const char *name, size_t *length) {
  const char *text = getenv(name);
  size_t size;
  *length = text ? strlen(text) : 0;
  while ((size = space_at_start(text, *length)) > 0) text += size, *length -= size;
  while ((size = space_at_end(text, *length)) > 0) *length -= size;
  return *length > 0 ? text : NULL;
}
