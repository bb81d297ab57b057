/* SPDX-License-Identifier: MIT */
/* The Lua files that carry.lua wrote into the program. */
#ifndef EMBED_CARRIED_H
#define EMBED_CARRIED_H

#include <stddef.h>

struct carried_module {
  const char *name;  /* what `require` calls it */
  const char *chunk; /* what error messages call it: "@openai_uploads/init.lua" */
  const char *bytes;
  size_t length;
};

/* Ends with one whose name is NULL. */
extern const struct carried_module carried_modules[];

#endif
