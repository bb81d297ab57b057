/* SPDX-License-Identifier: MIT */
#include "uploads/client_config.h"

#include "base/environment.h"
#include "http/running_curl.h"
#include "uploads/version.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void release(struct http_settings *settings) {
  client_config_delete((struct client_config *)settings);
}

static const char default_base_url[] = "https://api.openai.com/v1";

struct client_config *client_config_new(void) {
  struct client_config *config = calloc(1, sizeof *config);
  if (!config) return NULL;
  config->http.release = release;
  config->http.call = (struct call_settings){
      .connect_timeout = 10,
      .stall_timeout = 60,
      .deadline = INFINITY,
      .retry = {.max_retries = 2, .retry_delay = 0.5, .max_retry_delay = 8, .max_retry_after = 60},
  };
  config->http.auth_header = AUTH_HEADER_BEARER;
  config->http.max_response_bytes = CLIENT_CONFIG_MAX_RESPONSE_BYTES;
  config->http.max_connections = CLIENT_CONFIG_MAX_CONNECTIONS;
  config->http.verify_tls = true;
  config->http.ca_file_name = "ca_file";
  return config;
}

void client_config_delete(struct client_config *config) {
  if (!config) return;
  text_buffer_wipe(&config->api_key);
  text_buffer_wipe(&config->base_url); /* its query may hold a secret */
  text_buffer_destroy(&config->organization);
  text_buffer_destroy(&config->project);
  text_buffer_destroy(&config->user_agent);
  text_buffer_wipe(&config->proxy); /* may hold a password */
  http_settings_destroy(&config->http);
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
  text_buffer_create(setting, HTTP_SETTINGS_MAX_TEXT_BYTES);
  if (has_break(text, length))
    failure_set(&problem, FAILURE_CONFIGURATION, "%s contains a line break or a NUL byte", name);
  else if (length > HTTP_SETTINGS_MAX_TEXT_BYTES)
    failure_set(&problem, FAILURE_CONFIGURATION, "%s is longer than %d bytes", name,
                HTTP_SETTINGS_MAX_TEXT_BYTES);
  if (problem.kind == FAILURE_NONE) return text_buffer_append(setting, text, length);
  client_config_set_problem(config, &problem);
  return true;
}

/* Whether it was set, be it to "". */
static bool is_set(const struct text_buffer *setting) {
  return setting->cap > 0;
}

static bool default_text(struct client_config *config, struct text_buffer *setting, const char *name,
                         const char *fallback) {
  size_t length;
  const char *text = environment_get(name, &length);
  if (is_set(setting)) return true;
  if (text) return client_config_set_text(config, setting, name, text, length);
  return !fallback || client_config_set_text(config, setting, name, fallback, strlen(fallback));
}

/* As in curl: its own variable, or else OpenSSL's, which name a file and a folder. If the program has set one
 * of the two, the environment is not read. */
static bool default_authorities(struct client_config *config) {
  static const char *const names[] = {"CURL_CA_BUNDLE", "SSL_CERT_FILE"};
  if (is_set(&config->http.ca_file) || is_set(&config->http.ca_path)) return true;
  for (size_t i = 0; i < 2 && !is_set(&config->http.ca_file); i++) {
    if (!default_text(config, &config->http.ca_file, names[i], NULL)) return false;
    if (is_set(&config->http.ca_file)) config->http.ca_file_name = names[i];
  }
  if (config->http.ca_file_name == names[0]) return true;
  return default_text(config, &config->http.ca_path, "SSL_CERT_DIR", NULL);
}

static bool set_header(struct request_additions *defaults, const char *name, const char *value,
                       struct failure *problem) {
  size_t length = strlen(value);
  return length == 0 || request_additions_set_header(defaults, name, strlen(name), value, length, problem);
}

static bool set_environment_headers(struct request_additions *defaults, struct failure *problem) {
  static const char variable[] = "OPENAI_CUSTOM_HEADERS";
  size_t length;
  const char *lines = environment_get(variable, &length);
  return !lines || request_additions_set_header_lines(defaults, lines, length, variable, problem);
}

