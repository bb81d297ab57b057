/* SPDX-License-Identifier: MIT */
/* Letters as protocols know them. The functions of <ctype.h> and <strings.h> follow the locale of the host:
 * in a Turkish one `I` and `i` are no pair. */
#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include <stdbool.h>
#include <stddef.h>

/* The byte, in lower case when it is one of A to Z. */
char ascii_lower(char byte);

/* Whether the first `length` bytes are the same but for the case of A to Z. Neither text needs a NUL. */
bool ascii_same(const char *a, const char *b, size_t length);

/* The same of two whole C strings. */
bool ascii_same_text(const char *a, const char *b);

#endif
