/* SPDX-License-Identifier: MIT */
#include "http/proxy_route.h"

#include "base/environment.h"
#include "http/proxy_exclusion.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

static const char *const schemes[] = {"http", "https", "socks4", "socks4a", "socks5", "socks5h"};

enum { MAX_PAIR_BYTES = 2 * PROXY_ROUTE_MAX_BYTES + 1, MAX_BASIC_BYTES = 4 * (MAX_PAIR_BYTES / 3 + 1) };

void proxy_route_destroy(struct proxy_route *route) {
  text_buffer_destroy(&route->url);
  text_buffer_wipe(&route->user);
  text_buffer_wipe(&route->password);
  text_buffer_wipe(&route->written);
  text_buffer_wipe(&route->basic);
}

static void proxy_route_create(struct proxy_route *route) {
  text_buffer_create(&route->url, PROXY_ROUTE_MAX_BYTES);
  text_buffer_create(&route->user, PROXY_ROUTE_MAX_BYTES);
  text_buffer_create(&route->password, PROXY_ROUTE_MAX_BYTES);
  text_buffer_create(&route->written, PROXY_ROUTE_MAX_BYTES);
  text_buffer_create(&route->basic, MAX_BASIC_BYTES);
}

/* --- which one ---------------------------------------------------------------------------------------------
 */

struct named_text {
  const char *name; /* of the setting or variable */
  const char *text; /* NULL: none */
  size_t length;
};

static struct named_text first_variable(const char *const *names) {
  struct named_text found = {0};
  for (; *names && !found.text; names++) {
    found.name = *names;
    found.text = environment_get(*names, &found.length);
  }
  return found;
}

/* As in curl, HTTP_PROXY is ignored: in a CGI program the client may set it. */
static struct named_text proxy_of_environment(bool plain_http) {
  static const char *const of_http[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL};
  static const char *const of_https[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL};
  return first_variable(plain_http ? of_http : of_https);
}

static bool is_excluded(const char *host) {
  static const char *const names[] = {"no_proxy", "NO_PROXY", NULL};
  struct named_text list = first_variable(names);
  return list.text && proxy_exclusion_holds(list.text, list.length, host);
}

/* The environment's http_proxy would carry the key of a plain loopback call to another machine. */
static struct named_text find_proxy(const char *setting, const struct service_url *service,
                                    bool allow_plain_http) {
  struct named_text proxy = {"proxy", setting, setting ? strlen(setting) : 0};
  if (!setting && (!service->plain_http || allow_plain_http))
    proxy = proxy_of_environment(service->plain_http);
  if (proxy.length > 0 && is_excluded(text_buffer_text(&service->host))) proxy.length = 0;
  return proxy;
}

/* --- its parts ---------------------------------------------------------------------------------------------
 */

enum { SCHEME, HOST, PORT, USER, PASSWORD, WRITTEN, PATH, QUERY, FRAGMENT, PARTS };

static const struct part_row {
  CURLUPart part;
  unsigned flags;
} part_rows[PARTS] = {
    [SCHEME] = {CURLUPART_SCHEME, 0},
    [HOST] = {CURLUPART_HOST, 0},
    [PORT] = {CURLUPART_PORT, 0},
    [USER] = {CURLUPART_USER, CURLU_URLDECODE},
    [PASSWORD] = {CURLUPART_PASSWORD, CURLU_URLDECODE},
    [WRITTEN] = {CURLUPART_PASSWORD, 0},
    [PATH] = {CURLUPART_PATH, 0},
    [QUERY] = {CURLUPART_QUERY, 0},
    [FRAGMENT] = {CURLUPART_FRAGMENT, 0},
};

/* A part that the URL does not have is NULL. */
static CURLUcode get_parts(CURLU *parsed, char **parts) {
  for (int i = 0; i < PARTS; i++) {
    CURLUcode code = curl_url_get(parsed, part_rows[i].part, &parts[i], part_rows[i].flags);
    if (code == CURLUE_OUT_OF_MEMORY || code == CURLUE_URLDECODE) return code;
  }
  return CURLUE_OK;
}

static void free_parts(char **parts) {
  for (int i = 0; i < PARTS; i++) {
    for (volatile char *byte = parts[i]; byte && *byte;) *byte++ = 0;
    curl_free(parts[i]);
  }
}

static bool is_known_scheme(const char *scheme) {
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
    if (strcmp(scheme, schemes[i]) == 0) return true;
  return false;
}

static bool has_at(const char *text) {
  return text && strchr(text, '@');
}

/* The reason, without any part of the URL: when it is malformed, any part may be the password. */
static const char *refusal_of(char **parts) {
  if (!parts[SCHEME] || !is_known_scheme(parts[SCHEME]))
    return "has a scheme that is none of http, https, socks4, socks4a, socks5, socks5h";
  if (!parts[HOST] || !*parts[HOST]) return "has no host";
  if (has_at(parts[PATH]) || has_at(parts[QUERY]) || has_at(parts[FRAGMENT]))
    return "has a '/', '?' or '#' in its user name or password; write %2F, %3F or %23 for it";
  return NULL;
}

/* --- what is kept of it ------------------------------------------------------------------------------------
 */

static void set_name(struct proxy_route *route, const char *source, char **parts) {
  const char *port = parts[PORT] ? parts[PORT] : strcmp(parts[SCHEME], "https") == 0 ? "443" : "1080";
  snprintf(route->name, sizeof route->name, "%.100s:%s (from %s)", parts[HOST], port, source);
}

