/* SPDX-License-Identifier: MIT */
/* Text that must be UTF-8 (RFC 3629): no surrogates, no longer spelling than needed, nothing over U+10FFFF.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#define UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* How many of the `length` bytes at `text`, of which there is at least one, belong to the character that
 * begins there. Where none does, `*is_valid` is false, and that many bytes make one U+FFFD, as decoders of
 * browsers and of Node count them. */
size_t utf8_sequence(const char *text, size_t length, bool *is_valid);

/* How many bytes from the beginning on are UTF-8: `length` where all are. */
size_t utf8_valid_length(const char *text, size_t length);

#endif
