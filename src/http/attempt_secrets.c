/* SPDX-License-Identifier: MIT */
#include "http/attempt_secrets.h"

#include "base/secret_mask.h"
#include "http/header_secrets.h"
#include "http/http_headers.h"

#include <string.h>

static void hide(struct http_attempt *attempt, const struct text_buffer *secret) {
  if (secret->length == 0) return;
  secret_mask_apply(&attempt->response.headers, secret->bytes, secret->length);
  secret_mask_apply(&attempt->response.body, secret->bytes, secret->length);
}

/* A plain HTTP proxy receives them with the request, and may echo them. */
static void hide_proxy_credentials(struct http_attempt *attempt) {
  const struct proxy_route *route = &attempt->settings->route;
  hide(attempt, &route->password);
  hide(attempt, &route->written);
  hide(attempt, &route->basic);
}

static void hide_key(struct http_attempt *attempt, const char *key, size_t length) {
  secret_mask_apply_key(&attempt->response.headers, key, length);
  secret_mask_apply_key(&attempt->response.body, key, length);
}

/* If memory runs out before every secret is found, the answer is not shown. */
static void drop_answer(struct http_attempt *attempt) {
  text_buffer_clear(&attempt->response.headers);
  text_buffer_clear(&attempt->response.body);
}

/* "api-key=KEY", as it is in the URL. */
static void hide_parameter(struct http_attempt *attempt, const char *parameter, size_t length) {
  const char *equals = memchr(parameter, '=', length);
  int decoded_length = 0;
  char *decoded;
  if (!equals || !http_headers_name_a_secret(parameter, (size_t)(equals - parameter))) return;
  length -= (size_t)(equals + 1 - parameter);
  decoded = length ? curl_easy_unescape(NULL, equals + 1, (int)length, &decoded_length) : NULL;
  if (decoded) hide_key(attempt, decoded, (size_t)decoded_length);
  if (!decoded && length) drop_answer(attempt);
  curl_free(decoded);
}

static void hide_query(struct http_attempt *attempt) {
  char *url = NULL;
  const char *at;
  curl_easy_getinfo(attempt->easy, CURLINFO_EFFECTIVE_URL, &url);
  at = url ? strchr(url, '?') : NULL;
  while (at && *at) {
    size_t length = strcspn(++at, "&");
    hide_parameter(attempt, at, length);
    at += length;
  }
}

/* Some gateways echo the request in their error. Keys are hidden there too, ours and those that the program
 * put into a header or the query. */
static void hide_keys(struct http_attempt *attempt) {
  for (const struct curl_slist *line = attempt->headers; line; line = line->next)
    if (!header_secrets_hide(line->data, &attempt->response.headers) ||
        !header_secrets_hide(line->data, &attempt->response.body))
      drop_answer(attempt);
  hide_query(attempt);
  hide_proxy_credentials(attempt);
}

void attempt_secrets_forget(struct http_attempt *attempt) {
  attempt->headers = NULL;
  text_buffer_erase(&attempt->authorization_line);
}

void attempt_secrets_hide(struct http_attempt *attempt) {
  hide_keys(attempt);
  attempt_secrets_forget(attempt);
}
