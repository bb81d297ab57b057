/* SPDX-License-Identifier: MIT */
/* The settings of one client: owned copies, completed from the environment and checked once. Whoever makes
 * the struct fills its fields, calls client_config_complete, and from then on only reads. */
#ifndef UPLOADS_CLIENT_CONFIG_H
#define UPLOADS_CLIENT_CONFIG_H

#include "base/failure.h"
#include "base/retry_policy.h"
#include "base/text_buffer.h"
#include "http/proxy_route.h"
#include "http/request_additions.h"
#include "http/service_url.h"
#include <stdbool.h>

enum {
  CLIENT_CONFIG_MAX_TEXT_BYTES = 16 * 1024, /* of one text setting, and of a query */
  CLIENT_CONFIG_MAX_RESPONSE_BYTES = 1024 * 1024,
  CLIENT_CONFIG_MAX_QUOTED_BYTES =
      16, /* of a word that is none of those to choose from: no key is as short */
  CLIENT_CONFIG_MAX_CONNECTIONS = 64
};

/* INFO: how attempts ended; DEBUG: also that they begin. */
enum log_level { LOG_LEVEL_OFF, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum auth_header { AUTH_HEADER_BEARER, AUTH_HEADER_API_KEY };

/* What one call may set differently. All times in seconds; deadline INFINITY: none. */
struct call_settings {
  double timeout; /* 0: what is usual for the call */
  double connect_timeout;
  double stall_timeout;
  double deadline;
  struct retry_settings retry;
  bool with_response;
};

struct client_config {
  struct call_settings call;
  struct text_buffer api_key; /* wiped at the end */
  struct text_buffer base_url, organization, project, user_agent;
  struct text_buffer proxy, ca_file, ca_path, client_cert, client_key;
  struct text_buffer client_key_password; /* wiped at the end */
  const char *ca_file_name;               /* what set ca_file: that word, or a variable's */
  struct request_additions additions;
  int auth_header; /* enum auth_header */
  double max_response_bytes;
  unsigned max_connections;
  bool curl_reads_gzip;  /* libcurl was built with zlib */
  bool curl_has_ca_file; /* libcurl knows one where no ca_file is set */
  bool verify_tls;
  bool allow_plain_http;
  enum log_level log_level; /* to stderr; OPENAI_LOG */
  struct service_url url;   /* of base_url */
  struct proxy_route route;
  struct failure problem; /* what every call answers when the settings cannot work; kind NONE when they can */
};

/* NULL when memory ran out. */
struct client_config *client_config_new(void);
void client_config_delete(struct client_config *config);

/* Copies one text setting; a line break or a NUL in it becomes the config's problem. False when memory ran
 * out. */
bool client_config_set_text(struct client_config *config, struct text_buffer *setting, const char *name,
                            const char *text, size_t length);

/* Whether somebody set it, if only to "". */
static inline bool client_config_is_set(const struct text_buffer *setting) {
  return setting->cap > 0;
}

/* Takes what is still unset from the environment, then checks the whole; what is wrong is left in
 * `problem`. Call it once. `host` names who loads us in the user agent. False when memory ran out. */
bool client_config_complete(struct client_config *config, const char *host);

/* Notes what is wrong; the first such note is the one told. */
void client_config_set_problem(struct client_config *config, const struct failure *problem);

/* The header that carries the key. A program that sets it itself knows better: then no key is asked for. */
const char *client_config_auth_header(const struct client_config *config);

/* Whether `key` may be sent: neither empty nor able to smuggle a header. False fills `failure`. */
bool client_config_check_key(const char *key, size_t length, struct failure *failure);

#endif
