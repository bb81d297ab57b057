/* SPDX-License-Identifier: MIT */
/* The settings of one HTTP client. Its maker fills the fields; from http_client_new on they are only read. */
#ifndef HTTP_HTTP_SETTINGS_H
#define HTTP_HTTP_SETTINGS_H

#include "base/retry_policy.h"
#include "base/text_buffer.h"
#include "http/kept_authorities.h"
#include "http/proxy_route.h"
#include "http/request_additions.h"
#include "http/service_url.h"
#include <stdbool.h>

enum { HTTP_SETTINGS_MAX_TEXT_BYTES = 16 * 1024 }; /* of one text setting, and of a query */

/* Which header carries the key: "Authorization: Bearer KEY" or "api-key: KEY". */
enum auth_header { AUTH_HEADER_BEARER, AUTH_HEADER_API_KEY };

/* The settings that one call may override. All times are in seconds; a deadline of INFINITY is none. */
struct call_settings {
  double timeout; /* 0: the usual one of the call */
  double connect_timeout;
  double stall_timeout;
  double deadline;
  double deadline_at; /* on the monotonic clock, of a deadline that calls share; 0: it counts from the call's
                         start */
  struct retry_settings retry;
  bool with_response;
};

struct http_settings {
  void (*release)(struct http_settings *settings); /* frees the struct that these settings are a part of */
  struct call_settings call;
  struct service_url url;
  struct proxy_route route;
  struct request_additions additions; /* of every request */
  struct text_buffer ca_file, ca_path, client_cert, client_key;
  struct text_buffer client_key_password; /* wiped when it is destroyed */
  const char *ca_file_name;               /* the setting or variable that gave ca_file, static text */
  struct kept_authorities kept_authorities;
  int auth_header; /* enum auth_header */
  double max_response_bytes;
  unsigned max_connections;
  double max_bytes_per_step; /* 0: as transfer_engine_new tells */
  bool verify_tls;
};

/* Frees and wipes the fields, but not the struct. A zeroed struct may be destroyed. */
void http_settings_destroy(struct http_settings *settings);

/* The file of the authorities to trust: ca_file, or else libcurl's own; NULL: there is none. */
const char *http_settings_ca_file(const struct http_settings *settings);

/* Reads that file when connections may need it. False when memory ran out. */
bool http_settings_keep_authorities(struct http_settings *settings);

/* The name of the header that carries the key. A program that sets that header itself needs no key. */
const char *http_settings_auth_header(const struct http_settings *settings);

#endif
