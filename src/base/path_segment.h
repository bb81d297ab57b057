/* SPDX-License-Identifier: MIT */
/* Ids as segments of a URL's path. */
#ifndef BASE_PATH_SEGMENT_H
#define BASE_PATH_SEGMENT_H

#include "base/text_buffer.h"

/* Returns NULL when `id` may be sent, else the reason, as the rest of a sentence that begins with "upload
 * id". */
const char *path_segment_refusal(const char *id, size_t length);

/* Appends `id`, with every byte outside RFC 3986's pchar percent-encoded. Fails as text_buffer_append does.
 */
bool path_segment_append(struct text_buffer *path, const char *id, size_t length);

#endif
