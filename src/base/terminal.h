/* SPDX-License-Identifier: MIT */
/* The width of a terminal, and of a text on it, in columns. */
#ifndef BASE_TERMINAL_H
#define BASE_TERMINAL_H

#include <stddef.h>

/* The current columns of the terminal behind `descriptor`; 0 when it is none, or does not report them. */
unsigned terminal_columns(int descriptor);

/* The columns of a text: two for a character of East Asia or an emoji, none for a combining accent. Each byte
 * that is not UTF-8 and each character that the system does not know counts as one. */
size_t terminal_text_columns(const char *text, size_t length);

#endif
