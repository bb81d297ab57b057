/* SPDX-License-Identifier: MIT */
#include "http/http_response.h"

#include "base/ascii.h"
#include "http/http_headers.h"

#include <string.h>

void http_response_create(struct http_response *response, size_t max_body_bytes) {
  text_buffer_create(&response->headers, HTTP_RESPONSE_MAX_HEADER_BYTES);
  text_buffer_create(&response->body, max_body_bytes);
  response->has_whole_head = response->is_success = false;
}

void http_response_destroy(struct http_response *response) {
  text_buffer_destroy(&response->headers);
  text_buffer_destroy(&response->body);
}

void http_response_clear(struct http_response *response) {
  text_buffer_clear(&response->headers);
  text_buffer_clear(&response->body);
  response->has_whole_head = response->is_success = false;
}

static bool is_empty_line(const char *bytes, size_t length) {
  return length == 1 ? bytes[0] == '\n' : length == 2 && memcmp(bytes, "\r\n", 2) == 0;
}

static bool is_status_line(const char *bytes, size_t length) {
  return length > 5 && memcmp(bytes, "HTTP/", 5) == 0;
}

/* "HTTP/1.1 200 OK" */
static bool has_status_2xx(const char *line, size_t length) {
  const char *blank = memchr(line, ' ', length);
  return blank && blank + 1 < line + length && blank[1] == '2';
}

size_t http_response_take_header(char *bytes, size_t size, size_t count, void *response) {
  struct http_response *taker = response;
  size_t length = size * count;
  if (is_status_line(bytes, length)) {
    http_response_clear(taker);
    taker->is_success = has_status_2xx(bytes, length);
  }
  if (taker->has_whole_head) return length; /* a trailer neither controls a retry nor replaces a header */
  if (is_empty_line(bytes, length)) taker->has_whole_head = true;
  return text_buffer_append(&taker->headers, bytes, length) ? length : 0;
}

size_t http_response_take_body(char *bytes, size_t size, size_t count, void *response) {
  struct text_buffer *body = &((struct http_response *)response)->body;
  size_t length = size * count;
  size_t room = body->cap - body->length;
  if (length > room) text_buffer_append(body, bytes, room); /* keep as much as fits */
  return text_buffer_append(body, bytes, length) ? length : 0;
}

bool http_response_header(const struct http_response *response, const char *name, char *value, size_t size) {
  return http_headers_find(response->headers.bytes, response->headers.length, name, value, size);
}

/* Reads a number in a header of any length. A number that is too large must not count as none. */
static bool header_number(const struct http_response *response, const char *name, double *number) {
  struct http_header header;
  return http_headers_last(response->headers.bytes, response->headers.length, name, &header) &&
         retry_policy_parse_number(header.value, header.value_length, number);
}

/* A date in a header; -1 for none. */
static time_t header_date(const struct http_response *response, const char *name) {
  char value[64];
  if (!http_response_header(response, name, value, sizeof value)) return -1;
  /* a date has a month's name in it: curl_getdate alone would also take "-10" or "12:00" for one */
  return strpbrk(value, "JFMASONDjfmasond") && strchr(value, ':') ? curl_getdate(value, NULL) : -1;
}

double http_response_retry_after(const struct http_response *response, time_t now) {
  double number;
  if (header_number(response, "retry-after-ms", &number)) return number / 1000;
  if (header_number(response, "retry-after", &number)) return number;
  return retry_policy_date_wait(header_date(response, "retry-after"), header_date(response, "date"), now);
}

enum retry_advice http_response_retry_advice(const struct http_response *response) {
  char value[8];
  if (!http_response_header(response, "x-should-retry", value, sizeof value)) return RETRY_ADVICE_NONE;
  if (ascii_same_text(value, "true")) return RETRY_ADVICE_RETRY;
  return ascii_same_text(value, "false") ? RETRY_ADVICE_STOP : RETRY_ADVICE_NONE;
}
