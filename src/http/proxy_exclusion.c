/* SPDX-License-Identifier: MIT */
#include "http/proxy_exclusion.h"

#include "base/ascii.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_ADDRESS = INET6_ADDRSTRLEN + sizeof "[]/128" };

struct address {
  int family; /* AF_INET, AF_INET6; 0: it is a name */
  unsigned char bytes[16];
  unsigned bits; /* that count */
};

static bool is_separator(char byte) {
  return byte == ',' || byte == ' ' || byte == '\t';
}

/* Cuts a "/24" off `text`, and takes at most so many bits from it. */
static unsigned take_block(char *text, unsigned bits) {
  char *slash = strchr(text, '/');
  unsigned long block;
  if (!slash) return bits;
  *slash = '\0';
  block = strtoul(slash + 1, NULL, 10);
  return block < bits ? (unsigned)block : bits;
}

static struct address read_address(const char *text, size_t length) {
  struct address address = {0};
  char copy[LONGEST_ADDRESS];
  unsigned bits;
  bool has_brackets = length > 2 && text[0] == '[' && text[length - 1] == ']';
  if (has_brackets) text++, length -= 2;
  if (length >= sizeof copy) return address;
  memcpy(copy, text, length);
  copy[length] = '\0';
  bits = take_block(copy, 128);
  if (inet_pton(AF_INET, copy, address.bytes) == 1)
    address.family = AF_INET, address.bits = bits < 32 ? bits : 32;
  else if (inet_pton(AF_INET6, copy, address.bytes) == 1)
    address.family = AF_INET6, address.bits = bits;
  return address;
}

static bool is_within(const struct address *host, const struct address *block) {
  unsigned whole = block->bits / 8, rest = block->bits % 8;
  if (host->family != block->family || memcmp(host->bytes, block->bytes, whole) != 0) return false;
  return rest == 0 || ((host->bytes[whole] ^ block->bytes[whole]) >> (8 - rest)) == 0;
}

static size_t without_last_dot(const char *name, size_t length) {
  return length > 0 && name[length - 1] == '.' ? length - 1 : length;
}

static bool is_below(const char *host, size_t host_length, const char *name, size_t length) {
  length = without_last_dot(name, length);
  if (length > 0 && name[0] == '.') name++, length--;
  if (length == 0 || length > host_length) return false;
  if (length < host_length && host[host_length - length - 1] != '.') return false;
  return ascii_same(host + host_length - length, name, length);
}

static bool entry_holds(const char *entry, size_t length, const char *host) {
  struct address address = read_address(host, strlen(host));
  struct address block;
  if (length == 1 && entry[0] == '*') return true;
  if (!address.family) return is_below(host, without_last_dot(host, strlen(host)), entry, length);
  block = read_address(entry, length);
  return block.family && is_within(&address, &block);
}

bool proxy_exclusion_holds(const char *list, size_t length, const char *host) {
  const char *end = list + length;
  while (list < end) {
    const char *entry = list;
    while (list < end && !is_separator(*list)) list++;
    if (list > entry && entry_holds(entry, (size_t)(list - entry), host)) return true;
    if (list < end) list++;
  }
  return false;
}
