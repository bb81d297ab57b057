/* SPDX-License-Identifier: MIT */
/* A buffer that grows up to a cap that is given when it is created. The owner of the struct destroys it. A
 * zeroed struct may be destroyed as well. */
#ifndef BASE_TEXT_BUFFER_H
#define BASE_TEXT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct text_buffer {
  char *bytes; /* followed by a NUL whenever length > 0; NULL before the first append */
  size_t length;
  size_t size;
  size_t cap;    /* the most bytes it will hold */
  bool over_cap; /* an append was refused because of the cap, and not because memory ran out */
};

void text_buffer_create(struct text_buffer *buffer, size_t cap);
void text_buffer_destroy(struct text_buffer *buffer);

/* For keys. Both overwrite the content; wipe then frees the memory, erase keeps it for the next use. */
void text_buffer_wipe(struct text_buffer *buffer);
void text_buffer_erase(struct text_buffer *buffer);

/* Empties the buffer. Frees a large allocation, and keeps a small one for the next use. */
void text_buffer_clear(struct text_buffer *buffer);

/* Append all bytes or none. On false the content is unchanged, and `over_cap` has the reason. */
bool text_buffer_append(struct text_buffer *buffer, const void *bytes, size_t length);
bool text_buffer_append_text(struct text_buffer *buffer, const char *text);

/* Returns the content as a C string, "" when it is empty. */
const char *text_buffer_text(const struct text_buffer *buffer);

#endif
