/* SPDX-License-Identifier: MIT */
#include "client/service_url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

/* `host` as CURLU gives it: lower or upper case as written, IPv6 in brackets, numbers made dotted. */
static bool is_loopback(const char *host) {
  struct in_addr v4;
  struct in6_addr v6;
  char address[INET6_ADDRSTRLEN];
  size_t length = strlen(host);
  if (strcasecmp(host, "localhost") == 0) return true;
  if (inet_pton(AF_INET, host, &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  if (host[0] != '[' || length < 4 || length - 2 >= sizeof address) return false;
  memcpy(address, host + 1, length - 2);
  address[length - 2] = '\0';
  return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static bool has_part(CURLU *parsed, CURLUPart part) {
  char *text = NULL;
  bool has = curl_url_get(parsed, part, &text, 0) == CURLUE_OK;
  curl_free(text);
  return has;
}

static bool check_parts(CURLU *parsed, bool plain_http, bool allow_plain_http, const char *host,
                        struct failure *failure) {
  if (!*host) return failure_set(failure, FAILURE_CONFIGURATION, "base_url has no host");
  if (has_part(parsed, CURLUPART_USER) || has_part(parsed, CURLUPART_PASSWORD))
    return failure_set(failure, FAILURE_CONFIGURATION,
                       "base_url has a user name or password; use api_key or headers");
  if (has_part(parsed, CURLUPART_FRAGMENT))
    return failure_set(failure, FAILURE_CONFIGURATION, "base_url has a fragment ('#...')");
  if (plain_http && !allow_plain_http && !is_loopback(host))
    return failure_set(
        failure, FAILURE_CONFIGURATION,
        "base_url would send the key to '%.80s' unencrypted; use https:// (or allow_plain_http)", host);
  return true;
}

/* The URL again without its query, and without slashes at its end. */
static bool set_prefix(struct service_url *url, CURLU *parsed) {
  char *whole = NULL;
  bool set = curl_url_set(parsed, CURLUPART_QUERY, NULL, 0) == CURLUE_OK &&
             curl_url_get(parsed, CURLUPART_URL, &whole, 0) == CURLUE_OK;
  if (set) {
    size_t length = strlen(whole);
    while (length > 0 && whole[length - 1] == '/') length--;
    set = text_buffer_append(&url->prefix, whole, length);
  }
  curl_free(whole);
  return set;
}

static bool service_url_take(struct service_url *url, CURLU *parsed, bool allow_plain_http,
                             struct failure *failure) {
  char *scheme = NULL, *host = NULL, *query = NULL;
  bool taken = false;
  curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0);
  curl_url_get(parsed, CURLUPART_HOST, &host, 0);
  curl_url_get(parsed, CURLUPART_QUERY, &query, 0);
  url->plain_http = scheme && strcasecmp(scheme, "http") == 0;
  if (!scheme || (!url->plain_http && strcasecmp(scheme, "https") != 0))
    failure_set(failure, FAILURE_CONFIGURATION, "base_url is neither http:// nor https://");
  else if (check_parts(parsed, url->plain_http, allow_plain_http, host ? host : "", failure))
    taken = (!query || text_buffer_append_text(&url->query, query)) && set_prefix(url, parsed);
  if (url->prefix.over_cap || url->query.over_cap)
    failure_set(failure, FAILURE_CONFIGURATION, "base_url is longer than %d bytes", SERVICE_URL_MAX_BYTES);
  else if (!taken && failure->kind == FAILURE_NONE)
    failure_set_out_of_memory(failure);
  curl_free(scheme);
  curl_free(host);
  curl_free(query);
  return taken;
}

bool service_url_parse(struct service_url *url, const char *base_url, bool allow_plain_http,
                       struct failure *failure) {
  CURLU *parsed = curl_url();
  CURLUcode code;
  bool taken = false;
  text_buffer_create(&url->prefix, SERVICE_URL_MAX_BYTES);
  text_buffer_create(&url->query, SERVICE_URL_MAX_BYTES);
  if (!parsed) return failure_set_out_of_memory(failure);
  failure->kind = FAILURE_NONE;
  code = curl_url_set(parsed, CURLUPART_URL, base_url, CURLU_NON_SUPPORT_SCHEME);
  if (code == CURLUE_OK)
    taken = service_url_take(url, parsed, allow_plain_http, failure);
  else
    failure_set(failure, FAILURE_CONFIGURATION, "base_url is no URL: %s", curl_url_strerror(code));
  curl_url_cleanup(parsed);
  return taken;
}

void service_url_destroy(struct service_url *url) {
  text_buffer_destroy(&url->prefix);
  text_buffer_destroy(&url->query);
}

static bool append_encoded(struct text_buffer *query, const char *text, size_t length) {
  char *encoded = curl_easy_escape(NULL, text, (int)length);
  bool appended = encoded && text_buffer_append_text(query, encoded);
  curl_free(encoded);
  return appended;
}

bool service_url_add_query(struct text_buffer *query, const char *name, size_t name_length, const char *value,
                           size_t value_length) {
  return (query->length == 0 || text_buffer_append(query, "&", 1)) &&
         append_encoded(query, name, name_length) && text_buffer_append(query, "=", 1) &&
         (value_length == 0 || append_encoded(query, value, value_length));
}

bool service_url_append_query(struct text_buffer *url, const struct text_buffer *query) {
  if (query->length == 0) return true;
  return text_buffer_append(url, memchr(url->bytes, '?', url->length) ? "&" : "?", 1) &&
         text_buffer_append(url, query->bytes, query->length);
}
