/* SPDX-License-Identifier: MIT */
/* The settings of one client: owned copies, completed from the environment, and checked once. The maker fills
 * the fields and calls client_config_complete. Afterwards they are only read. */
#ifndef UPLOADS_CLIENT_CONFIG_H
#define UPLOADS_CLIENT_CONFIG_H

#include "http/http_settings.h"

enum {
  CLIENT_CONFIG_MAX_RESPONSE_BYTES = 1024 * 1024,
  CLIENT_CONFIG_MAX_QUOTED_BYTES = 16, /* of a word that is not one of the choices: a key is longer */
  CLIENT_CONFIG_MAX_CONNECTIONS = 64
};

/* INFO: the end of attempts; DEBUG: also their beginning. */
enum log_level { LOG_LEVEL_OFF, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Settings of an HTTP client, and those of the service. */
struct client_config {
  struct http_settings http;  /* first: client_config_of finds the whole from it */
  struct text_buffer api_key; /* wiped when it is destroyed */
  struct text_buffer base_url, organization, project, user_agent, proxy;
  bool allow_plain_http;
  enum log_level log_level; /* to stderr; OPENAI_LOG */
  struct failure
      problem; /* the failure of every call when the settings cannot work; kind NONE when they can */
};

/* The config that an HTTP client's settings are a part of. */
static inline const struct client_config *client_config_of(const struct http_settings *settings) {
  return (const struct client_config *)settings;
}

/* NULL when memory ran out. */
struct client_config *client_config_new(void);
void client_config_delete(struct client_config *config);

/* Copies one text setting; a line break or a NUL in it becomes the config's problem. False when memory ran
 * out. */
bool client_config_set_text(struct client_config *config, struct text_buffer *setting, const char *name,
                            const char *text, size_t length);

/* Completes the settings from the environment and from the defaults, and checks them. A problem is left in
 * `problem`. To be called once. `host` is named in the user agent. False when memory ran out. */
bool client_config_complete(struct client_config *config, const char *host);

/* Sets the problem, unless there is one already. */
void client_config_set_problem(struct client_config *config, const struct failure *problem);

/* Whether `key` may be sent: it is not empty, not too long, and cannot inject a header. On false, `failure`
 * is filled. */
bool client_config_check_key(const char *key, size_t length, struct failure *failure);

#endif
