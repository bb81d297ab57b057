/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

/* The bytes that may follow a first byte: their number, and the range of the first of them. */
struct lead {
  unsigned char first, last;
  unsigned char more;
  unsigned char least, most;
};

static const struct lead leads[] = {
    {0x00, 0x7f, 0, 0, 0},       {0xc2, 0xdf, 1, 0x80, 0xbf}, {0xe0, 0xe0, 2, 0xa0, 0xbf},
    {0xe1, 0xec, 2, 0x80, 0xbf}, {0xed, 0xed, 2, 0x80, 0x9f}, {0xee, 0xef, 2, 0x80, 0xbf},
    {0xf0, 0xf0, 3, 0x90, 0xbf}, {0xf1, 0xf3, 3, 0x80, 0xbf}, {0xf4, 0xf4, 3, 0x80, 0x8f},
};

static const struct lead *find_lead(unsigned char byte) {
  for (size_t i = 0; i < sizeof leads / sizeof *leads; i++)
    if (byte >= leads[i].first && byte <= leads[i].last) return &leads[i];
  return NULL;
}

size_t utf8_sequence(const char *text, size_t length, bool *is_valid) {
  const unsigned char *bytes = (const unsigned char *)text;
  const struct lead *lead = find_lead(bytes[0]);
  size_t count = 1;
  *is_valid = false;
  if (!lead) return 1;
  while (count <= lead->more && count < length) {
    unsigned char least = count == 1 ? lead->least : 0x80, most = count == 1 ? lead->most : 0xbf;
    if (bytes[count] < least || bytes[count] > most) return count;
    count++;
  }
  *is_valid = count == (size_t)lead->more + 1;
  return count;
}

size_t utf8_valid_length(const char *text, size_t length) {
  size_t at = 0;
  while (at < length) {
    bool is_valid = true;
    size_t count = (unsigned char)text[at] < 0x80 ? 1 : utf8_sequence(text + at, length - at, &is_valid);
    if (!is_valid) break;
    at += count;
  }
  return at;
}
