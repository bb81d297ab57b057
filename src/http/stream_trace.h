/* SPDX-License-Identifier: MIT */
/* What the service has said of the streams of HTTP/2, as libcurl's trace tells it: there is no code for it. A
 * text that is worded otherwise is not understood, and then a request counts as one that may have been acted
 * on. */
#ifndef HTTP_STREAM_TRACE_H
#define HTTP_STREAM_TRACE_H

#include <stdbool.h>
#include <stddef.h>

enum stream_trace_kind {
  STREAM_TRACE_OTHER,
  STREAM_TRACE_OPENED,     /* `number` is the request's stream */
  STREAM_TRACE_LAST,       /* the service acts on none beyond the stream `number` (GOAWAY) */
  STREAM_TRACE_REFUSED,    /* the service has refused its stream, and never acts on it */
  STREAM_TRACE_SEND_AGAIN, /* libcurl will send it again, for no answer came */
};

struct stream_trace {
  enum stream_trace_kind kind;
  unsigned long number;
};

struct stream_trace stream_trace_read(const char *text, size_t length);

#endif
