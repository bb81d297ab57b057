/* SPDX-License-Identifier: MIT */
#include "base/secret_mask.h"

#include <string.h>

enum { SHORTEST_SECRET = 8 };

/* How many bytes at `at` spell the secret, as it is or with JSON's escapes; 0 when they do not. */
static size_t spelled_length(const char *at, const char *end, const char *secret, size_t length) {
  const char *start = at;
  if ((size_t)(end - at) >= length && memcmp(at, secret, length) == 0) return length;
  for (const char *last = secret + length; secret < last; secret++, at++) {
    if (end - at > 1 && *at == '\\' && at[1] == *secret && strchr("/\"\\", *secret)) at++;
    if (at == end || *at != *secret) return 0;
  }
  return (size_t)(at - start);
}

void secret_mask_apply(struct text_buffer *buffer, const char *secret, size_t length) {
  char *at = buffer->bytes;
  char *end = at ? at + buffer->length : at;
  if (length < SHORTEST_SECRET) return;
  while (at < end && (at = memchr(at, *secret, (size_t)(end - at)))) {
    size_t spelled = spelled_length(at, end, secret, length);
    memset(at, '*', spelled);
    at += spelled ? spelled : 1;
  }
}
