/* SPDX-License-Identifier: MIT */
#include "uploads/client_config.h"

#include "guard_page.h"
#include "http/http_headers.h"
#include "unit.h"
#include <math.h>

static const char *const variables[] = {"OPENAI_API_KEY",    "OPENAI_BASE_URL",       "OPENAI_ORG_ID",
                                        "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS", "OPENAI_LOG",
                                        "CURL_CA_BUNDLE",    "SSL_CERT_FILE",         "SSL_CERT_DIR"};

static void clear_environment(void) {
  EACH(name, variables) unsetenv(*name);
}

static bool is(const struct text_buffer *setting, const char *text) {
  return strcmp(text_buffer_text(setting), text) == 0;
}

static bool is_set(const struct text_buffer *setting) {
  return setting->cap > 0;
}

static bool set_text(struct client_config *config, struct text_buffer *setting, const char *text) {
  return client_config_set_text(config, setting, "setting", text, strlen(text));
}

static bool has_line(const struct client_config *config, const char *line) {
  for (const struct curl_slist *node = config->http.additions.headers; node; node = node->next)
    if (strcmp(node->data, line) == 0) return true;
  return false;
}

static unsigned count_lines(const struct client_config *config) {
  unsigned count = 0;
  for (const struct curl_slist *node = config->http.additions.headers; node; node = node->next) count++;
  return count;
}

static void has_defaults(void) {
  struct client_config *config = client_config_new();
  clear_environment();
  CHECK(client_config_complete(config, "Lua 5.4") && config->problem.kind == FAILURE_NONE,
        "an empty environment is no problem");
  CHECK(is(&config->base_url, "https://api.openai.com/v1") &&
            is(&config->http.url.prefix, "https://api.openai.com/v1"),
        "the service is OpenAI's");
  CHECK(config->http.call.timeout == 0 && config->http.call.connect_timeout == 10 &&
            config->http.call.stall_timeout == 60,
        "timeouts are 60, 10 and 60 s");
  CHECK(isinf(config->http.call.deadline) && !config->http.call.with_response, "no deadline, no response");
  CHECK(config->http.call.retry.max_retries == 2 && config->http.call.retry.retry_delay == 0.5 &&
            config->http.call.retry.max_retry_delay == 8 && config->http.call.retry.max_retry_after == 60,
        "two retries, 0.5 s to 8 s apart, at most 60 s when asked for");
  CHECK(config->http.max_response_bytes == 1024 * 1024 && config->http.max_connections == 64,
        "answers up to 1 MiB, 64 connections");
  CHECK(config->http.verify_tls && !config->allow_plain_http && config->log_level == LOG_LEVEL_OFF,
        "certificates are verified, plain http is not allowed");
  CHECK(config->http.auth_header == AUTH_HEADER_BEARER, "the key is a bearer token, and calls block");
  CHECK(!is_set(&config->api_key) && !is_set(&config->organization) && !is_set(&config->proxy),
        "what nobody set is not set");
  CHECK(has_line(config, "Accept: application/json") &&
            http_headers_have(config->http.additions.headers, "User-Agent") && count_lines(config) == 2,
        "Accept and User-Agent are the only headers");
  CHECK(strncmp(text_buffer_text(&config->user_agent), "lua-openai-uploads/", 19) == 0 &&
            strstr(text_buffer_text(&config->user_agent), " (Lua 5.4; libcurl "),
        "the user agent names library, host and libcurl");
  client_config_delete(config);
}

static void is_completed_from_the_environment(void) {
  struct client_config *config = client_config_new();
  clear_environment();
  setenv("OPENAI_API_KEY", "sk-environment", 1);
  setenv("OPENAI_BASE_URL", "https://eu.api.openai.com/v1/", 1);
  setenv("OPENAI_ORG_ID", "org-1", 1);
  setenv("OPENAI_PROJECT_ID", "proj_1", 1);
  setenv("OPENAI_CUSTOM_HEADERS", "X-Team: uploads\nAccept: text/plain", 1);
  setenv("OPENAI_LOG", "debug", 1);
  CHECK(client_config_complete(config, "Lua 5.1") && config->problem.kind == FAILURE_NONE,
        "a full environment is no problem");
  CHECK(is(&config->api_key, "sk-environment") &&
            is(&config->http.url.prefix, "https://eu.api.openai.com/v1"),
        "key and base URL are taken");
  CHECK(is(&config->organization, "org-1") && has_line(config, "OpenAI-Organization: org-1"),
        "the organization becomes a header");
  CHECK(is(&config->project, "proj_1") && has_line(config, "OpenAI-Project: proj_1"),
        "the project becomes a header");
  CHECK(has_line(config, "X-Team: uploads") && has_line(config, "Accept: text/plain") &&
            count_lines(config) == 5,
        "custom headers are added, and replace ours");
  CHECK(config->log_level == LOG_LEVEL_DEBUG, "OPENAI_LOG=debug logs to stderr");
  client_config_delete(config);
}

