/* SPDX-License-Identifier: MIT */
#include "http/http_request.h"

#include "http/http_headers.h"

enum { HTTP_REQUEST_MAX_URL_BYTES = 64 * 1024 };

bool http_request_create(struct http_request *request, const struct http_settings *settings,
                         const struct request_additions *additions) {
  const struct curl_slist *headers = settings->additions.headers;
  *request = (struct http_request){.headers = headers};
  text_buffer_create(&request->url, HTTP_REQUEST_MAX_URL_BYTES);
  text_buffer_create(&request->body, HTTP_REQUEST_MAX_BODY_BYTES);
  text_buffer_create(&request->expected.id, HTTP_REQUEST_MAX_URL_BYTES);
  if (additions && additions->headers) {
    if (!http_headers_merge(&request->own_headers, headers) ||
        !http_headers_merge(&request->own_headers, additions->headers))
      return false;
    request->headers = request->own_headers;
  }
  return text_buffer_append(&request->url, settings->url.prefix.bytes, settings->url.prefix.length);
}

void http_request_destroy(struct http_request *request) {
  text_buffer_wipe(&request->url); /* with its query, as additions */
  text_buffer_destroy(&request->body);
  text_buffer_destroy(&request->expected.id);
  http_headers_wipe(request->own_headers);
  request->own_headers = NULL;
}

const char *http_request_method(const struct http_request *request) {
  switch (request->method) {
  case HTTP_METHOD_GET: return "GET";
  case HTTP_METHOD_DELETE: return "DELETE";
  case HTTP_METHOD_POST: break;
  }
  return "POST";
}

bool http_request_has_effect(const struct http_request *request) {
  return request->method != HTTP_METHOD_GET;
}

bool http_request_seal(struct http_request *request, const struct http_settings *settings,
                       const struct request_additions *additions, struct failure *failure) {
  struct text_buffer *url = &request->url;
  bool sealed = service_url_append_query(url, &settings->url.query) &&
                service_url_append_query(url, &settings->additions.query) &&
                (!additions || service_url_append_query(url, &additions->query));
  if (url->over_cap)
    return failure_set(failure, FAILURE_CONFIGURATION, "the request's URL is longer than %zu bytes",
                       url->cap);
  if (request->body.over_cap)
    return failure_set(failure, FAILURE_CONFIGURATION, "the request's body is longer than %zu bytes",
                       request->body.cap);
  return sealed || failure_set_out_of_memory(failure);
}
