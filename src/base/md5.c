/* SPDX-License-Identifier: MIT */
#include "base/md5.h"

#include <string.h>

enum { LENGTH_SIZE = 8 }; /* how many bytes end the padding: the length in bits */

/* 2^32 * |sin(i)| for i = 1 to 64, one for each step. */
static const uint32_t sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

/* Little-endian on every machine; where the machine is, compilers make one load of this. */
static inline uint32_t load_word(const unsigned char *bytes) {
  return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void store_word(unsigned char *bytes, uint32_t word) {
  for (int i = 0; i < 4; i++) bytes[i] = (unsigned char)(word >> 8 * i);
}

/* RFC 1321's F to I. Each waits as briefly as it can for b, which the step before has just made: speed is the
 * length of that chain. In g no bit is set in both summands, so that a sum is as good as an "or", and the
 * summand without b joins the rest beforehand. */
static inline uint32_t f(uint32_t b, uint32_t c, uint32_t d) {
  return d ^ (b & (c ^ d));
}
static inline uint32_t g(uint32_t b, uint32_t c, uint32_t d) {
  return (~d & c) + (d & b);
}
static inline uint32_t h(uint32_t b, uint32_t c, uint32_t d) {
  return b ^ (c ^ d);
}
static inline uint32_t i(uint32_t b, uint32_t c, uint32_t d) {
  return c ^ (b | ~d);
}

static inline uint32_t step(uint32_t a, uint32_t b, uint32_t mixed, uint32_t addend, int shift) {
  uint32_t sum = a + addend + mixed;
  return b + (sum << shift | sum >> (32 - shift));
}

/* Each loop is a round: which word comes next, and by how much a step rotates. Unrolled, the words' places
 * are constants, which is worth a sixth of the speed. */
static void digest_block(uint32_t state[4], const unsigned char *block) {
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3], words[16];
  for (size_t n = 0; n < 16; n++) words[n] = load_word(block + 4 * n);
#pragma GCC unroll 4
  for (int n = 0; n < 16; n += 4) {
    a = step(a, b, f(b, c, d), words[n] + sines[n], 7);
    d = step(d, a, f(a, b, c), words[n + 1] + sines[n + 1], 12);
    c = step(c, d, f(d, a, b), words[n + 2] + sines[n + 2], 17);
    b = step(b, c, f(c, d, a), words[n + 3] + sines[n + 3], 22);
  }
#pragma GCC unroll 4
  for (int n = 16; n < 32; n += 4) {
    a = step(a, b, g(b, c, d), words[(5 * n + 1) % 16] + sines[n], 5);
    d = step(d, a, g(a, b, c), words[(5 * n + 6) % 16] + sines[n + 1], 9);
    c = step(c, d, g(d, a, b), words[(5 * n + 11) % 16] + sines[n + 2], 14);
    b = step(b, c, g(c, d, a), words[(5 * n + 16) % 16] + sines[n + 3], 20);
  }
#pragma GCC unroll 4
  for (int n = 32; n < 48; n += 4) {
    a = step(a, b, h(b, c, d), words[(3 * n + 5) % 16] + sines[n], 4);
    d = step(d, a, h(a, b, c), words[(3 * n + 8) % 16] + sines[n + 1], 11);
    c = step(c, d, h(d, a, b), words[(3 * n + 11) % 16] + sines[n + 2], 16);
    b = step(b, c, h(c, d, a), words[(3 * n + 14) % 16] + sines[n + 3], 23);
  }
#pragma GCC unroll 4
  for (int n = 48; n < 64; n += 4) {
    a = step(a, b, i(b, c, d), words[7 * n % 16] + sines[n], 6);
    d = step(d, a, i(a, b, c), words[(7 * n + 7) % 16] + sines[n + 1], 10);
    c = step(c, d, i(d, a, b), words[(7 * n + 14) % 16] + sines[n + 2], 15);
    b = step(b, c, i(c, d, a), words[(7 * n + 21) % 16] + sines[n + 3], 21);
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d;
}

void md5_create(struct md5 *md5) {
  *md5 = (struct md5){.state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}};
}

void md5_update(struct md5 *md5, const void *bytes, size_t length) {
  const unsigned char *at = bytes;
  size_t held = md5->length % MD5_BLOCK_SIZE;
  md5->length += length;
  if (held > 0) {
    size_t wanted = MD5_BLOCK_SIZE - held;
    size_t taken = length < wanted ? length : wanted;
    if (taken > 0) memcpy(md5->block + held, at, taken);
    if (taken < wanted) return;
    digest_block(md5->state, md5->block);
    at += taken, length -= taken;
  }
  for (; length >= MD5_BLOCK_SIZE; at += MD5_BLOCK_SIZE, length -= MD5_BLOCK_SIZE)
    digest_block(md5->state, at);
  if (length > 0) memcpy(md5->block, at, length);
}

/* One bit, zeros until only the length fits into the block, and the length. */
static void finish(struct md5 *md5, unsigned char digest[MD5_SIZE]) {
  unsigned char padding[MD5_BLOCK_SIZE + LENGTH_SIZE] = {0x80};
  uint64_t bits = md5->length << 3; /* modulo 2^64, as the RFC wants it */
  size_t held = md5->length % MD5_BLOCK_SIZE, room = MD5_BLOCK_SIZE - LENGTH_SIZE;
  size_t zeros_end = (held < room ? room : room + MD5_BLOCK_SIZE) - held;
  store_word(padding + zeros_end, (uint32_t)bits);
  store_word(padding + zeros_end + 4, (uint32_t)(bits >> 32));
  md5_update(md5, padding, zeros_end + LENGTH_SIZE);
  for (size_t n = 0; n < 4; n++) store_word(digest + 4 * n, md5->state[n]);
}

void md5_finish_hex(struct md5 *md5, char hex[MD5_HEX_SIZE]) {
  static const char digits[] = "0123456789abcdef";
  unsigned char digest[MD5_SIZE];
  finish(md5, digest);
  for (size_t n = 0; n < MD5_SIZE; n++) {
    hex[2 * n] = digits[digest[n] >> 4];
    hex[2 * n + 1] = digits[digest[n] & 15];
  }
  hex[MD5_HEX_SIZE - 1] = '\0';
}