static void takes_the_programs_word_first(void) {
  struct client_config *config = client_config_new();
  struct failure failure;
  clear_environment();
  setenv("OPENAI_API_KEY", "sk-environment", 1);
  setenv("OPENAI_ORG_ID", "org-1", 1);
  setenv("OPENAI_CUSTOM_HEADERS", "X-Team: environment\nX-Other: kept", 1);
  setenv("OPENAI_LOG", "off", 1);
  set_text(config, &config->api_key, "sk-program");
  set_text(config, &config->organization, "");
  set_text(config, &config->user_agent, "mine/1");
  request_additions_set_header(&config->http.additions, "x-team", 6, "program", 7, &failure);
  request_additions_set_header(&config->http.additions, "Accept", 6, NULL, 0, &failure);
  CHECK(client_config_complete(config, "Lua 5.4") && config->problem.kind == FAILURE_NONE,
        "both together are no problem");
  CHECK(is(&config->api_key, "sk-program") && is(&config->user_agent, "mine/1"),
        "what the program set is kept");
  CHECK(is(&config->organization, "") &&
            !http_headers_have(config->http.additions.headers, "OpenAI-Organization"),
        "an empty setting hides the environment's");
  CHECK(has_line(config, "x-team: program") && has_line(config, "X-Other: kept") &&
            has_line(config, "Accept:"),
        "the program's headers replace the environment's and ours");
  CHECK(config->log_level == LOG_LEVEL_OFF, "OPENAI_LOG=off logs nothing");
  client_config_delete(config);
}

static void ignores_empty_variables(void) {
  struct client_config *config = client_config_new();
  EACH(name, variables) setenv(*name, "", 1);
  CHECK(client_config_complete(config, "Lua 5.4") && config->problem.kind == FAILURE_NONE,
        "empty variables are no problem");
  CHECK(!is_set(&config->api_key) && is(&config->base_url, "https://api.openai.com/v1"),
        "an empty variable counts as none");
  client_config_delete(config);
}

static void takes_authorities(void) {
  static const struct authority_row {
    const char *bundle, *file, *directory; /* variables */
    const char *setting, *ca_file, *ca_path, *name;
  } rows[] = {
      {NULL, NULL, NULL, NULL, "", "", "ca_file"},
      {"/b", NULL, NULL, NULL, "/b", "", "CURL_CA_BUNDLE"},
      {NULL, " /f\n", NULL, NULL, "/f", "", "SSL_CERT_FILE"},
      {NULL, NULL, "/d", NULL, "", "/d", "ca_file"},
      {NULL, "/f", "/d", NULL, "/f", "/d", "SSL_CERT_FILE"},
      {"/b", "/f", "/d", NULL, "/b", "", "CURL_CA_BUNDLE"},
      {"/b", "/f", "/d", "/mine", "/mine", "", "ca_file"},
      {"/b", "/f", "/d", "", "", "", "ca_file"},
  };
  EACH(row, rows) {
    struct client_config *config = client_config_new();
    clear_environment();
    if (row->bundle) setenv("CURL_CA_BUNDLE", row->bundle, 1);
    if (row->file) setenv("SSL_CERT_FILE", row->file, 1);
    if (row->directory) setenv("SSL_CERT_DIR", row->directory, 1);
    if (row->setting) set_text(config, &config->http.ca_file, row->setting);
    CHECK(client_config_complete(config, "Lua 5.4") && is(&config->http.ca_file, row->ca_file) &&
              is(&config->http.ca_path, row->ca_path) && strcmp(config->http.ca_file_name, row->name) == 0,
          "authorities are in '%s' and '%s', says %s", row->ca_file, row->ca_path, row->name);
    client_config_delete(config);
  }
  clear_environment();
}

