/* SPDX-License-Identifier: MIT */
#include "http/header_secrets.h"

#include "base/ascii.h"
#include "base/secret_mask.h"
#include "http/http_headers.h"

#include <string.h>

static const char separators[] = " \t;,";

static void hide_key(struct text_buffer *buffer, const char *key, const char *end) {
  secret_mask_apply_key(buffer, key, (size_t)(end - key));
}

/* One of a list: `token`, `name=token` or `name="token"`. */
static void hide_item(struct text_buffer *buffer, const char *item, const char *end) {
  const char *equals = memchr(item, '=', (size_t)(end - item));
  const char *value = equals ? equals + 1 : end;
  hide_key(buffer, item, end);
  if (end - value > 1 && *value == '"' && end[-1] == '"') value++, end--;
  hide_key(buffer, value, end);
}

static void hide_list(struct text_buffer *buffer, const char *list, const char *end) {
  while (list < end) {
    const char *item = list;
    while (list < end && !strchr(separators, *list)) list++;
    if (list > item) hide_item(buffer, item, list);
    if (list < end) list++;
  }
}

static int digit_value(char digit) {
  if (digit >= 'A' && digit <= 'Z') return digit - 'A';
  if (digit >= 'a' && digit <= 'z') return digit - 'a' + 26;
  if (digit >= '0' && digit <= '9') return digit - '0' + 52;
  if (digit == '+' || digit == '-') return 62;
  return digit == '/' || digit == '_' ? 63 : -1;
}

/* Decodes base64 up to its padding. */
static bool decode(struct text_buffer *decoded, const char *at, const char *end) {
  unsigned long bits = 0;
  int count = 0;
  for (; at < end && digit_value(*at) >= 0; at++) {
    bits = bits << 6 | (unsigned long)digit_value(*at);
    if ((count += 6) < 8) continue;
    count -= 8;
    if (!text_buffer_append(decoded, &(char){(char)(bits >> count & 0xff)}, 1)) return false;
  }
  return true;
}

/* "user:password" in base64. */
static bool hide_basic(struct text_buffer *buffer, const char *pair, const char *end) {
  struct text_buffer decoded;
  bool is_decoded;
  text_buffer_create(&decoded, (size_t)(end - pair));
  is_decoded = decode(&decoded, pair, end);
  if (decoded.length > 0) {
    const char *colon = memchr(decoded.bytes, ':', decoded.length);
    const char *password = colon ? colon + 1 : decoded.bytes;
    secret_mask_apply(buffer, password, (size_t)(decoded.bytes + decoded.length - password));
  }
  text_buffer_wipe(&decoded);
  return is_decoded;
}

static bool is_scheme(const char *word, const char *end) {
  return !memchr(word, '=', (size_t)(end - word)) && end[-1] != ';' && end[-1] != ',';
}

static bool hide_value(struct text_buffer *buffer, const char *value, const char *end) {
  const char *blank = memchr(value, ' ', (size_t)(end - value));
  const char *credentials = value;
  if (blank && is_scheme(value, blank))
    for (credentials = blank; credentials < end && *credentials == ' ';) credentials++;
  hide_key(buffer, credentials, end);
  hide_list(buffer, credentials, end);
  return !blank || blank - value != 5 || !ascii_same(value, "Basic", 5) ||
         hide_basic(buffer, credentials, end);
}

bool header_secrets_hide(const char *line, struct text_buffer *buffer) {
  struct http_header header = {0};
  size_t position = 0;
  return !http_headers_next(line, strlen(line), &position, &header) ||
         !http_headers_name_a_secret(header.name, header.name_length) ||
         hide_value(buffer, header.value, header.value + header.value_length);
}
