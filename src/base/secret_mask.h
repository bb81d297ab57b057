/* SPDX-License-Identifier: MIT */
#ifndef BASE_SECRET_MASK_H
#define BASE_SECRET_MASK_H

#include "base/text_buffer.h"

/* Overwrites a secret with asterisks wherever it stands in `buffer`, spelled as it is or with JSON's escapes.
 * One of under eight bytes is left alone: it is a test's, and might stand in any text. */
void secret_mask_apply(struct text_buffer *buffer, const char *secret, size_t length);

#endif