static void tells_what_cannot_work(void) {
  static const struct problem_row {
    const char *variable, *value, *message;
  } rows[] = {
      {"OPENAI_API_KEY", "sk-a\nb", "OPENAI_API_KEY contains a line break"},
      {"OPENAI_API_KEY", "sk-a\rb", "OPENAI_API_KEY contains a line break"},
      {"OPENAI_ORG_ID", "org\r\nX: y", "OPENAI_ORG_ID contains a line break"},
      {"OPENAI_PROJECT_ID", "a\nb", "OPENAI_PROJECT_ID contains a line break"},
      {"OPENAI_BASE_URL", "http://example.com", "unencrypted"},
      {"OPENAI_BASE_URL", "nowhere",
       "OPENAI_BASE_URL 'nowhere' is no URL that begins with https://: write it as "
       "https://api.openai.com/v1"},
      {"OPENAI_BASE_URL", "https://h\n/v1", "OPENAI_BASE_URL contains a line break"},
      {"OPENAI_CUSTOM_HEADERS", "rubbish", "OPENAI_CUSTOM_HEADERS"},
      {"OPENAI_CUSTOM_HEADERS", "Host: evil", "'Host' is set by the client"},
  };
  EACH(row, rows) {
    struct client_config *config = client_config_new();
    clear_environment();
    setenv(row->variable, row->value, 1);
    CHECK(client_config_complete(config, "Lua 5.4"), "%s='%s' is no want of memory", row->variable,
          row->value);
    CHECK(config->problem.kind == FAILURE_CONFIGURATION && strstr(config->problem.message, row->message),
          "%s='%s' is the problem '%s' (was '%s')", row->variable, row->value, row->message,
          config->problem.message);
    client_config_delete(config);
  }
  clear_environment();
}

static void refuses_bad_texts(void) {
  static char long_text[HTTP_SETTINGS_MAX_TEXT_BYTES + 1];
  struct client_config *config = client_config_new();
  memset(long_text, 'x', sizeof long_text);
  CHECK(client_config_set_text(config, &config->proxy, "proxy", guard_page_copy("http://p", 8), 8) &&
            is(&config->proxy, "http://p"),
        "a text needs no NUL behind it");
  CHECK(client_config_set_text(config, &config->proxy, "proxy", long_text, sizeof long_text - 1) &&
            config->problem.kind == FAILURE_NONE,
        "%d bytes are not too long", HTTP_SETTINGS_MAX_TEXT_BYTES);
  CHECK(client_config_set_text(config, &config->proxy, "proxy", "a\0b", 3) &&
            strstr(config->problem.message, "proxy contains") && is(&config->proxy, ""),
        "a NUL in a text is a problem, and the text is not kept");
  client_config_set_text(config, &config->http.ca_file, "ca_file", long_text, sizeof long_text);
  CHECK(strstr(config->problem.message, "proxy contains"), "the first problem is the one told");
  config->problem.kind = FAILURE_NONE;
  client_config_set_text(config, &config->http.ca_file, "ca_file", long_text, sizeof long_text);
  CHECK(strstr(config->problem.message, "ca_file is longer"), "a very long text is a problem");
  client_config_delete(config);
  client_config_delete(NULL);
}

static void names_the_header_of_the_key(void) {
  struct client_config *config = client_config_new();
  CHECK(strcmp(http_settings_auth_header(&config->http), "Authorization") == 0,
        "a bearer token is in Authorization");
  config->http.auth_header = AUTH_HEADER_API_KEY;
  CHECK(strcmp(http_settings_auth_header(&config->http), "api-key") == 0, "a bare key is in api-key");
  client_config_delete(config);
}

static void checks_keys(void) {
  static const struct key_row {
    const char *key;
    size_t length;
    const char *message; /* NULL: may be sent */
  } rows[] = {
      {"sk-1", 4, NULL},
      {"k", 1, NULL},
      {"", 0, "no API key"},
      {"sk\n", 3, "line break"},
      {"sk\r\nX: y", 8, "line break"},
      {"s\0k", 3, "NUL"},
      {"\0", 1, "NUL"},
  };
  static char long_key[HTTP_SETTINGS_MAX_TEXT_BYTES + 1];
  struct failure failure = {0};
  EACH(row, rows) {
    bool fit = client_config_check_key(guard_page_copy(row->key, row->length), row->length, &failure);
    CHECK(row->message
              ? !fit && failure.kind == FAILURE_CONFIGURATION && strstr(failure.message, row->message)
              : fit,
          "key '%s' %s (%s)", row->key, row->message ? "is refused" : "may be sent", failure.message);
  }
  memset(long_key, 'k', sizeof long_key);
  CHECK(client_config_check_key(long_key, sizeof long_key - 1, &failure), "a key of %d bytes may be sent",
        HTTP_SETTINGS_MAX_TEXT_BYTES);
  CHECK(!client_config_check_key(long_key, sizeof long_key, &failure) && strstr(failure.message, "longer"),
        "a longer one is refused");
  CHECK(!strstr(failure.message, "kkk"), "no refusal quotes the key");
}

int main(void) {
  has_defaults();
  is_completed_from_the_environment();
  takes_the_programs_word_first();
  ignores_empty_variables();
  takes_authorities();
  tells_what_cannot_work();
  refuses_bad_texts();
  names_the_header_of_the_key();
  checks_keys();
  return unit_end();
}
