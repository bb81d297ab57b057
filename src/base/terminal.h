/* SPDX-License-Identifier: MIT */
/* The width of a terminal, and of a text on it, in columns. */
#ifndef BASE_TERMINAL_H
#define BASE_TERMINAL_H

#include <stddef.h>

/* The columns of the terminal behind `descriptor` at this moment; 0 where that is none, or does not tell. */
unsigned terminal_columns(int descriptor);

/* The columns that a text takes: two for a character of East Asia or an emoji, none for an accent that stands
 * by itself. Each byte that is not UTF-8 and each character that the system does not know counts as one. */
size_t terminal_text_columns(const char *text, size_t length);

#endif