/* The environment's headers replace ours, and the program's replace the environment's. */
static bool complete_headers(struct client_config *config, struct failure *problem) {
  struct request_additions defaults = {0};
  bool complete =
      set_header(&defaults, "Accept", "application/json", problem) &&
      set_header(&defaults, "User-Agent", text_buffer_text(&config->user_agent), problem) &&
      set_header(&defaults, "OpenAI-Organization", text_buffer_text(&config->organization), problem) &&
      set_header(&defaults, "OpenAI-Project", text_buffer_text(&config->project), problem) &&
      set_environment_headers(&defaults, problem) &&
      request_additions_add_defaults(&config->http.additions, &defaults, problem);
  request_additions_destroy(&defaults);
  return complete;
}

bool client_config_check_key(const char *key, size_t length, struct failure *failure) {
  if (length == 0)
    return failure_set(failure, FAILURE_CONFIGURATION,
                       "no API key: set OPENAI_API_KEY, or pass api_key to new");
  if (has_break(key, length))
    return failure_set(failure, FAILURE_CONFIGURATION, "api_key contains a line break or a NUL byte");
  if (length > HTTP_SETTINGS_MAX_TEXT_BYTES)
    return failure_set(failure, FAILURE_CONFIGURATION, "api_key is longer than %d bytes",
                       HTTP_SETTINGS_MAX_TEXT_BYTES);
  return true;
}

static bool default_user_agent(struct client_config *config, const char *host) {
  char text[128];
  if (is_set(&config->user_agent)) return true;
  snprintf(text, sizeof text, "lua-openai-uploads/%s (%s; libcurl %s)", UPLOADS_VERSION, host,
           running_curl_info()->version);
  return client_config_set_text(config, &config->user_agent, "user_agent", text, strlen(text));
}

/* A long value is not quoted: a key may have been put into the wrong variable. */
static void tell_unknown_level(const char *level, size_t length) {
  static atomic_flag has_told = ATOMIC_FLAG_INIT;
  if (atomic_flag_test_and_set(&has_told)) return;
  if (length <= CLIENT_CONFIG_MAX_QUOTED_BYTES)
    fprintf(stderr, "openai_uploads: OPENAI_LOG is '%.*s', which is none of off, error, warn, info, debug\n",
            (int)length, level);
  else
    fputs("openai_uploads: OPENAI_LOG is none of off, error, warn, info, debug\n", stderr);
}

/* The words of the official clients. There are no messages for `warn` and `error` alone. */
static enum log_level read_log_level(void) {
  static const struct level_row {
    const char *word;
    enum log_level level;
  } rows[] = {{"off", LOG_LEVEL_OFF},
              {"error", LOG_LEVEL_OFF},
              {"warn", LOG_LEVEL_OFF},
              {"info", LOG_LEVEL_INFO},
              {"debug", LOG_LEVEL_DEBUG}};
  size_t length;
  const char *text = environment_get("OPENAI_LOG", &length);
  if (!text) return LOG_LEVEL_OFF;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (strlen(rows[i].word) == length && memcmp(text, rows[i].word, length) == 0) return rows[i].level;
  tell_unknown_level(text, length);
  return LOG_LEVEL_OFF;
}

static bool take_environment(struct client_config *config) {
  return default_text(config, &config->api_key, "OPENAI_API_KEY", NULL) &&
         default_text(config, &config->base_url, "OPENAI_BASE_URL", default_base_url) &&
         default_text(config, &config->organization, "OPENAI_ORG_ID", NULL) &&
         default_text(config, &config->project, "OPENAI_PROJECT_ID", NULL) && default_authorities(config);
}

static bool choose_route(struct client_config *config, struct failure *problem) {
  const char *proxy = is_set(&config->proxy) ? text_buffer_text(&config->proxy) : NULL;
  return proxy_route_choose(&config->http.route, proxy, &config->http.url, config->allow_plain_http, problem);
}

bool client_config_complete(struct client_config *config, const char *host) {
  const struct service_url_advice advice = {is_set(&config->base_url) ? "base_url" : "OPENAI_BASE_URL",
                                            default_base_url};
  struct failure problem = {0};
  config->log_level = read_log_level();
  if (!take_environment(config) || !default_user_agent(config, host)) return false;
  if (config->problem.kind != FAILURE_NONE) return true;
  if (!complete_headers(config, &problem) ||
      !service_url_parse(&config->http.url, text_buffer_text(&config->base_url), &advice,
                         config->allow_plain_http, &problem) ||
      !choose_route(config, &problem))
    client_config_set_problem(config, &problem);
  return problem.kind != FAILURE_OUT_OF_MEMORY;
}
