/* SPDX-License-Identifier: MIT */
/* The plain loop of libcurl: one easy handle, curl_easy_perform again and again, the answer thrown away.
 * The header lines are taken from the request that the module was seen to send.
 * usage: easy_perform URL REQUEST_FILE CALLS [nosignal]      prints seconds per call */
#include "base/monotonic_clock.h"
#include "plain_curl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void perform(CURL *easy, long calls) {
  for (long call = 0; call < calls; call++) {
    CURLcode result = curl_easy_perform(easy);
    if (result != CURLE_OK) plain_curl_fail(curl_easy_strerror(result));
  }
}

int main(int argc, char **argv) {
  if (argc < 4) plain_curl_fail("usage: easy_perform URL REQUEST_FILE CALLS [nosignal]");
  long calls = atol(argv[3]);
  struct curl_slist *headers = plain_curl_read_headers(argv[2]);

  curl_global_init(CURL_GLOBAL_DEFAULT);
  CURL *easy = plain_curl_new_easy(headers, NULL);
  curl_easy_setopt(easy, CURLOPT_URL, argv[1]);
  if (argc > 4 && strcmp(argv[4], "nosignal") == 0) curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);

  perform(easy, calls / 10 + 1); /* connects and warms up */
  double start = monotonic_clock_now();
  perform(easy, calls);
  printf("%.9f\n", (monotonic_clock_now() - start) / (double)calls);

  curl_easy_cleanup(easy);
  curl_slist_free_all(headers);
  curl_global_cleanup();
}
