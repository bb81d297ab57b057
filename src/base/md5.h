/* SPDX-License-Identifier: MIT */
/* MD5 (RFC 1321), computed piece by piece. It detects damage in transit. It is not secure. */
#ifndef BASE_MD5_H
#define BASE_MD5_H

#include <stddef.h>
#include <stdint.h>

enum { MD5_BLOCK_SIZE = 64, MD5_SIZE = 16, MD5_HEX_SIZE = 2 * MD5_SIZE + 1 /* with the NUL */ };

struct md5 {
  uint32_t state[4];
  uint64_t length;                     /* bytes so far */
  unsigned char block[MD5_BLOCK_SIZE]; /* its first length % MD5_BLOCK_SIZE bytes are yet to be digested */
};

void md5_create(struct md5 *md5);

/* `bytes` may be NULL where `length` is 0. */
void md5_update(struct md5 *md5, const void *bytes, size_t length);

/* Fills `hex` with the digest in lower case. Afterwards only md5_create may follow. */
void md5_finish_hex(struct md5 *md5, char hex[MD5_HEX_SIZE]);

#endif
