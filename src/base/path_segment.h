/* SPDX-License-Identifier: MIT */
/* Whether an id may stand in a URL's path, and how it is spelled there. */
#ifndef BASE_PATH_SEGMENT_H
#define BASE_PATH_SEGMENT_H

#include "base/text_buffer.h"

/* NULL when `id` may be sent, else the reason it may not, as words that follow "upload id ". */
const char *path_segment_refusal(const char *id, size_t length);

/* Appends `id`, with every byte outside RFC 3986's pchar percent-encoded. False as text_buffer_append. */
bool path_segment_append(struct text_buffer *path, const char *id, size_t length);

#endif
