/* SPDX-License-Identifier: MIT */
/* The wait that an answer's headers ask for. The first line of an input is the time of our clock, in seconds
 * since 1970; the rest is the block of headers. */
#include "http/http_headers.h"
#include "http/http_response.h"

#include "fuzz.h"
#include <float.h>
#include <math.h>
#include <string.h>

enum { HOUR = 3600, DAY = 24 * HOUR, YEAR = 365 * DAY, LONGEST_NUMBER = 1000 };

/* Takes the number at the start of the first line, and the line. */
static time_t take_time(const char **bytes, size_t *size) {
  const char *newline = memchr(*bytes, '\n', *size);
  size_t length = newline ? (size_t)(newline + 1 - *bytes) : *size;
  time_t time = 0;
  for (size_t i = 0; i < length && (*bytes)[i] >= '0' && (*bytes)[i] <= '9'; i++)
    time = (time * 10 + ((*bytes)[i] - '0')) % 100000000000;
  *bytes += length;
  *size -= length;
  return time;
}

/* curl hands out headers line by line, from a buffer of its own. */
static void feed(struct http_response *response, const char *bytes, size_t size) {
  while (size > 0) {
    const char *newline = memchr(bytes, '\n', size);
    size_t length = newline ? (size_t)(newline + 1 - bytes) : size;
    char *line = malloc(length);
    memcpy(line, bytes, length);
    if (http_response_take_header(line, 1, length, response) != length) size = length;
    free(line);
    bytes += length;
    size -= length;
  }
}

static bool find(const struct http_response *response, const char *name, struct http_header *header) {
  return http_headers_last(response->headers.bytes, response->headers.length, name, header);
}

/* What the C library reads in the same text, where we take that for a number. */
static void check_number(const struct http_header *header) {
  char text[LONGEST_NUMBER + 1], *end;
  double ours, theirs;
  if (!retry_policy_parse_number(header->value, header->value_length, &ours)) return;
  REQUIRE(ours >= 0 && ours <= DBL_MAX, "a number is none that can be waited for");
  if (header->value_length > LONGEST_NUMBER) return;
  memcpy(text, header->value, header->value_length);
  text[header->value_length] = '\0';
  theirs = strtod(text, &end);
  REQUIRE(*end == '\0' || *end == ' ' || *end == '\t', "what is no number was taken for one");
  REQUIRE(fabs(fmin(theirs, DBL_MAX) - ours) <= 1e-9 * ours + 1e-300, "a number was misread");
}

static void check_wait(const struct http_response *response, time_t now) {
  double wait = http_response_retry_after(response, now), later;
  struct http_header header;
  double number;
  REQUIRE(wait >= 0 && wait <= DBL_MAX, "a wait is no time");
  later = http_response_retry_after(response, now + HOUR);
  REQUIRE(later <= wait || later > DAY, "a later clock makes a wait longer"); /* a day and more is doubted */
  if (find(response, "retry-after-ms", &header)) check_number(&header);
  if (!find(response, "retry-after", &header)) return;
  check_number(&header);
  if (!retry_policy_parse_number(header.value, header.value_length, &number)) return;
  REQUIRE(http_response_retry_after(response, now + YEAR) == wait, "a number depends on our clock");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *bytes = (const char *)data;
  struct http_response response;
  time_t now = take_time(&bytes, &size);
  http_response_create(&response, 1);
  feed(&response, bytes, size);
  check_wait(&response, now);
  http_response_destroy(&response);
  return 0;
}