static bool append_base64(struct text_buffer *buffer, const unsigned char *bytes, size_t length) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < length; i += 3) {
    unsigned long group = (unsigned long)bytes[i] << 16 | (i + 1 < length ? bytes[i + 1] : 0ul) << 8 |
                          (i + 2 < length ? bytes[i + 2] : 0ul);
    char text[] = {digits[group >> 18], digits[group >> 12 & 63], digits[group >> 6 & 63],
                   digits[group & 63]};
    if (i + 1 >= length) text[2] = '=';
    if (i + 2 >= length) text[3] = '=';
    if (!text_buffer_append(buffer, text, sizeof text)) return false;
  }
  return true;
}

static bool set_basic(struct proxy_route *route) {
  struct text_buffer both;
  bool set;
  text_buffer_create(&both, MAX_PAIR_BYTES);
  set = text_buffer_append(&both, route->user.bytes, route->user.length) &&
        text_buffer_append(&both, ":", 1) &&
        text_buffer_append(&both, route->password.bytes, route->password.length) &&
        append_base64(&route->basic, (const unsigned char *)both.bytes, both.length);
  text_buffer_wipe(&both);
  return set;
}

static bool set_credentials(struct proxy_route *route, char **parts) {
  if (!parts[USER] && !parts[PASSWORD]) return true;
  return (!parts[USER] || text_buffer_append_text(&route->user, parts[USER])) &&
         (!parts[PASSWORD] || text_buffer_append_text(&route->password, parts[PASSWORD])) &&
         (!parts[WRITTEN] || text_buffer_append_text(&route->written, parts[WRITTEN])) && set_basic(route);
}

/* The URL without the credentials, which libcurl's messages must not show. */
static bool set_url(struct proxy_route *route, CURLU *parsed) {
  static const CURLUPart removed[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_QUERY,
                                      CURLUPART_FRAGMENT};
  char *whole = NULL;
  bool set = true;
  for (size_t i = 0; i < sizeof removed / sizeof *removed; i++)
    set = set && curl_url_set(parsed, removed[i], NULL, 0) == CURLUE_OK;
  set = set && curl_url_get(parsed, CURLUPART_URL, &whole, 0) == CURLUE_OK &&
        text_buffer_append_text(&route->url, whole);
  curl_free(whole);
  return set;
}

static bool proxy_route_take(struct proxy_route *route, CURLU *parsed, const struct named_text *proxy,
                             char **parts, struct failure *failure) {
  const char *refusal = refusal_of(parts);
  if (refusal) return failure_set(failure, FAILURE_CONFIGURATION, "%s %s", proxy->name, refusal);
  set_name(route, proxy->name, parts);
  return (set_credentials(route, parts) && set_url(route, parsed)) || failure_set_out_of_memory(failure);
}

/* Without a scheme it is an HTTP proxy. (libcurl would guess from the host's name.) */
static bool parse(CURLU *parsed, const struct named_text *proxy, CURLUcode *code) {
  struct text_buffer url;
  bool has_scheme = memmem(proxy->text, proxy->length, "://", 3) != NULL;
  bool copied;
  text_buffer_create(&url, proxy->length + sizeof "http://");
  copied = (has_scheme || text_buffer_append_text(&url, "http://")) &&
           text_buffer_append(&url, proxy->text, proxy->length);
  if (copied) *code = curl_url_set(parsed, CURLUPART_URL, url.bytes, CURLU_NON_SUPPORT_SCHEME);
  text_buffer_wipe(&url);
  return copied;
}

static bool proxy_route_parse(struct proxy_route *route, const struct named_text *proxy,
                              struct failure *failure) {
  CURLU *parsed = curl_url();
  CURLUcode code = CURLUE_OUT_OF_MEMORY;
  char *parts[PARTS] = {NULL};
  bool taken = false;
  if (parsed && parse(parsed, proxy, &code) && code == CURLUE_OK) code = get_parts(parsed, parts);
  if (code == CURLUE_OUT_OF_MEMORY)
    failure_set_out_of_memory(failure);
  else if (code != CURLUE_OK)
    failure_set(failure, FAILURE_CONFIGURATION, "%s is not the URL of a proxy, such as http://host:3128: %s",
                proxy->name, curl_url_strerror(code));
  else
    taken = proxy_route_take(route, parsed, proxy, parts, failure);
  if (taken) route->is_loopback = service_url_is_loopback(parts[HOST]);
  free_parts(parts);
  curl_url_cleanup(parsed);
  return taken;
}

bool proxy_route_choose(struct proxy_route *route, const char *setting, const struct service_url *service,
                        bool allow_plain_http, struct failure *failure) {
  struct named_text proxy = find_proxy(setting, service, allow_plain_http);
  proxy_route_create(route);
  if (proxy.length == 0) return true;
  if (proxy.length > PROXY_ROUTE_MAX_BYTES)
    return failure_set(failure, FAILURE_CONFIGURATION, "%s is longer than %d bytes", proxy.name,
                       PROXY_ROUTE_MAX_BYTES);
  if (!proxy_route_parse(route, &proxy, failure)) return false;
  if (!service->plain_http || allow_plain_http || route->is_loopback) return true;
  return failure_set(failure, FAILURE_CONFIGURATION,
                     "the proxy %s would see the key, which base_url sends unencrypted; use https:// (or "
                     "allow_plain_http, --allow-plain-http)",
                     route->name);
}
