/* SPDX-License-Identifier: MIT */
/* Bytes that grow, up to a cap given at birth. The owner of the struct destroys it; a zeroed struct may be
 * destroyed as well. */
#ifndef BASE_TEXT_BUFFER_H
#define BASE_TEXT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct text_buffer {
  char *bytes; /* followed by a NUL whenever length > 0; NULL before the first append */
  size_t length;
  size_t size;
  size_t cap;    /* the most bytes it will hold */
  bool over_cap; /* an append was refused because of the cap, not for want of memory */
};

void text_buffer_create(struct text_buffer *buffer, size_t cap);
void text_buffer_destroy(struct text_buffer *buffer);

/* For keys: overwrites what is held, then gives it back (wipe) or keeps the room for the next use (erase). */
void text_buffer_wipe(struct text_buffer *buffer);
void text_buffer_erase(struct text_buffer *buffer);

/* Empties it. A large allocation is given back, a small one kept for the next use. */
void text_buffer_clear(struct text_buffer *buffer);

/* All or nothing: false leaves the content as it was; `over_cap` tells why. */
bool text_buffer_append(struct text_buffer *buffer, const void *bytes, size_t length);
bool text_buffer_append_text(struct text_buffer *buffer, const char *text);

/* The content as a C string, "" when empty. */
const char *text_buffer_text(const struct text_buffer *buffer);

#endif
