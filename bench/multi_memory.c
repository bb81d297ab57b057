/* SPDX-License-Identifier: MIT */
/* How much resident memory an easy handle takes that is in flight in a multi handle, against a service that
 * never answers. usage: multi_memory BASE_URL REQUEST_FILE TRANSFERS CONNECTIONS      prints KiB a transfer
 */
#include "base/monotonic_clock.h"
#include "plain_curl.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define QUIET_SECONDS 0.2

static double resident_kib(void) {
  long pages = 0;
  FILE *statm = fopen("/proc/self/statm", "r");
  if (!statm || fscanf(statm, "%*d %ld", &pages) != 1) plain_curl_fail("no /proc/self/statm");
  fclose(statm);
  return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1024;
}

static void begin(CURLM *multi, const char *base_url, struct curl_slist *headers, int count) {
  for (int i = 0; i < count; i++) {
    CURL *easy = plain_curl_new_easy(headers, NULL);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    plain_curl_set_upload(easy, base_url, i);
    curl_multi_add_handle(multi, easy);
  }
}

/* Until there was nothing to do for so long. */
static void run(CURLM *multi) {
  double start;
  int running;
  do {
    start = monotonic_clock_now();
    curl_multi_perform(multi, &running);
    curl_multi_poll(multi, NULL, 0, (int)(QUIET_SECONDS * 1000), NULL);
  } while (monotonic_clock_now() - start < QUIET_SECONDS);
}

int main(int argc, char **argv) {
  if (argc != 5) plain_curl_fail("usage: multi_memory BASE_URL REQUEST_FILE TRANSFERS CONNECTIONS");
  struct curl_slist *headers = plain_curl_read_headers(argv[2]);
  int count = atoi(argv[3]);
  long connections = atol(argv[4]);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  CURLM *multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, connections);

  begin(multi, argv[1], headers, 32); /* what only the first ones need */
  run(multi);
  double before = resident_kib();
  begin(multi, argv[1], headers, count);
  run(multi);
  printf("%.3f\n", (resident_kib() - before) / count); /* the end of the process cleans up */
}
