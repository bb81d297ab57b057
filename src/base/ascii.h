/* SPDX-License-Identifier: MIT */
/* Comparison of ASCII letters, as protocols define them. The functions of <ctype.h> and <strings.h> depend on
 * the locale of the host: in a Turkish one `I` and `i` are not a pair. */
#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include <stdbool.h>
#include <stddef.h>

/* Returns the byte, in lower case if it is one of A to Z. */
char ascii_lower(char byte);

/* Whether the first `length` bytes are equal, ignoring the case of A to Z. Neither text needs a NUL. */
bool ascii_same(const char *a, const char *b, size_t length);

/* The same for two whole C strings. */
bool ascii_same_text(const char *a, const char *b);

#endif
