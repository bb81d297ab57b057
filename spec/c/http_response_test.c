/* SPDX-License-Identifier: MIT */
#include "http/http_response.h"

#include "unit.h"
#include <math.h>
#include <string.h>

enum { NOW = 784111777 }; /* Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110's examples */

static bool take_headers(struct http_response *response, const char *block) {
  char line[1024];
  while (*block) {
    size_t length = strcspn(block, "\n");
    if (block[length]) length++;
    memcpy(line, block, length);
    if (http_response_take_header(line, 1, length, response) != length) return false;
    block += length;
  }
  return true;
}

static void waits_as_the_headers_say(void) {
  static const struct wait_row {
    const char *headers;
    double seconds;
  } rows[] = {
      {"", 0},
      {"Retry-After: 20\r\n", 20},
      {"retry-after: 0\r\n", 0},
      {"retry-after: -10\r\n", 0},
      {"retry-after: 60\r\n", 60},
      {"retry-after: 61\r\n", 61},
      {"retry-after: 120\r\n", 120},
      {"retry-after: 121\r\n", 121},
      {"retry-after: 1.5\r\n", 1.5},
      {"retry-after:  5 \r\n", 5},
      {"retry-after: inf\r\n", 0},
      {"retry-after: nan\r\n", 0},
      {"retry-after:\r\n", 0},
      {"retry-after: -1100\r\n", 0},
      {"retry-after: 99999999999999999999999999999999999999\r\n", 1e38},
      {"retry-after: soon\r\n", 0},
      {"retry-after: 0x10\r\n", 0},
      {"retry-after: 1e3\r\n", 0},
      {"retry-after: 12:00\r\n", 0},
      {"retry-after: 1994\r\n", 1994},
      {"retry-after: 19941106\r\n", 19941106},
      {"retry-after: Sun, 06 Nov 1994 08:50:07 GMT\r\n", 30},
      {"retry-after: Sunday, 06-Nov-94 08:50:07 GMT\r\n", 30},
      {"retry-after: Sun Nov  6 08:50:07 1994\r\n", 30},
      {"retry-after: Sun, 06 Nov 1994 08:49:38 GMT\r\n", 1},
      {"retry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 0},
      {"retry-after: Sun, 06 Nov 1994 08:49:07 GMT\r\n", 0},
      {"retry-after: Sunday, 06-Nov-94 08:49:07 GMT\r\n", 0},
      {"retry-after: Sun Nov  6 08:49:07 1994\r\n", 0},
      {"retry-after: Wed, 06 Nov 1974 08:49:37 GMT\r\n", 0},
      {"retry-after: Mon, 07 Nov 1994 08:49:37 GMT\r\n", 86400},
      {"retry-after: Sun, 06 Nov 1994 GMT\r\n", 0},
      {"retry-after: Sun, 99 Nov 1994 08:50:07 GMT\r\n", 0},
      {"retry-after: Sun, 06 Nov 1994 08:50:07 GMT, and more than sixty-three bytes in all\r\n", 0},
      {"date: Sun, 06 Nov 1994 07:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 07:50:07 GMT\r\n", 30},
      {"date: Sun, 06 Nov 1994 09:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 09:50:07 GMT\r\n", 30},
      {"date: soon\r\nretry-after: Sun, 06 Nov 1994 08:50:07 GMT\r\n", 30},
      {"date: Sun, 06 Nov 1994 09:49:37 GMT\r\nretry-after: 20\r\n", 20},
      {"retry-after: 99999999999999999999999999999999999999999999999999999999999999999999999999999999\r\n",
       1e80},
      {"retry-after-ms: 1500\r\n", 1.5},
      {"retry-after-ms: 1500\r\nretry-after: 20\r\n", 1.5},
      {"retry-after: 20\r\nRetry-After-Ms: 2500\r\n", 2.5},
      {"retry-after-ms: 0.5\r\n", 0.0005},
      {"retry-after-ms: rubbish\r\nretry-after: 20\r\n", 20},
      {"retry-after-ms: -5\r\nretry-after: 20\r\n", 20},
      {"retry-after-ms:\r\nretry-after: 20\r\n", 20},
      {"retry-after: 20\r\nretry-after: 30\r\n", 30},
  };
  EACH(row, rows) {
    struct http_response response;
    double seconds;
    http_response_create(&response, 100);
    take_headers(&response, row->headers);
    seconds = http_response_retry_after(&response, NOW);
    CHECK(fabs(seconds - row->seconds) <= 1e-9 * row->seconds, "'%.*s' asks for %g s (was %g)",
          (int)strcspn(row->headers, "\r"), row->headers, row->seconds, seconds);
    http_response_destroy(&response);
  }
}

static void reads_the_services_advice(void) {
  static const struct advice_row {
    const char *headers;
    enum retry_advice advice;
  } rows[] = {
      {"", RETRY_ADVICE_NONE},
      {"x-should-retry: true\r\n", RETRY_ADVICE_RETRY},
      {"X-Should-Retry: TRUE\r\n", RETRY_ADVICE_RETRY},
      {"x-should-retry: false\r\n", RETRY_ADVICE_STOP},
      {"x-should-retry: False \r\n", RETRY_ADVICE_STOP},
      {"x-should-retry:\r\n", RETRY_ADVICE_NONE},
      {"x-should-retry: maybe\r\n", RETRY_ADVICE_NONE},
      {"x-should-retry: truely\r\n", RETRY_ADVICE_NONE},
      {"x-should-retry: true, true\r\n", RETRY_ADVICE_NONE},
      {"x-should-retry-not: true\r\n", RETRY_ADVICE_NONE},
  };
  EACH(row, rows) {
    struct http_response response;
    http_response_create(&response, 100);
    take_headers(&response, row->headers);
    CHECK(http_response_retry_advice(&response) == row->advice, "'%.*s' is advice %d",
          (int)strcspn(row->headers, "\r"), row->headers, row->advice);
    http_response_destroy(&response);
  }
}

static void keeps_the_last_answers_headers(void) {
  struct http_response response;
  char value[16];
  http_response_create(&response, 100);
  CHECK(take_headers(&response, "HTTP/1.1 100 Continue\r\nretry-after: 9\r\nEarly: yes\r\n\r\nHTTP/1.1 503 "
                                "No\r\nLate: yes\r\n\r\n"),
        "two header blocks are taken");
  CHECK(!http_response_header(&response, "Early", value, sizeof value) &&
            http_response_retry_after(&response, NOW) == 0,
        "what came with a 100 is dropped");
  CHECK(http_response_header(&response, "late", value, sizeof value) && strcmp(value, "yes") == 0,
        "what came with the answer is kept");
  take_headers(&response, "HTTP/2 200\r\n\r\n");
  CHECK(!http_response_header(&response, "late", value, sizeof value),
        "a status line of HTTP/2 begins a new block as well");
  http_response_destroy(&response);
}

static void leaves_trailers_alone(void) {
  struct http_response response;
  char value[64];
  http_response_create(&response, 1000);
  take_headers(&response, "HTTP/2 103\r\nx-request-id: early\r\n\r\n");
  take_headers(&response, "HTTP/2 429\r\nx-request-id: req_1\r\nretry-after: 1\r\n\r\n");
  CHECK(take_headers(&response, "x-request-id: req_2\r\nretry-after: 99\r\nx-should-retry: false\r\n\r\n"),
        "trailers do not end the exchange");
  CHECK(http_response_header(&response, "x-request-id", value, sizeof value) && strcmp(value, "req_1") == 0,
        "a trailer replaces no header");
  CHECK(http_response_retry_after(&response, NOW) <= 1 &&
            http_response_retry_advice(&response) == RETRY_ADVICE_NONE,
        "nor does it steer a retry");
  http_response_destroy(&response);
}

static void caps_headers_and_body(void) {
  struct http_response response;
  char line[1024];
  size_t lines = 0;
  memset(line, 'x', sizeof line);
  http_response_create(&response, 10);
  CHECK(http_response_take_body(line, 1, 10, &response) == 10 && !response.body.over_cap,
        "a body as large as the cap is taken");
  CHECK(http_response_take_body(line, 1, 1, &response) == 0 && response.body.over_cap,
        "one byte more ends the exchange");
  CHECK(response.body.length == 10, "the body so far is kept");
  http_response_clear(&response);
  CHECK(http_response_take_body(line, 1, 11, &response) == 0 && response.body.over_cap &&
            response.body.length == 10,
        "of a piece that is too large what fits is kept");
  while (lines < 1000 && http_response_take_header(line, sizeof line, 1, &response) == sizeof line) lines++;
  CHECK(lines == HTTP_RESPONSE_MAX_HEADER_BYTES / sizeof line && response.headers.over_cap,
        "headers are taken up to their cap");
  http_response_clear(&response);
  CHECK(response.body.length == 0 && response.headers.length == 0 && !response.body.over_cap &&
            !response.headers.over_cap,
        "a cleared response is ready for the next answer");
  CHECK(http_response_take_body(line, 2, 5, &response) == 10, "and has its cap again");
  http_response_destroy(&response);
}

int main(void) {
  waits_as_the_headers_say();
  reads_the_services_advice();
  keeps_the_last_answers_headers();
  leaves_trailers_alone();
  caps_headers_and_body();
  return unit_end();
}
