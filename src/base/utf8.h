/* SPDX-License-Identifier: MIT */
/* UTF-8 (RFC 3629): no surrogates, no overlong forms, nothing above U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#define UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Returns how many of the `length` bytes at `text`, of which there is at least one, belong to the character
 * that begins there. When they are not a character, `*is_valid` is false, and that many bytes are replaced by
 * one U+FFFD, as browsers and Node do. */
size_t utf8_sequence(const char *text, size_t length, bool *is_valid);

/* Returns how many bytes from the beginning are UTF-8: `length` when all are. */
size_t utf8_valid_length(const char *text, size_t length);

#endif
