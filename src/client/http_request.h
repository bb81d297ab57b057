/* SPDX-License-Identifier: MIT */
/* What is sent: a POST with its URL, headers, and a body in memory or in a form that is streamed from a
 * source. Built once for a call, sent once an attempt. */
#ifndef CLIENT_HTTP_REQUEST_H
#define CLIENT_HTTP_REQUEST_H

#include "base/byte_source.h"
#include "client/client_config.h"

/* Room for the ids of file_upload's MOST_PARTS, of 160 bytes each. */
enum { HTTP_REQUEST_MAX_BODY_BYTES = 16 * 1024 * 1024 };

struct http_request {
  struct text_buffer url;
  struct text_buffer body;
  const char *content_type;         /* of `body`, static text; NULL: the request has none */
  struct byte_source *source;       /* of the form's one field, its owner's; NULL: the body is no form */
  const char *answer_type;          /* static text: the `object` that the service answers with */
  struct curl_slist *own_headers;   /* the client's merged with the call's; NULL where the call has none */
  const struct curl_slist *headers; /* own_headers, or the client's */
};

/* Starts the URL at the service's base, and merges in the headers of the call's own additions, which may be
 * NULL and stay the caller's. False when memory ran out. */
bool http_request_create(struct http_request *request, const struct client_config *config,
                         const struct request_additions *additions);
void http_request_destroy(struct http_request *request);

/* Ends the URL with the query of the base URL, the client's and the call's. Fails with `configuration` when
 * URL or body have grown too long, here or before. */
bool http_request_seal(struct http_request *request, const struct client_config *config,
                       const struct request_additions *additions, struct failure *failure);

#endif
