/* SPDX-License-Identifier: MIT */
#ifndef BASE_SECRET_MASK_H
#define BASE_SECRET_MASK_H

#include "base/text_buffer.h"

/* Overwrites a secret with asterisks at each place in `buffer`, also where an echo spells it differently:
 * escaped for JSON, a URL or HTML, in base64, in another case, broken into lines. A secret of fewer than
 * eight bytes is ignored: only tests have one, and it may be part of any text. */
void secret_mask_apply(struct text_buffer *buffer, const char *secret, size_t length);

/* The same for an API key. A service that checks no key is often given a word ("not-needed") that may be part
 * of any message. Such a word is hidden only close behind a word such as "key" or "Bearer". A key that has a
 * digit, begins with "sk-" or is longer than a word is hidden everywhere. */
void secret_mask_apply_key(struct text_buffer *buffer, const char *key, size_t length);

#endif
