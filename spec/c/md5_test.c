/* SPDX-License-Identifier: MIT */
#include "base/md5.h"

#include "guard_page.h"
#include "unit.h"
#include <string.h>

enum { LONGEST = 200 };

/* Bytes that repeat at no power of two. */
static const unsigned char *pattern(void) {
  static unsigned char bytes[LONGEST];
  for (int i = 0; i < LONGEST; i++) bytes[i] = (unsigned char)i;
  return bytes;
}

static const char *hex_of(const void *bytes, size_t length) {
  static char hex[MD5_HEX_SIZE];
  struct md5 md5;
  md5_create(&md5);
  md5_update(&md5, bytes, length);
  md5_finish_hex(&md5, hex);
  return hex;
}

static void answers_as_the_rfc_does(void) {
  static const struct {
    const char *text, *hex;
  } rows[] = {
      {"", "d41d8cd98f00b204e9800998ecf8427e"},
      {"a", "0cc175b9c0f1b6a831c399e269772661"},
      {"abc", "900150983cd24fb0d6963f7d28e17f72"},
      {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
      {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
      {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"},
      {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
       "57edf4a22be3c955ac49da2e2107b67a"},
  };
  EACH(row, rows)
  CHECK(strcmp(hex_of(row->text, strlen(row->text)), row->hex) == 0, "\"%s\" has %s", row->text, row->hex);
}

/* From md5sum(1), of the pattern's first bytes. */
static void pads_each_length(void) {
  static const struct {
    size_t length;
    const char *hex;
  } rows[] = {
      {1, "93b885adfe0da089cdf634904fd59f71"},   {55, "6912ee65fff2d9f9ce2508cddf8bcda0"},
      {56, "51fdd1acda72405dfdfa03fcb85896d7"},  {57, "5320ef4c17ef34a0cf2db763338d25eb"},
      {63, "48a6295221902e8e0938f773a7185e72"},  {64, "b2d3f56bc197fd985d5965079b5e7148"},
      {65, "8bd7053801c768420faf816fadba971c"},  {119, "1c772251899a7ff007400b888d6b2042"},
      {120, "b7ba1efc6022e9ed272f00b8831e26e6"}, {127, "8402b21e7bc7906493bae0dac017f1f9"},
      {128, "37eff01866ba3f538421b30b7cbefcac"}, {129, "46f986692847558fc38b0cece591c20f"},
      {200, "fb7001d34b8e82c9b579be5005d5b0a5"},
  };
  char all[(LONGEST + 1) * (MD5_HEX_SIZE - 1) + 1];
  EACH(row, rows)
  CHECK(strcmp(hex_of(guard_page_copy((const char *)pattern(), row->length), row->length), row->hex) == 0,
        "%zu bytes have %s", row->length, row->hex);
  for (size_t i = 0; i <= LONGEST; i++) memcpy(all + 32 * i, hex_of(pattern(), i), MD5_HEX_SIZE);
  CHECK(strcmp(hex_of(all, strlen(all)), "55d70de3db1c95a325748a7ef6941bb8") == 0,
        "so have the lengths 0 to %d, as their answers' own answer shows", LONGEST);
}

static void takes_pieces_as_they_come(void) {
  char whole[MD5_HEX_SIZE], hex[MD5_HEX_SIZE];
  struct md5 md5;
  strcpy(whole, hex_of(pattern(), LONGEST));
  for (size_t first = 0; first <= LONGEST; first++)
    for (size_t second = first; second <= LONGEST; second++) {
      md5_create(&md5);
      md5_update(&md5, pattern(), first);
      md5_update(&md5, pattern() + first, second - first);
      md5_update(&md5, pattern() + second, LONGEST - second);
      md5_finish_hex(&md5, hex);
      if (strcmp(hex, whole) == 0) continue;
      CHECK(false, "cut at %zu and %zu it is the same message", first, second);
    }
  md5_create(&md5);
  for (size_t i = 0; i < LONGEST; i++) {
    md5_update(&md5, NULL, 0);
    md5_update(&md5, pattern() + i, 1);
  }
  md5_finish_hex(&md5, hex);
  CHECK(strcmp(hex, whole) == 0, "byte by byte it is the same message, and nothing at all adds nothing");
}

/* What so many zeros leave behind was made here once; md5sum(1) said what follows from it. */
static void counts_beyond_32_bits(void) {
  static const struct {
    struct md5 so_far;
    const char *hex; /* after "abc" has followed */
  } rows[] = {
      {{.length = (uint64_t)1 << 29, .state = {0xf0407588, 0xae350ce4, 0x76d7e5b6, 0x161dc26f}},
       "a3ccf7c5cf278a179e6bf3514b6931b2"},
      {{.length = (uint64_t)1 << 32, .state = {0xbd2ded0a, 0xac54fc02, 0x1857fcee, 0x61bb26ec}},
       "59eb8cc802c86d3eda7e0d1912f6a9c3"},
  };
  char hex[MD5_HEX_SIZE];
  EACH(row, rows) {
    struct md5 md5 = row->so_far;
    md5_update(&md5, "abc", 3);
    md5_finish_hex(&md5, hex);
    CHECK(strcmp(hex, row->hex) == 0, "%llu zeros and \"abc\" have %s",
          (unsigned long long)row->so_far.length, row->hex);
  }
}

/* Padding is but bytes that follow: spelled by hand, it leaves the same words. */
static void says_the_length_modulo_64_bits(void) {
  static const struct {
    uint64_t length;               /* of whole blocks, which are left out */
    unsigned char bits_of_both[8]; /* with the three bytes that follow, little-endian */
  } rows[] = {
      {0, {24}},
      {((uint64_t)1 << 29) - 64, {24, 254, 255, 255}},
      {(uint64_t)1 << 29, {24, 0, 0, 0, 1}},
      {((uint64_t)1 << 32) - 64, {24, 254, 255, 255, 7}},
      {(uint64_t)1 << 32, {24, 0, 0, 0, 8}},
      {((uint64_t)1 << 61) - 64, {24, 254, 255, 255, 255, 255, 255, 255}},
      {(uint64_t)1 << 61, {24}},
  };
  EACH(row, rows) {
    unsigned char block[MD5_BLOCK_SIZE] = "abc\x80";
    char hex[MD5_HEX_SIZE];
    struct md5 md5, by_hand;
    md5_create(&md5);
    md5_create(&by_hand);
    md5.length = row->length;
    md5_update(&md5, "abc", 3);
    md5_finish_hex(&md5, hex);
    memcpy(block + MD5_BLOCK_SIZE - 8, row->bits_of_both, 8);
    md5_update(&by_hand, block, sizeof block);
    CHECK(memcmp(md5.state, by_hand.state, sizeof md5.state) == 0, "%llu bytes and 3 are counted right",
          (unsigned long long)row->length);
  }
}

int main(void) {
  answers_as_the_rfc_does();
  pads_each_length();
  takes_pieces_as_they_come();
  counts_beyond_32_bits();
  says_the_length_modulo_64_bits();
  return unit_end();
}
