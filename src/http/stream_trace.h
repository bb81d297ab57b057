/* SPDX-License-Identifier: MIT */
/* The service's messages about HTTP/2 streams, from libcurl's trace: there is no API for them. A text in
 * other words is not recognised, and then a request counts as one that the service may have acted on. */
#ifndef HTTP_STREAM_TRACE_H
#define HTTP_STREAM_TRACE_H

#include <stdbool.h>
#include <stddef.h>

enum stream_trace_kind {
  STREAM_TRACE_OTHER,
  STREAM_TRACE_OPENED,     /* `number` is the request's stream */
  STREAM_TRACE_LAST,       /* the service acts on no stream after `number` (GOAWAY) */
  STREAM_TRACE_REFUSED,    /* the service has refused its stream, and never acts on it */
  STREAM_TRACE_SEND_AGAIN, /* libcurl will send it again, because no answer came */
};

struct stream_trace {
  enum stream_trace_kind kind;
  unsigned long number;
};

struct stream_trace stream_trace_read(const char *text, size_t length);

#endif
