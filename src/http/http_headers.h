/* SPDX-License-Identifier: MIT */
/* Header lines: the list that a request sends, and the block that an answer brought. */
#ifndef HTTP_HTTP_HEADERS_H
#define HTTP_HTTP_HEADERS_H

#include "base/failure.h"
#include <curl/curl.h>
#include <stddef.h>

/* Sets a header in `*list`, replacing one of the same name whatever its case. A NULL value sets it to "not
 * sent". Refuses, as `configuration`, what could smuggle a second header (CR, LF, NUL), what is no header
 * name, and the headers that only the client itself can get right. */
bool http_headers_set(struct curl_slist **list, const char *name, size_t name_length, const char *value,
                      size_t value_length, struct failure *failure);

/* Sets every header of `additions` in `*list`. False when memory ran out. */
bool http_headers_merge(struct curl_slist **list, const struct curl_slist *additions);

/* Sets the headers of a text with a "Name: value" on each line. `variable` gave the text, for the failure. */
bool http_headers_set_lines(struct curl_slist **list, const char *lines, size_t length, const char *variable,
                            struct failure *failure);

bool http_headers_have(const struct curl_slist *list, const char *name);

/* Whether a header or a parameter of this name is likely to hold a secret: "Authorization", "X-Api-Key". */
bool http_headers_name_a_secret(const char *name, size_t length);

/* Overwrites the lines before giving them back: a user may have put a secret there. */
void http_headers_wipe(struct curl_slist *list);

/* One header of an answer's raw block. */
struct http_header {
  const char *name;
  size_t name_length;
  const char *value;
  size_t value_length;
};

/* Walks the block (`*position` starts at 0); false at its end. Lines without a colon are passed over. */
bool http_headers_next(const char *block, size_t length, size_t *position, struct http_header *header);

/* Finds the last header called `name`, whatever its length. */
bool http_headers_last(const char *block, size_t length, const char *name, struct http_header *header);

/* Copies the last value of `name` into `value`, which always ends in NUL; false when there is none or it
 * does not fit. */
bool http_headers_find(const char *block, size_t length, const char *name, char *value, size_t size);

#endif
