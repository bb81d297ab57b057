/* SPDX-License-Identifier: MIT */
/* What JSON's readers elsewhere take, and lua-cjson does not. */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include <stddef.h>

enum { JSON_TEXT_ESCAPE_BYTES = 6 }; /* of \u1234 */

/* Where a text begins: behind a byte order mark of UTF-8, where it has one. */
size_t json_text_start(const char *text, size_t length);

/* The place of the next escape, at `from` or behind it, that is half of a surrogate pair without its other
 * half; `length` when there is none. `from` must not be inside an escape. */
size_t json_text_lone_surrogate(const char *text, size_t length, size_t from);

#endif
