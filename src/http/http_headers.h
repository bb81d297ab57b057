/* SPDX-License-Identifier: MIT */
/* Header lines: the list that a request sends, and the block of an answer. */
#ifndef HTTP_HTTP_HEADERS_H
#define HTTP_HTTP_HEADERS_H

#include "base/failure.h"
#include <curl/curl.h>
#include <stddef.h>

/* Sets a header in `*list`, and replaces one of the same name in any case. A NULL value means that the header
 * is not sent. Refuses, as `configuration`, line breaks and NUL bytes, invalid names, and the headers that
 * only the client can set. */
bool http_headers_set(struct curl_slist **list, const char *name, size_t name_length, const char *value,
                      size_t value_length, struct failure *failure);

/* Sets every header of `additions` in `*list`. False when memory ran out. */
bool http_headers_merge(struct curl_slist **list, const struct curl_slist *additions);

/* Sets the headers of a text with a "Name: value" on each line. `variable` gave the text, for the failure. */
bool http_headers_set_lines(struct curl_slist **list, const char *lines, size_t length, const char *variable,
                            struct failure *failure);

bool http_headers_have(const struct curl_slist *list, const char *name);

/* Whether a header or a parameter of this name probably holds a secret: "Authorization", "X-Api-Key". */
bool http_headers_name_a_secret(const char *name, size_t length);

/* Overwrites the lines and frees them, for a user may have put a secret there. */
void http_headers_wipe(struct curl_slist *list);

/* One header in an answer's block. */
struct http_header {
  const char *name;
  size_t name_length;
  const char *value;
  size_t value_length;
};

/* Returns the next header of the block (`*position` starts at 0); false at its end. Lines without a colon are
 * skipped. */
bool http_headers_next(const char *block, size_t length, size_t *position, struct http_header *header);

/* Finds the last header called `name`, of any length. */
bool http_headers_last(const char *block, size_t length, const char *name, struct http_header *header);

/* Copies the last value of `name` into `value`, which always ends with a NUL. False when there is none, or it
 * does not fit. */
bool http_headers_find(const char *block, size_t length, const char *name, char *value, size_t size);

#endif
