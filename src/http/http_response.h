/* SPDX-License-Identifier: MIT */
/* An answer as it was received: a header block and a body, both with a cap; and the meaning of the headers
 * that control retries. */
#ifndef HTTP_HTTP_RESPONSE_H
#define HTTP_HTTP_RESPONSE_H

#include "base/retry_policy.h"
#include "base/text_buffer.h"
#include <stddef.h>
#include <time.h>

enum { HTTP_RESPONSE_MAX_HEADER_BYTES = 128 * 1024 };

struct http_response {
  struct text_buffer headers; /* of the last answer; a 100 or 103 before it is dropped */
  struct text_buffer body;
  bool has_whole_head; /* the empty line after the headers was received */
  bool is_success;     /* its status is a 2xx */
};

void http_response_create(struct http_response *response, size_t max_body_bytes);
void http_response_destroy(struct http_response *response);
void http_response_clear(struct http_response *response);

/* The write functions for curl; `response` is a struct http_response. Taking less than was offered ends the
 * exchange, and the buffer's over_cap has the reason. */
size_t http_response_take_header(char *bytes, size_t size, size_t count, void *response);
size_t http_response_take_body(char *bytes, size_t size, size_t count, void *response);

/* Copies the last value of a header. False when it is absent or longer than `size`. `value` always ends with
 * a NUL. */
bool http_response_header(const struct http_response *response, const char *name, char *value, size_t size);

/* Seconds from retry-after-ms, else from retry-after (seconds or a date, see retry_policy_date_wait); 0 when
 * neither is valid: absent, past, zero or malformed. */
double http_response_retry_after(const struct http_response *response, time_t now);

enum retry_advice http_response_retry_advice(const struct http_response *response);

#endif
