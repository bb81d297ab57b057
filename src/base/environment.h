/* SPDX-License-Identifier: MIT */
#ifndef BASE_ENVIRONMENT_H
#define BASE_ENVIRONMENT_H

#include <stddef.h>

/* The variable's value without what files and web pages leave around a copied one: blanks, line breaks, byte
 * order marks. NULL when nothing is left, or it is not set. It has no NUL at its end, and stays as long as
 * the environment does. */
const char *environment_get(const char *name, size_t *length);

#endif
