/* SPDX-License-Identifier: MIT */
/* Any text as a base URL, and again as a query that is added to it: refused in words, or taken so that
 * nothing leads off this machine unencrypted. */
#include "http/service_url.h"

#include "fuzz.h"
#include <curl/curl.h>
#include <string.h>

static void check_refusal(const struct failure *failure) {
  REQUIRE(failure->kind == FAILURE_CONFIGURATION, "a refusal is no configuration");
  REQUIRE(strncmp(failure->message, "base_url ", 9) == 0, "a refusal does not say of what");
}

/* What was taken must read the same when it is read again. */
static void check_again(const struct service_url *url) {
  struct service_url again = {0};
  struct failure failure = {0};
  REQUIRE(service_url_parse(&again, url->prefix.bytes, NULL, url->plain_http, &failure), failure.message);
  REQUIRE(strcmp(again.prefix.bytes, url->prefix.bytes) == 0, "a URL reads otherwise the second time");
  REQUIRE(again.query.length == 0, "a query is in the prefix");
  service_url_destroy(&again);
}

static void check_query(struct service_url *url, const char *text, size_t length) {
  struct text_buffer query, whole;
  text_buffer_create(&query, 8 * length + 16);
  text_buffer_create(&whole, 2 * SERVICE_URL_MAX_BYTES + 8 * length + 16);
  REQUIRE(service_url_add_query(&query, text, length, text, length), "a query was refused");
  for (size_t i = 0; i < query.length; i++)
    REQUIRE(query.bytes[i] > ' ' && query.bytes[i] < 127 && query.bytes[i] != '#', "a query is not encoded");
  text_buffer_append(&whole, url->prefix.bytes, url->prefix.length);
  REQUIRE(service_url_append_query(&whole, &url->query) && service_url_append_query(&whole, &query),
          "queries cannot be joined");
  text_buffer_destroy(&query);
  text_buffer_destroy(&whole);
}

static void check_taken(const struct service_url *url, bool allow_plain_http) {
  const char *prefix = text_buffer_text(&url->prefix);
  REQUIRE(url->host.length > 0, "a URL has no host");
  REQUIRE(prefix[0] && prefix[url->prefix.length - 1] != '/', "a prefix ends in a slash");
  REQUIRE(!strchr(prefix, '?') && !strchr(prefix, '#'), "a prefix has more than a path");
  REQUIRE(!strncmp(prefix, "https://", 8) == !url->plain_http, "a scheme is told wrong");
  REQUIRE(!url->plain_http || allow_plain_http || service_url_is_loopback(url->host.bytes),
          "the key would leave this machine unencrypted");
  check_again(url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  memcpy(text, data, size);
  text[size] = '\0';
  for (int allow = 0; allow <= 1; allow++) {
    struct service_url url = {0};
    struct failure failure = {0};
    if (service_url_parse(&url, text, NULL, allow, &failure)) {
      check_taken(&url, allow);
      if (size > 0) check_query(&url, text, size);
    } else {
      check_refusal(&failure);
    }
    service_url_destroy(&url);
  }
  free(text);
  return 0;
}
