/* SPDX-License-Identifier: MIT */
#include "http/request_additions.h"

#include "http/http_headers.h"
#include "http/service_url.h"

void request_additions_destroy(struct request_additions *additions) {
  http_headers_wipe(additions->headers);
  additions->headers = NULL;
  text_buffer_wipe(&additions->query);
}

bool request_additions_set_header(struct request_additions *additions, const char *name, size_t name_length,
                                  const char *value, size_t value_length, struct failure *failure) {
  return http_headers_set(&additions->headers, name, name_length, value, value_length, failure);
}

bool request_additions_set_header_lines(struct request_additions *additions, const char *lines, size_t length,
                                        const char *variable, struct failure *failure) {
  return http_headers_set_lines(&additions->headers, lines, length, variable, failure);
}

bool request_additions_add_defaults(struct request_additions *additions, struct request_additions *defaults,
                                    struct failure *failure) {
  struct curl_slist *own = additions->headers;
  if (!http_headers_merge(&defaults->headers, own)) return failure_set_out_of_memory(failure);
  additions->headers = defaults->headers;
  defaults->headers = NULL;
  http_headers_wipe(own);
  return true;
}

bool request_additions_add_query(struct request_additions *additions, const char *name, size_t name_length,
                                 const char *value, size_t value_length, struct failure *failure) {
  struct text_buffer *query = &additions->query;
  if (query->cap == 0) text_buffer_create(query, SERVICE_URL_MAX_BYTES);
  if (service_url_add_query(query, name, name_length, value, value_length)) return true;
  if (!query->over_cap) return failure_set_out_of_memory(failure);
  return failure_set(failure, FAILURE_CONFIGURATION, "query is longer than %d bytes", SERVICE_URL_MAX_BYTES);
}
