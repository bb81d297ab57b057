/* SPDX-License-Identifier: MIT */
/* The plain loop of libcurl: one easy handle, curl_easy_perform again and again, the answer thrown away.
 * The header lines are taken from the request that the module was seen to send.
 * usage: easy_perform URL REQUEST_FILE CALLS [nosignal]      prints seconds per call */
#include "base/monotonic_clock.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *reason) {
  fprintf(stderr, "easy_perform: %s\n", reason);
  exit(EXIT_FAILURE);
}

static struct curl_slist *read_headers(const char *request_file) {
  /* curl adds a content type to every POST, and the module sends none. */
  struct curl_slist *headers = curl_slist_append(NULL, "Content-Type:");
  char line[1024];
  FILE *request = fopen(request_file, "r");
  if (!request || !fgets(line, sizeof line, request)) fail("cannot read the request");
  while (fgets(line, sizeof line, request)) {
    line[strcspn(line, "\r\n")] = '\0';
    if (*line) headers = curl_slist_append(headers, line);
  }
  fclose(request);
  return headers;
}

static size_t discard(char *bytes, size_t size, size_t count, void *context) {
  (void)bytes;
  (void)context;
  return size * count;
}

static void perform(CURL *easy, long calls) {
  for (long call = 0; call < calls; call++) {
    CURLcode result = curl_easy_perform(easy);
    if (result != CURLE_OK) fail(curl_easy_strerror(result));
  }
}

int main(int argc, char **argv) {
  if (argc < 4) fail("usage: easy_perform URL REQUEST_FILE CALLS [nosignal]");
  long calls = atol(argv[3]);
  struct curl_slist *headers = read_headers(argv[2]);

  curl_global_init(CURL_GLOBAL_DEFAULT);
  CURL *easy = curl_easy_init();
  if (!easy) fail("no easy handle");
  curl_easy_setopt(easy, CURLOPT_URL, argv[1]);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
  curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
  if (argc > 4 && strcmp(argv[4], "nosignal") == 0) curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);

  perform(easy, calls / 10 + 1); /* connects and warms up */
  double start = monotonic_clock_now();
  perform(easy, calls);
  printf("%.9f\n", (monotonic_clock_now() - start) / (double)calls);

  curl_easy_cleanup(easy);
  curl_slist_free_all(headers);
  curl_global_cleanup();
}
