/* SPDX-License-Identifier: MIT */
/* Settings as the environment gives them. An input is lines of NAME=value; a byte 30 stands for a line break
 * within a value. What comes of it must be a client or words, and never show the SECRET of a proxy's URL or a
 * key. */
#include "uploads/client_config.h"

#include "fuzz.h"
#include <ctype.h>
#include <string.h>

static const char secret[] = "5ecret-word";
static const char *const names[] = {"OPENAI_API_KEY",    "OPENAI_BASE_URL", "OPENAI_ORG_ID",
                                    "OPENAI_PROJECT_ID", "OPENAI_LOG",      "OPENAI_CUSTOM_HEADERS",
                                    "https_proxy",       "http_proxy",      "all_proxy",
                                    "no_proxy",          "SSL_CERT_FILE",   "SSL_CERT_DIR"};
enum { NAMES = sizeof names / sizeof *names, FIRST_PROXY = 6, LAST_PROXY = 8, LINE_BREAK = 30 };

/* Whether a value may be shown that has the secret: of a key never, of a proxy only where it is not before an
 * "@". */
static bool may_show(int name, const char *value) {
  const char *at = strrchr(value, '@');
  const char *found = strstr(value, secret);
  if (!found || name == 0) return false;
  if (name < FIRST_PROXY || name > LAST_PROXY) return true;
  for (; found; found = strstr(found + 1, secret))
    if (!at || found > at) return true;
  return false;
}

/* True when the secret may be shown. */
static bool set_variable(const char *line, size_t length) {
  for (int i = 0; i < NAMES; i++) {
    size_t name_length = strlen(names[i]);
    char *value;
    bool shown;
    if (length <= name_length || memcmp(line, names[i], name_length) != 0 || line[name_length] != '=')
      continue;
    value = strndup(line + name_length + 1, length - name_length - 1);
    for (char *byte = value; *byte; byte++)
      if (*byte == LINE_BREAK) *byte = '\n';
    shown = may_show(i, value);
    setenv(names[i], value, 1);
    free(value);
    return shown;
  }
  return false;
}

static bool set_variables(const char *text, size_t size) {
  const char *end = text + size;
  bool shown = false;
  for (int i = 0; i < NAMES; i++) unsetenv(names[i]);
  while (text < end) {
    const char *newline = memchr(text, '\n', (size_t)(end - text));
    const char *line_end = newline ? newline : end;
    shown |= set_variable(text, (size_t)(line_end - text));
    text = newline ? newline + 1 : end;
  }
  return shown;
}

static void check_headers(const struct client_config *config) {
  for (const struct curl_slist *line = config->http.additions.headers; line; line = line->next) {
    REQUIRE(strcspn(line->data, "\r\n") == strlen(line->data), "a header is two");
    REQUIRE(strcspn(line->data, ":;") > 0 && line->data[strcspn(line->data, ":;")], "a header has no name");
  }
}

static void check_hidden(const struct client_config *config) {
  REQUIRE(!strstr(config->problem.message, secret), "a secret is in a failure");
  REQUIRE(!strstr(config->http.route.name, secret), "a secret is in a proxy's name");
  REQUIRE(!strstr(text_buffer_text(&config->http.route.url), secret), "libcurl is given a secret in a URL");
}

static void check_ready(const struct client_config *config) {
  const char *key = text_buffer_text(&config->api_key);
  REQUIRE(config->http.url.prefix.length > 0, "a client has no URL");
  REQUIRE(!isspace((unsigned char)*key), "a key begins with a blank");
  REQUIRE(proxy_route_is_direct(&config->http.route) || strstr(config->http.route.name, "_proxy)"),
          "a proxy has no name");
  REQUIRE(!config->http.url.plain_http || proxy_route_is_direct(&config->http.route),
          "a proxy of the environment sees what is not encrypted");
  check_headers(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct client_config *config = client_config_new();
  bool shown = set_variables((const char *)data, size);
  REQUIRE(client_config_complete(config, "fuzz"), "memory ran out");
  if (config->problem.kind == FAILURE_NONE)
    check_ready(config);
  else
    REQUIRE(config->problem.kind == FAILURE_CONFIGURATION && config->problem.message[0],
            "a problem has no words");
  if (!shown) check_hidden(config);
  client_config_delete(config);
  return 0;
}
