/* SPDX-License-Identifier: MIT */
#include "http/http_request.h"

#include "http/http_headers.h"

#include <string.h>

enum { HTTP_REQUEST_MAX_URL_BYTES = 64 * 1024, HTTP_REQUEST_MAX_FORM_BYTES = 64 * 1024 };

bool http_request_create(struct http_request *request, const struct http_settings *settings,
                         const struct request_additions *additions) {
  const struct curl_slist *headers = settings->additions.headers;
  *request = (struct http_request){.headers = headers};
  text_buffer_create(&request->url, HTTP_REQUEST_MAX_URL_BYTES);
  text_buffer_create(&request->body, HTTP_REQUEST_MAX_BODY_BYTES);
  text_buffer_create(&request->expected.id, HTTP_REQUEST_MAX_URL_BYTES);
  text_buffer_create(&request->form.filename, HTTP_REQUEST_MAX_FORM_BYTES);
  text_buffer_create(&request->form.mime_type, HTTP_REQUEST_MAX_FORM_BYTES);
  text_buffer_create(&request->form.texts, HTTP_REQUEST_MAX_FORM_BYTES);
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
  text_buffer_destroy(&request->form.filename);
  text_buffer_destroy(&request->form.mime_type);
  text_buffer_destroy(&request->form.texts);
  http_headers_wipe(request->own_headers);
  request->own_headers = NULL;
}

bool http_request_set_form(struct http_request *request, const char *field, struct byte_source *source,
                           const char *filename, const char *mime_type) {
  request->source = source;
  request->form.field = field;
  return text_buffer_append_text(&request->form.filename, filename) &&
         text_buffer_append_text(&request->form.mime_type, mime_type);
}

bool http_request_add_text(struct http_request *request, const char *name, const char *value) {
  return text_buffer_append(&request->form.texts, name, strlen(name) + 1) &&
         text_buffer_append(&request->form.texts, value, strlen(value) + 1);
}

static bool is_form_over_cap(const struct request_form *form) {
  return form->filename.over_cap || form->mime_type.over_cap || form->texts.over_cap;
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
  if (is_form_over_cap(&request->form))
    return failure_set(failure, FAILURE_CONFIGURATION, "a text of the request's form is longer than %d bytes",
                       HTTP_REQUEST_MAX_FORM_BYTES);
  return sealed || failure_set_out_of_memory(failure);
}
