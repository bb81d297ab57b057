/* SPDX-License-Identifier: MIT */
/* The proxy of a client's connections. It is chosen once, from the setting or from the variables that curl
 * reads. libcurl is given the credentials apart from the URL, so that none of its messages can show them. */
#ifndef HTTP_PROXY_ROUTE_H
#define HTTP_PROXY_ROUTE_H

#include "base/failure.h"
#include "base/text_buffer.h"
#include "http/service_url.h"

enum { PROXY_ROUTE_MAX_BYTES = 16 * 1024 };

struct proxy_route {
  struct text_buffer url;            /* without credentials; "": no proxy */
  struct text_buffer user, password; /* decoded */
  struct text_buffer written;        /* the password as written in the URL */
  struct text_buffer basic; /* user and password as HTTP's Basic scheme encodes them; empty without either */
  bool is_loopback;
  char name[160]; /* "127.0.0.1:3128 (from https_proxy)" */
};

/* Chooses the proxy. `setting` is the program's; NULL: the environment is read, but not for plain http unless
 * `allow_plain_http`. no_proxy applies to both. Refuses, as `configuration`, a text that is not the URL of a
 * proxy, and a proxy on another machine that would see the key of a plain http:// call, unless
 * `allow_plain_http`. */
bool proxy_route_choose(struct proxy_route *route, const char *setting, const struct service_url *service,
                        bool allow_plain_http, struct failure *failure);

/* Frees and wipes. A zeroed struct may be destroyed. */
void proxy_route_destroy(struct proxy_route *route);

static inline bool proxy_route_is_direct(const struct proxy_route *route) {
  return route->url.length == 0;
}

#endif
