/* SPDX-License-Identifier: MIT */
/* How long single steps take over TLS that do what is ready and wait for nothing: curl_multi_socket_action on
 * epoll, and taking off what has finished. Beginning the next ones is not counted. usage: multi_steps
 * BASE_URL REQUEST_FILE IN_FLIGHT CALLS CA_FILE monotonic|cpu prints the median, the value that a thousandth
 * exceeds and the longest, in seconds by that clock: of the steps while connections were made, then of the
 * others */
#include "plain_curl.h"
#include "plain_loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_STEPS = 4 * 1000 * 1000 };

static double took[MAX_STEPS];
static clockid_t clock_used = CLOCK_MONOTONIC;

static double now(void) {
  struct timespec time;
  clock_gettime(clock_used, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static int ascending(const void *left, const void *right) {
  double difference = *(const double *)left - *(const double *)right;
  return (difference > 0) - (difference < 0);
}

static void time_steps(struct plain_loop *loop, long until_finished) {
  struct plain_stream *stream = loop->stream;
  size_t count = 0;
  while (stream->finished < until_finished) {
    double start = now();
    plain_loop_step(loop, 0);
    took[count++ % MAX_STEPS] = now() - start;
    plain_stream_refill(stream);
  }
  if (count > MAX_STEPS) count = MAX_STEPS;
  qsort(took, count, sizeof *took, ascending);
  printf("%.9f %.9f %.9f\n", took[count / 2], took[count - 1 - count / 1000], took[count - 1]);
}

int main(int argc, char **argv) {
  struct plain_stream stream;
  struct plain_loop loop;
  if (argc != 7)
    plain_curl_fail("usage: multi_steps BASE_URL REQUEST_FILE IN_FLIGHT CALLS CA_FILE monotonic|cpu");
  if (strcmp(argv[6], "cpu") == 0) clock_used = CLOCK_PROCESS_CPUTIME_ID;
  int in_flight = atoi(argv[3]);
  long calls = atol(argv[4]);
  plain_stream_create(&stream, argv[1], argv[2], in_flight, argv[5]);
  plain_loop_create(&loop, &stream);
  plain_stream_want(&stream, 10 * in_flight + calls);
  time_steps(&loop, 10 * in_flight); /* by then each has a connection */
  time_steps(&loop, stream.wanted);
  plain_stream_destroy(&stream);
}
