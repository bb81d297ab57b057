/* SPDX-License-Identifier: MIT */
#include "http/service_url.h"

#include "base/ascii.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* `host` as CURLU gives it: lower or upper case as written, IPv6 in brackets, numbers made dotted. */
bool service_url_is_loopback(const char *host) {
  struct in_addr v4;
  struct in6_addr v6;
  char address[INET6_ADDRSTRLEN];
  size_t length = strlen(host);
  if (ascii_same_text(host, "localhost")) return true;
  if (inet_pton(AF_INET, host, &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  if (host[0] != '[' || length < 4 || length - 2 >= sizeof address) return false;
  memcpy(address, host + 1, length - 2);
  address[length - 2] = '\0';
  return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* The parts that are checked; NULL: the URL has no such part. */
struct url_parts {
  char *scheme, *host, *query, *user, *password, *fragment;
};

/* False when memory ran out. */
static bool get_part(CURLU *parsed, CURLUPart part, char **text) {
  return curl_url_get(parsed, part, text, 0) != CURLUE_OUT_OF_MEMORY;
}

static bool get_parts(CURLU *parsed, struct url_parts *parts) {
  return get_part(parsed, CURLUPART_SCHEME, &parts->scheme) &&
         get_part(parsed, CURLUPART_HOST, &parts->host) && get_part(parsed, CURLUPART_QUERY, &parts->query) &&
         get_part(parsed, CURLUPART_USER, &parts->user) &&
         get_part(parsed, CURLUPART_PASSWORD, &parts->password) &&
         get_part(parsed, CURLUPART_FRAGMENT, &parts->fragment);
}

static void free_parts(struct url_parts *parts) {
  curl_free(parts->scheme);
  curl_free(parts->host);
  curl_free(parts->query);
  curl_free(parts->user);
  curl_free(parts->password);
  curl_free(parts->fragment);
}

enum { MAX_QUOTED_BYTES = 80, MAX_WORD_BYTES = 24 };

/* A password, or a key that was put into the wrong setting, must not be seen. */
static bool may_be_quoted(const char *base_url) {
  return !strpbrk(base_url, "@?") && (strpbrk(base_url, ":/.") || strlen(base_url) <= MAX_WORD_BYTES);
}

/* "OPENAI_BASE_URL 'gopher://x' begins with ..." */
static bool refuse(const struct service_url_advice *advice, const char *base_url, const char *reason,
                   struct failure *failure) {
  const char *name = advice ? advice->name : "base_url";
  if (!may_be_quoted(base_url)) return failure_set(failure, FAILURE_CONFIGURATION, "%s %s", name, reason);
  return failure_set(failure, FAILURE_CONFIGURATION, "%s '%.*s' %s", name, MAX_QUOTED_BYTES, base_url,
                     reason);
}

/* The same, and how it is to be written. */
static bool refuse_form(const struct service_url_advice *advice, const char *base_url, const char *reason,
                        struct failure *failure) {
  char text[FAILURE_MESSAGE_SIZE / 2];
  if (!advice) return refuse(advice, base_url, reason, failure);
  snprintf(text, sizeof text, "%s: write it as %s", reason, advice->example);
  return refuse(advice, base_url, text, failure);
}

static bool is_http(const struct url_parts *parts) {
  return parts->scheme && (ascii_same_text(parts->scheme, "http") || ascii_same_text(parts->scheme, "https"));
}

/* In most cases the scheme is missing, which curl reports as a bad one. */
static const char *refusal_of_curl(CURLUcode code) {
  switch (code) {
  case CURLUE_BAD_PORT_NUMBER: return "has a port that is no number up to 65535";
  case CURLUE_NO_HOST: return "has no host";
  default: return "is no URL that begins with https://";
  }
}

static bool is_unencrypted(const struct url_parts *parts) {
  return ascii_same_text(parts->scheme, "http") && !service_url_is_loopback(parts->host);
}

/* Names the host as it was parsed. */
static bool refuse_unencrypted(const struct service_url_advice *advice, const char *host,
                               struct failure *failure) {
  return failure_set(
      failure, FAILURE_CONFIGURATION,
      "%s would send the key to '%.80s' unencrypted; use https:// (or allow_plain_http, --allow-plain-http)",
      advice ? advice->name : "base_url", host);
}

/* The reason why it cannot be used; NULL when it can. */
static const char *find_refusal(const struct url_parts *parts) {
  if (!parts->host || !*parts->host) return "has no host";
  if (parts->user || parts->password)
    return "has a user name or password, which is no place for a key: set api_key or headers instead";
  if (parts->fragment) return "has a fragment ('#...')";
  return NULL;
}

/* Appends the URL, without slashes at its end. */
static bool append_url(CURLU *parsed, struct text_buffer *text) {
  char *whole = NULL;
  bool appended = curl_url_get(parsed, CURLUPART_URL, &whole, 0) == CURLUE_OK;
  if (appended) {
    size_t length = strlen(whole);
    while (length > 0 && whole[length - 1] == '/') length--;
    appended = text_buffer_append(text, whole, length);
  }
  curl_free(whole);
  return appended;
}

static bool set_prefix(struct service_url *url, CURLU *parsed) {
  return curl_url_set(parsed, CURLUPART_QUERY, NULL, 0) == CURLUE_OK && append_url(parsed, &url->prefix);
}

/* libcurl reads the prefix again with each request, and must find the host that was checked: it decodes
 * escapes in a host, and looks only at the next reading whether that is a number. */
static bool check_again(const struct service_url *url, const struct service_url_advice *advice,
                        const char *base_url, struct failure *failure) {
  CURLU *parsed = curl_url();
  struct text_buffer again;
  CURLUcode code = CURLUE_OUT_OF_MEMORY;
  bool same;
  text_buffer_create(&again, SERVICE_URL_MAX_BYTES);
  if (parsed) code = curl_url_set(parsed, CURLUPART_URL, url->prefix.bytes, CURLU_NON_SUPPORT_SCHEME);
  if (code == CURLUE_OK && !append_url(parsed, &again)) code = CURLUE_OUT_OF_MEMORY;
  same = code == CURLUE_OK && strcmp(again.bytes, url->prefix.bytes) == 0;
  text_buffer_destroy(&again);
  curl_url_cleanup(parsed);
  if (code == CURLUE_OUT_OF_MEMORY) return failure_set_out_of_memory(failure);
  return same || refuse(advice, base_url, "has a host that is not written plainly", failure);
}

static bool service_url_take(struct service_url *url, CURLU *parsed, const struct url_parts *parts,
                             struct failure *failure) {
  url->plain_http = ascii_same_text(parts->scheme, "http");
  if ((!parts->query || text_buffer_append_text(&url->query, parts->query)) &&
      text_buffer_append_text(&url->host, parts->host) && set_prefix(url, parsed))
    return true;
  if (!url->prefix.over_cap && !url->query.over_cap && !url->host.over_cap)
    return failure_set_out_of_memory(failure);
  return failure_set(failure, FAILURE_CONFIGURATION, "base_url is longer than %d bytes",
                     SERVICE_URL_MAX_BYTES);
}

/* Fills `url`, all of whose buffers are empty before. */
static bool parse(struct service_url *url, CURLU *parsed, const char *base_url,
                  const struct service_url_advice *advice, bool allow_plain_http, struct failure *failure) {
  CURLUcode code =
      parsed ? curl_url_set(parsed, CURLUPART_URL, base_url, CURLU_NON_SUPPORT_SCHEME) : CURLUE_OUT_OF_MEMORY;
  struct url_parts parts = {0};
  const char *refusal;
  bool taken = false;
  if (code == CURLUE_OUT_OF_MEMORY || (code == CURLUE_OK && !get_parts(parsed, &parts)))
    failure_set_out_of_memory(failure);
  else if (code != CURLUE_OK)
    refuse_form(advice, base_url, refusal_of_curl(code), failure);
  else if (!is_http(&parts))
    refuse_form(advice, base_url, "begins with neither https:// nor http://", failure);
  else if ((refusal = find_refusal(&parts)))
    refuse(advice, base_url, refusal, failure);
  else if (is_unencrypted(&parts) && !allow_plain_http)
    refuse_unencrypted(advice, parts.host, failure);
  else
    taken = service_url_take(url, parsed, &parts, failure) && check_again(url, advice, base_url, failure);
  free_parts(&parts);
  return taken;
}

bool service_url_parse(struct service_url *url, const char *base_url, const struct service_url_advice *advice,
                       bool allow_plain_http, struct failure *failure) {
  CURLU *parsed = curl_url();
  bool taken;
  text_buffer_create(&url->prefix, SERVICE_URL_MAX_BYTES);
  text_buffer_create(&url->query, SERVICE_URL_MAX_BYTES);
  text_buffer_create(&url->host, SERVICE_URL_MAX_BYTES);
  taken = parse(url, parsed, base_url, advice, allow_plain_http, failure);
  curl_url_cleanup(parsed);
  return taken;
}

void service_url_destroy(struct service_url *url) {
  text_buffer_destroy(&url->prefix);
  text_buffer_wipe(&url->query); /* may hold a secret */
  text_buffer_destroy(&url->host);
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
