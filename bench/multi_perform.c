/* SPDX-License-Identifier: MIT */
/* The plain loop of libcurl for many at a time: curl_multi_perform, curl_multi_poll, and a finished handle
 * put to use again at once. Answers are thrown away, but for their status. usage: multi_perform BASE_URL
 * REQUEST_FILE IN_FLIGHT CALLS      prints seconds per call, and seconds of CPU */
#include "base/monotonic_clock.h"
#include "plain_curl.h"
#include "plain_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void run(struct plain_stream *stream, long calls) {
  int running;
  plain_stream_want(stream, calls);
  for (;;) {
    if (curl_multi_perform(stream->multi, &running) != CURLM_OK) plain_curl_fail("curl_multi_perform");
    plain_stream_refill(stream);
    if (stream->finished == stream->wanted) return;
    if (curl_multi_poll(stream->multi, NULL, 0, 1000, NULL) != CURLM_OK) plain_curl_fail("curl_multi_poll");
  }
}

int main(int argc, char **argv) {
  struct plain_stream stream;
  double start, seconds;
  clock_t cpu;
  if (argc != 5) plain_curl_fail("usage: multi_perform BASE_URL REQUEST_FILE IN_FLIGHT CALLS");
  int in_flight = atoi(argv[3]);
  long calls = atol(argv[4]);
  plain_stream_create(&stream, argv[1], argv[2], in_flight, NULL);

  run(&stream, in_flight + calls / 10); /* connects and warms up */
  start = monotonic_clock_now();
  cpu = clock();
  run(&stream, calls);
  seconds = monotonic_clock_now() - start;
  printf("%.9f %.9f\n", seconds / (double)calls, (double)(clock() - cpu) / CLOCKS_PER_SEC / (double)calls);
  plain_stream_destroy(&stream);
}
