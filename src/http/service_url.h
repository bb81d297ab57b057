/* SPDX-License-Identifier: MIT */
/* Where the service is: a base URL, checked once, that paths and queries are joined to. */
#ifndef HTTP_SERVICE_URL_H
#define HTTP_SERVICE_URL_H

#include "base/failure.h"
#include "base/text_buffer.h"

enum { SERVICE_URL_MAX_BYTES = 16 * 1024 };

struct service_url {
  struct text_buffer prefix; /* scheme, host, port and path, without a slash at the end */
  struct text_buffer query;  /* "a=1&b=2", or empty */
  struct text_buffer host;   /* IPv6 in brackets */
  bool plain_http;
};

/* Words for the failure of a text that cannot be used; NULL: "base_url", and no example. */
struct service_url_advice {
  const char *name;    /* the setting or variable that the text comes from */
  const char *example; /* of a URL that can be used */
};

/* Takes `base_url` apart. Refuses, as `configuration`: another scheme than http and https, no host, a user
 * name or password, a fragment, and, unless `allow_plain_http`, http:// to anything but a loopback address.
 */
bool service_url_parse(struct service_url *url, const char *base_url, const struct service_url_advice *advice,
                       bool allow_plain_http, struct failure *failure);
void service_url_destroy(struct service_url *url);

/* Whether a URL's host is this machine by its own word: "localhost" or a loopback address, IPv6 in brackets.
 */
bool service_url_is_loopback(const char *host);

/* Appends "name=value" to a query, percent-encoded. False as text_buffer_append. */
bool service_url_add_query(struct text_buffer *query, const char *name, size_t name_length, const char *value,
                           size_t value_length);

/* Appends one query to a URL, with the "?" or "&" it needs. False as text_buffer_append. */
bool service_url_append_query(struct text_buffer *url, const struct text_buffer *query);

#endif
