/* SPDX-License-Identifier: MIT */
/* The answer as it comes off the wire: a raw header block and a body, both capped; and what the few headers
 * that steer a retry mean. */
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
  bool has_whole_head; /* the empty line after the headers has come */
};

void http_response_create(struct http_response *response, size_t max_body_bytes);
void http_response_destroy(struct http_response *response);
void http_response_clear(struct http_response *response);

/* curl writes through these two; `response` is a struct http_response. Taking less than was offered ends the
 * exchange; the buffer's over_cap tells why. */
size_t http_response_take_header(char *bytes, size_t size, size_t count, void *response);
size_t http_response_take_body(char *bytes, size_t size, size_t count, void *response);

/* The last value of a header; false when absent or longer than `size`. `value` always ends in NUL. */
bool http_response_header(const struct http_response *response, const char *name, char *value, size_t size);

/* Seconds asked for by retry-after-ms, else retry-after (seconds, else a date, see retry_policy_date_wait); 0
 * when neither says so in earnest: absent, past, zero or rubbish. */
double http_response_retry_after(const struct http_response *response, time_t now);

enum retry_advice http_response_retry_advice(const struct http_response *response);

#endif
