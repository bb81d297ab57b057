/* SPDX-License-Identifier: MIT */
/* What multi_perform does, by curl_multi_socket_action on epoll.
 * usage: multi_socket BASE_URL REQUEST_FILE IN_FLIGHT CALLS      prints seconds per call, and seconds of CPU
 */
#include "base/monotonic_clock.h"
#include "plain_curl.h"
#include "plain_loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv) {
  struct plain_stream stream;
  struct plain_loop loop;
  if (argc != 5) plain_curl_fail("usage: multi_socket BASE_URL REQUEST_FILE IN_FLIGHT CALLS");
  int in_flight = atoi(argv[3]);
  long calls = atol(argv[4]);
  plain_stream_create(&stream, argv[1], argv[2], in_flight, NULL);
  plain_loop_create(&loop, &stream);

  plain_loop_run(&loop, in_flight + calls / 10); /* connects and warms up */
  double start = monotonic_clock_now();
  clock_t cpu = clock();
  plain_loop_run(&loop, calls);
  double seconds = monotonic_clock_now() - start;
  printf("%.9f %.9f\n", seconds / (double)calls, (double)(clock() - cpu) / CLOCKS_PER_SEC / (double)calls);
  plain_stream_destroy(&stream);
}
