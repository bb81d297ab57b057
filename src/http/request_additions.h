/* SPDX-License-Identifier: MIT */
/* Headers and query that a program adds to requests: to all of a client, or to one call's. */
#ifndef HTTP_REQUEST_ADDITIONS_H
#define HTTP_REQUEST_ADDITIONS_H

#include "base/failure.h"
#include "base/text_buffer.h"
#include <curl/curl.h>

struct request_additions {
  struct curl_slist *headers;
  struct text_buffer query; /* "a=1&b=2", percent-encoded */
};

/* Frees and wipes, because a user may have put a secret there. A zeroed struct is empty, and may be
 * destroyed. */
void request_additions_destroy(struct request_additions *additions);

/* As http_headers_set. */
bool request_additions_set_header(struct request_additions *additions, const char *name, size_t name_length,
                                  const char *value, size_t value_length, struct failure *failure);

/* As http_headers_set_lines. */
bool request_additions_set_header_lines(struct request_additions *additions, const char *lines, size_t length,
                                        const char *variable, struct failure *failure);

/* Moves the headers of `defaults` to `additions`, unless that has one of the same name. */
bool request_additions_add_defaults(struct request_additions *additions, struct request_additions *defaults,
                                    struct failure *failure);

/* Fails with `configuration` when the query is too long. */
bool request_additions_add_query(struct request_additions *additions, const char *name, size_t name_length,
                                 const char *value, size_t value_length, struct failure *failure);

#endif
