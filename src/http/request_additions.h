/* SPDX-License-Identifier: MIT */
/* The headers and query that a program adds to what is sent: for all calls of a client, or for one call. */
#ifndef HTTP_REQUEST_ADDITIONS_H
#define HTTP_REQUEST_ADDITIONS_H

#include "base/failure.h"
#include "base/text_buffer.h"
#include <curl/curl.h>

struct request_additions {
  struct curl_slist *headers;
  struct text_buffer query; /* "a=1&b=2", percent-encoded */
};

/* A zeroed struct is empty and may be destroyed. Destroying wipes: a user may have put a secret there. */
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

/* Fails with `configuration` when the query grew too long. */
bool request_additions_add_query(struct request_additions *additions, const char *name, size_t name_length,
                                 const char *value, size_t value_length, struct failure *failure);

#endif
