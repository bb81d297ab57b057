/* SPDX-License-Identifier: MIT */
#include "http/stream_trace.h"

#include <string.h>

static const char *behind(const char *text, size_t length, const char *words) {
  const char *found = memmem(text, length, words, strlen(words));
  return found ? found + strlen(words) : NULL;
}

/* Some older versions print the stream in hexadecimal. Read as a decimal number it is too small, and so it
 * never counts as later than the last stream when it is not. */
static struct stream_trace with_number(enum stream_trace_kind kind, const char *digits, const char *end) {
  struct stream_trace trace = {.kind = kind};
  for (; digits < end && *digits >= '0' && *digits <= '9' && trace.number < 0x80000000UL; digits++)
    trace.number = trace.number * 10 + (unsigned long)(*digits - '0');
  return trace;
}

/* Most texts are others, and a request has a dozen of them. */
static bool may_matter(const char *text, size_t length) {
  return length > 0 && strchr("U[rRCH", *text) != NULL;
}

struct stream_trace stream_trace_read(const char *text, size_t length) {
  const char *end = text + length, *number;
  if (!may_matter(text, length)) return (struct stream_trace){0};
  if ((number = behind(text, length, "Using Stream ID: "))) /* libcurl 7 */
    return with_number(STREAM_TRACE_OPENED, number, end);
  if (behind(text, length, "] OPENED stream for ") && (number = behind(text, length, "[HTTP/2] [")))
    return with_number(STREAM_TRACE_OPENED, number, end);
  if (behind(text, length, "GOAWAY, error=") && (number = behind(text, length, ", last_stream=")))
    return with_number(STREAM_TRACE_LAST, number, end);
  if (behind(text, length,
             " refused by server, try again")) /* since libcurl 8.19, of a shared connection too */
    return (struct stream_trace){.kind = STREAM_TRACE_REFUSED};
  if (!behind(text, length, ", retrying a fresh connect")) return (struct stream_trace){0};
  return (struct stream_trace){.kind = behind(text, length, "REFUSED_STREAM") ? STREAM_TRACE_REFUSED
                                                                              : STREAM_TRACE_SEND_AGAIN};
}
