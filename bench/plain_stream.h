/* SPDX-License-Identifier: MIT */
/* Cancels Upload after Upload, each with an id of its own, so many at a time, in handles that are used again
 * and again. Its owner drives the multi handle. */
#ifndef BENCH_PLAIN_STREAM_H
#define BENCH_PLAIN_STREAM_H

#include <curl/curl.h>

struct plain_stream {
  CURLM *multi;
  const char *base_url;
  CURL **idle; /* handles that are not in flight */
  int idle_count;
  long begun, finished, wanted;
};

void plain_stream_create(struct plain_stream *stream, const char *base_url, const char *request_file,
                         int in_flight, const char *ca_file);

/* Wants so many more transfers, and begins as many as may be in flight. */
void plain_stream_want(struct plain_stream *stream, long transfers);

/* Takes what has finished, and begins as many others. */
void plain_stream_refill(struct plain_stream *stream);

/* Ends the connections too. */
void plain_stream_destroy(struct plain_stream *stream);

#endif
