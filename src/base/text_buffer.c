/* SPDX-License-Identifier: MIT */
#include "base/text_buffer.h"

#include <stdlib.h>
#include <string.h>

enum { SMALLEST_SIZE = 128, LARGEST_SIZE_KEPT = 16 * 1024 };

void text_buffer_create(struct text_buffer *buffer, size_t cap) {
  *buffer = (struct text_buffer){.cap = cap};
}

void text_buffer_destroy(struct text_buffer *buffer) {
  free(buffer->bytes);
  text_buffer_create(buffer, buffer->cap);
}

void text_buffer_erase(struct text_buffer *buffer) {
  static void *(*const volatile overwrite)(void *, int, size_t) =
      memset; /* volatile: may not be optimised away */
  if (buffer->bytes) overwrite(buffer->bytes, 0, buffer->size);
  buffer->length = 0;
  buffer->over_cap = false;
}

void text_buffer_wipe(struct text_buffer *buffer) {
  text_buffer_erase(buffer);
  text_buffer_destroy(buffer);
}

void text_buffer_clear(struct text_buffer *buffer) {
  if (buffer->size > LARGEST_SIZE_KEPT) text_buffer_destroy(buffer);
  buffer->length = 0;
  buffer->over_cap = false;
  if (buffer->bytes) buffer->bytes[0] = '\0';
}

/* Not by realloc: it would leave what may be a key in the memory that it frees. */
static bool text_buffer_reserve(struct text_buffer *buffer, size_t length) {
  size_t size = buffer->size ? buffer->size : SMALLEST_SIZE, kept = buffer->length;
  char *bytes;
  if (length < buffer->size) return true;
  while (size <= length) size *= 2;
  bytes = malloc(size);
  if (!bytes) return false;
  if (kept > 0) memcpy(bytes, buffer->bytes, kept);
  text_buffer_erase(buffer);
  free(buffer->bytes);
  buffer->bytes = bytes;
  buffer->length = kept;
  buffer->size = size;
  return true;
}

bool text_buffer_append(struct text_buffer *buffer, const void *bytes, size_t length) {
  if (length > buffer->cap - buffer->length) {
    buffer->over_cap = true;
    return false;
  }
  if (length == 0) return true;
  if (!text_buffer_reserve(buffer, buffer->length + length)) return false;
  memcpy(buffer->bytes + buffer->length, bytes, length);
  buffer->length += length;
  buffer->bytes[buffer->length] = '\0';
  return true;
}

bool text_buffer_append_text(struct text_buffer *buffer, const char *text) {
  return text_buffer_append(buffer, text, strlen(text));
}

const char *text_buffer_text(const struct text_buffer *buffer) {
  return buffer->length ? buffer->bytes : "";
}
