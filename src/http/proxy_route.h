/* SPDX-License-Identifier: MIT */
/* Which proxy a client's connections go through. It is chosen once, from the setting or the variables that
 * curl reads, and taken apart: libcurl is given the credentials apart from the URL, so that no text of its
 * can show them. */
#ifndef HTTP_PROXY_ROUTE_H
#define HTTP_PROXY_ROUTE_H

#include "base/failure.h"
#include "base/text_buffer.h"
#include "http/service_url.h"

enum { PROXY_ROUTE_MAX_BYTES = 16 * 1024 };

struct proxy_route {
  struct text_buffer url;            /* without credentials; "": no proxy */
  struct text_buffer user, password; /* decoded */
  struct text_buffer written;        /* the password as the URL spells it */
  struct text_buffer basic;          /* both as HTTP's Basic scheme spells them; empty without either */
  bool is_loopback;
  char name[160]; /* "127.0.0.1:3128 (from https_proxy)" */
};

/* `setting` is the program's own, NULL where it has none: then the environment is asked, but not for plain
 * http, unless `allow_plain_http`. no_proxy holds for both. Refuses, as `configuration`, what is no URL of a
 * proxy, and one off this machine that would see the key of a plain http:// call, unless `allow_plain_http`.
 */
bool proxy_route_choose(struct proxy_route *route, const char *setting, const struct service_url *service,
                        bool allow_plain_http, struct failure *failure);

/* Wipes. A zeroed struct may be destroyed. */
void proxy_route_destroy(struct proxy_route *route);

static inline bool proxy_route_is_direct(const struct proxy_route *route) {
  return route->url.length == 0;
}

#endif
