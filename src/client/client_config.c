/* SPDX-License-Identifier: MIT */
#include "client/client_config.h"

#include "base/version.h"
#include "client/http_headers.h"
#include "client/running_curl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char default_base_url[] = "https://api.openai.com/v1";

struct client_config *client_config_new(void) {
  struct client_config *config = calloc(1, sizeof *config);
  if (!config) return NULL;
  config->call = (struct call_settings){
      .timeout = 60,
      .connect_timeout = 10,
      .stall_timeout = 60,
      .deadline = INFINITY,
      .retry = {.max_retries = 2, .retry_delay = 0.5, .max_retry_delay = 8, .max_retry_after = 60},
  };
  config->auth_header = AUTH_HEADER_BEARER;
  config->max_response_bytes = CLIENT_CONFIG_MAX_RESPONSE_BYTES;
  config->max_connections = CLIENT_CONFIG_MAX_CONNECTIONS;
  config->verify_tls = true;
  return config;
}

void client_config_delete(struct client_config *config) {
  if (!config) return;
  text_buffer_wipe(&config->api_key);
  text_buffer_destroy(&config->base_url);
  text_buffer_destroy(&config->organization);
  text_buffer_destroy(&config->project);
  text_buffer_destroy(&config->user_agent);
  text_buffer_wipe(&config->proxy); /* may hold a password */
  text_buffer_destroy(&config->ca_file);
  text_buffer_destroy(&config->ca_path);
  text_buffer_destroy(&config->client_cert);
  text_buffer_destroy(&config->client_key);
  request_additions_destroy(&config->additions);
  service_url_destroy(&config->url);
  free(config);
}

void client_config_set_problem(struct client_config *config, const struct failure *problem) {
  if (config->problem.kind == FAILURE_NONE) config->problem = *problem;
}

static bool has_break(const char *text, size_t length) {
  return memchr(text, '\r', length) || memchr(text, '\n', length) || memchr(text, '\0', length);
}

bool client_config_set_text(struct client_config *config, struct text_buffer *setting, const char *name,
                            const char *text, size_t length) {
  struct failure problem = {0};
  text_buffer_wipe(setting);
  text_buffer_create(setting, CLIENT_CONFIG_MAX_TEXT_BYTES);
  if (has_break(text, length))
    failure_set(&problem, FAILURE_CONFIGURATION, "%s contains a line break or a NUL byte", name);
  else if (length > CLIENT_CONFIG_MAX_TEXT_BYTES)
    failure_set(&problem, FAILURE_CONFIGURATION, "%s is longer than %d bytes", name,
                CLIENT_CONFIG_MAX_TEXT_BYTES);
  if (problem.kind == FAILURE_NONE) return text_buffer_append(setting, text, length);
  client_config_set_problem(config, &problem);
  return true;
}

/* An empty variable counts as none, as everywhere in the shell's world. */
static const char *environment(const char *name) {
  const char *text = getenv(name);
  return text && *text ? text : NULL;
}

static bool default_text(struct client_config *config, struct text_buffer *setting, const char *name,
                         const char *fallback) {
  const char *text = environment(name);
  if (client_config_is_set(setting)) return true;
  if (!text) text = fallback;
  return !text || client_config_set_text(config, setting, name, text, strlen(text));
}

static bool set_header(struct curl_slist **list, const char *name, const char *value,
                       struct failure *problem) {
  return !*value || http_headers_set(list, name, strlen(name), value, strlen(value), problem);
}

/* Ours first, so that the environment's replace them, and the program's replace those. */
static bool complete_headers(struct client_config *config, struct failure *problem) {
  struct curl_slist **headers = &config->additions.headers;
  struct curl_slist *own = *headers;
  const char *lines = environment("OPENAI_CUSTOM_HEADERS");
  bool complete;
  *headers = NULL;
  complete = set_header(headers, "Accept", "application/json", problem) &&
             set_header(headers, "User-Agent", text_buffer_text(&config->user_agent), problem) &&
             set_header(headers, "OpenAI-Organization", text_buffer_text(&config->organization), problem) &&
             set_header(headers, "OpenAI-Project", text_buffer_text(&config->project), problem) &&
             (!lines || http_headers_set_lines(headers, lines, problem)) &&
             (http_headers_merge(headers, own) || failure_set_out_of_memory(problem));
  http_headers_wipe(own);
  return complete;
}

const char *client_config_auth_header(const struct client_config *config) {
  return config->auth_header == AUTH_HEADER_BEARER ? "Authorization" : "api-key";
}

bool client_config_check_key(const char *key, size_t length, struct failure *failure) {
  if (length == 0)
    return failure_set(failure, FAILURE_CONFIGURATION,
                       "no API key: set OPENAI_API_KEY, or pass api_key to new");
  if (has_break(key, length))
    return failure_set(failure, FAILURE_CONFIGURATION, "api_key contains a line break or a NUL byte");
  if (length > CLIENT_CONFIG_MAX_TEXT_BYTES)
    return failure_set(failure, FAILURE_CONFIGURATION, "api_key is longer than %d bytes",
                       CLIENT_CONFIG_MAX_TEXT_BYTES);
  return true;
}

static bool default_user_agent(struct client_config *config, const char *host) {
  char text[128];
  if (client_config_is_set(&config->user_agent)) return true;
  snprintf(text, sizeof text, "lua-openai-uploads/%s (%s; libcurl %s)", UPLOADS_VERSION, host,
           running_curl_info()->version);
  return client_config_set_text(config, &config->user_agent, "user_agent", text, strlen(text));
}

bool client_config_complete(struct client_config *config, const char *host) {
  struct failure problem = {0};
  const char *log = environment("OPENAI_LOG");
  config->curl_has_ca_file = running_curl_info()->cainfo != NULL;
  config->log_to_stderr = log && strcmp(log, "debug") == 0;
  if (!default_text(config, &config->api_key, "OPENAI_API_KEY", NULL) ||
      !default_text(config, &config->base_url, "OPENAI_BASE_URL", default_base_url) ||
      !default_text(config, &config->organization, "OPENAI_ORG_ID", NULL) ||
      !default_text(config, &config->project, "OPENAI_PROJECT_ID", NULL) || !default_user_agent(config, host))
    return false;
  if (config->problem.kind != FAILURE_NONE) return true;
  if (!complete_headers(config, &problem) ||
      !service_url_parse(&config->url, text_buffer_text(&config->base_url), config->allow_plain_http,
                         &problem))
    client_config_set_problem(config, &problem);
  return problem.kind != FAILURE_OUT_OF_MEMORY;
}
