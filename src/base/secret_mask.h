/* SPDX-License-Identifier: MIT */
#ifndef BASE_SECRET_MASK_H
#define BASE_SECRET_MASK_H

#include "base/text_buffer.h"

/* Overwrites a secret with asterisks wherever it stands in `buffer`, as it is or as an echo may spell
 * it: escaped for JSON, a URL or HTML, in base64, in another case, broken into lines. One of under eight
 * bytes is left alone: it is a test's, and might stand in any text. */
void secret_mask_apply(struct text_buffer *buffer, const char *secret, size_t length);

/* The same for an API key. Services that check none are given a word for one ("not-needed"), and the word may
 * be a part of any message: that is hidden only close behind a word such as "key" or "Bearer". A key that has
 * a digit, begins with "sk-" or is longer than a word is hidden everywhere. */
void secret_mask_apply_key(struct text_buffer *buffer, const char *key, size_t length);

#endif
