/* SPDX-License-Identifier: MIT */
#ifndef BASE_ENVIRONMENT_H
#define BASE_ENVIRONMENT_H

#include <stddef.h>

/* Returns the variable's value without the blanks, line breaks and byte order marks that copying from files
 * and web pages leaves around it. NULL when it is not set, or nothing else is in it. The text does not end
 * with a NUL, and is valid as long as the environment does not change. */
const char *environment_get(const char *name, size_t *length);

#endif
