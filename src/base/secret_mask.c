/* SPDX-License-Identifier: MIT */
#include "base/secret_mask.h"

#include "base/ascii.h"

#include <string.h>

enum { SHORTEST_SECRET = 8, LONGEST_WORD = 19, BYTES_LOOKED_BACK = 32 };

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

static bool is_word(const char *key, size_t length) {
  if (length > LONGEST_WORD || memcmp(key, "sk-", 3) == 0) return false;
  for (size_t i = 0; i < length; i++) {
    char byte = ascii_lower(key[i]);
    if ((byte < 'a' || byte > 'z') && !strchr("-_. ", byte)) return false;
  }
  return true;
}

static bool ends_in(const char *start, const char *end, const char *word) {
  size_t length = strlen(word);
  return (size_t)(end - start) >= length && ascii_same(end - length, word, length);
}

/* Whether what stands before `at`, in its line, speaks of credentials. */
static bool follows_talk_of_keys(const char *start, const char *at) {
  static const char *const words[] = {"key", "token", "bearer", "authorization", "credential", "secret"};
  if (at - start > BYTES_LOOKED_BACK) start = at - BYTES_LOOKED_BACK;
  for (; at > start && at[-1] != '\n'; at--)
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
      if (ends_in(start, at, words[i])) return true;
  return false;
}

static void mask(struct text_buffer *buffer, const char *secret, size_t length, bool is_everywhere) {
  char *at = buffer->bytes;
  char *end = at ? at + buffer->length : at;
  if (length < SHORTEST_SECRET) return;
  while (at < end && (at = memchr(at, *secret, (size_t)(end - at)))) {
    size_t spelled = spelled_length(at, end, secret, length);
    if (!is_everywhere && !follows_talk_of_keys(buffer->bytes, at)) spelled = 0;
    memset(at, '*', spelled);
    at += spelled ? spelled : 1;
  }
}

void secret_mask_apply(struct text_buffer *buffer, const char *secret, size_t length) {
  mask(buffer, secret, length, true);
}

void secret_mask_apply_key(struct text_buffer *buffer, const char *key, size_t length) {
  if (length >= SHORTEST_SECRET) mask(buffer, key, length, !is_word(key, length));
}
