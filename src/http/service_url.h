/* SPDX-License-Identifier: MIT */
/* The base URL of the service, checked once, to which paths and queries are appended. */
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

/* Parses `base_url`. Refuses, as `configuration`: schemes other than http and https, no host, a user name or
 * password, a fragment, and, unless `allow_plain_http`, http:// to any address but a loopback one. */
bool service_url_parse(struct service_url *url, const char *base_url, const struct service_url_advice *advice,
                       bool allow_plain_http, struct failure *failure);
void service_url_destroy(struct service_url *url);

/* Whether a URL's host names this machine: "localhost" or a loopback address, IPv6 in brackets. */
bool service_url_is_loopback(const char *host);

/* Appends "name=value" to a query, percent-encoded. Fails as text_buffer_append does. */
bool service_url_add_query(struct text_buffer *query, const char *name, size_t name_length, const char *value,
                           size_t value_length);

/* Appends a query to a URL, after "?" or "&". Fails as text_buffer_append does. */
bool service_url_append_query(struct text_buffer *url, const struct text_buffer *query);

#endif
