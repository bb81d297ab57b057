/* SPDX-License-Identifier: MIT */
/* Properties of JSON texts that other JSON readers accept, and lua-cjson does not. */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include <stddef.h>

enum { JSON_TEXT_ESCAPE_BYTES = 6 }; /* of \u1234 */

/* Returns the offset of the text: behind a UTF-8 byte order mark, if it has one. */
size_t json_text_start(const char *text, size_t length);

/* Returns the offset of the next escape, at `from` or behind it, that is one half of a surrogate pair without
 * the other half; `length` when there is none. `from` must not be inside an escape. */
size_t json_text_lone_surrogate(const char *text, size_t length, size_t from);

#endif
