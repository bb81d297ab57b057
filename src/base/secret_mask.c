/* SPDX-License-Identifier: MIT */
#include "base/secret_mask.h"

#include "base/ascii.h"

#include <string.h>

enum { SHORTEST_SECRET = 8, LONGEST_WORD = 19, BYTES_LOOKED_BACK = 32 };

static const char *after_backslashes(const char *at, const char *end) {
  while (at < end && *at == '\\') at++;
  return at;
}

static bool begins_with(const char *at, const char *end, const char *text) {
  size_t length = strlen(text);
  return (size_t)(end - at) >= length && ascii_same(at, text, length);
}

static int digit_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  digit = ascii_lower(digit);
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : 16;
}

/* Behind a number of at most `most` digits that is the code of `wanted`; NULL: there is none. */
static const char *after_code(const char *at, const char *end, int base, int most, char wanted) {
  int code = 0;
  for (; most > 0 && at < end && digit_value(*at) < base && code < 256; most--)
    code = code * base + digit_value(*at++);
  return code && ascii_lower((char)code) == ascii_lower(wanted) && code < 128 ? at : NULL;
}

/* "\/", "\u002f", "\x2f": JSON's and what is alike, also where JSON stands within JSON. */
static const char *after_backslash_escape(const char *at, const char *end, char wanted) {
  const char *rest = after_backslashes(at, end);
  const char *after = NULL;
  if (rest < end && (*rest == 'u' || *rest == 'x'))
    after = after_code(rest + 1, end, 16, *rest == 'u' ? 4 : 2, wanted);
  if (after) return after;
  if (wanted == '\\') return rest; /* a backslash is doubled by each escaping */
  return rest < end && *rest == wanted && strchr("/\"'", wanted) ? rest + 1 : NULL;
}

/* "%2F", and "%252F" where it was encoded twice. */
static const char *after_percent_escape(const char *at, const char *end, char wanted) {
  const char *after = after_code(++at, end, 16, 2, wanted);
  while (!after && begins_with(at, end, "25")) after = after_code(at += 2, end, 16, 2, wanted);
  return after;
}

/* "&#47;", "&#x2f;", "&amp;", and "&amp;#47;" where it was escaped twice. */
static const char *after_html_escape(const char *at, const char *end, char wanted) {
  static const struct {
    const char *text;
    char byte;
  } names[] = {{"amp;", '&'}, {"lt;", '<'}, {"gt;", '>'}, {"quot;", '"'}, {"apos;", '\''}, {"sol;", '/'}};
  const char *after = NULL;
  at++;
  while (wanted != '&' && begins_with(at, end, "amp;")) at += 4;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (names[i].byte == wanted && begins_with(at, end, names[i].text)) return at + strlen(names[i].text);
  if (begins_with(at, end, "#x"))
    after = after_code(at + 2, end, 16, 6, wanted);
  else if (begins_with(at, end, "#"))
    after = after_code(at + 1, end, 10, 6, wanted);
  return after && after < end && *after == ';' ? after + 1 : after;
}

/* Behind one byte of a secret, in any spelling and in either case; NULL: it is not there. */
static const char *after_byte(const char *at, const char *end, char wanted) {
  const char *after = NULL;
  if (at == end) return NULL;
  if (*at == '\\') after = after_backslash_escape(at, end, wanted);
  if (*at == '%') after = after_percent_escape(at, end, wanted);
  if (*at == '&') after = after_html_escape(at, end, wanted);
  if (!after && ascii_lower(*at) == ascii_lower(wanted)) after = at + 1;
  return after;
}

/* Returns the position behind line breaks, also JSON's, and the blanks that indent the next line; `at` when
 * there are none. */
static const char *after_line_break(const char *at, const char *end) {
  const char *start = at;
  for (;;) {
    const char *rest = after_backslashes(at, end);
    if (rest == end) return at;
    if (*rest == '\r' || *rest == '\n' || (rest > at && (*rest == 'r' || *rest == 'n')) ||
        (at > start && (*rest == ' ' || *rest == '\t')))
      at = rest + 1;
    else
      return at;
  }
}

/* How many bytes at `at` spell the secret: as it is, escaped, or broken into lines; 0 when they do not. */
static size_t spelled_length(const char *at, const char *end, const char *secret, size_t length) {
  const char *start = at;
  if ((size_t)(end - at) >= length && memcmp(at, secret, length) == 0) return length;
  for (size_t i = 0; i < length; i++) {
    const char *after = after_byte(at, end, secret[i]);
    if (!after && i > 0) after = after_byte(after_line_break(at, end), end, secret[i]);
    if (!after) return 0;
    at = after;
    while (secret[i] == '\\' && i + 1 < length && secret[i + 1] == '\\') i++; /* the run was taken whole */
  }
  return (size_t)(at - start);
}

/* The base64 digit of the six bits at `bit`. */
static char base64_digit(const char *secret, size_t bit) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  unsigned pair = (unsigned)(unsigned char)secret[bit / 8] << 8;
  if (bit % 8 > 2) pair |= (unsigned char)secret[bit / 8 + 1];
  return digits[pair >> (10 - bit % 8) & 63];
}

static const char *after_base64_digit(const char *at, const char *end, char digit) {
  if (at == end) return NULL;
  if (*at == digit || (*at == '-' && digit == '+') || (*at == '_' && digit == '/')) return at + 1;
  return strchr("+/", digit) ? after_byte(at, end, digit) : NULL;
}

/* The same for base64 of a text that has the secret somewhere: the digits that it alone decides, from `bit`.
 */
static size_t base64_length(const char *at, const char *end, const char *secret, size_t length, size_t bit) {
  const char *start = at;
  for (; bit + 6 <= 8 * length; bit += 6) {
    char digit = base64_digit(secret, bit);
    const char *after = after_base64_digit(at, end, digit);
    if (!after && at > start) after = after_base64_digit(after_line_break(at, end), end, digit);
    if (!after) return 0;
    at = after;
  }
  return (size_t)(at - start);
}

static size_t told_length(const char *at, const char *end, const char *secret, size_t length) {
  size_t told = spelled_length(at, end, secret, length);
  for (size_t bit = 0; !told && bit < 6; bit += 2) told = base64_length(at, end, secret, length, bit);
  return told;
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

/* Whether the text before `at`, in the same line, is about credentials. */
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
  while (at < end) {
    size_t told = told_length(at, end, secret, length);
    if (told && !is_everywhere && !follows_talk_of_keys(buffer->bytes, at)) told = 0;
    memset(at, '*', told);
    at += told ? told : 1;
  }
}

void secret_mask_apply(struct text_buffer *buffer, const char *secret, size_t length) {
  mask(buffer, secret, length, true);
}

void secret_mask_apply_key(struct text_buffer *buffer, const char *key, size_t length) {
  if (length >= SHORTEST_SECRET) mask(buffer, key, length, !is_word(key, length));
}
