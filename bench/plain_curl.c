/* SPDX-License-Identifier: MIT */
#include "plain_curl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void plain_curl_fail(const char *reason) {
  fprintf(stderr, "plain libcurl: %s\n", reason);
  exit(EXIT_FAILURE);
}

struct curl_slist *plain_curl_read_headers(const char *request_file) {
  /* curl adds a content type to every POST, and the module sends none; curl knows the host by itself */
  struct curl_slist *headers = curl_slist_append(NULL, "Content-Type:");
  char line[1024];
  FILE *request = fopen(request_file, "r");
  if (!request || !fgets(line, sizeof line, request)) plain_curl_fail("cannot read the request");
  while (fgets(line, sizeof line, request)) {
    line[strcspn(line, "\r\n")] = '\0';
    if (*line && strncmp(line, "Host:", 5) != 0) headers = curl_slist_append(headers, line);
  }
  fclose(request);
  return headers;
}

static size_t discard(char *bytes, size_t size, size_t count, void *context) {
  (void)bytes;
  (void)context;
  return size * count;
}

CURL *plain_curl_new_easy(struct curl_slist *headers, const char *ca_file) {
  CURL *easy = curl_easy_init();
  if (!easy) plain_curl_fail("no easy handle");
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
  curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
  if (ca_file) curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
  return easy;
}

void plain_curl_set_upload(CURL *easy, const char *base_url, long number) {
  char url[256];
  snprintf(url, sizeof url, "%s/uploads/upload_%06ld/cancel", base_url, number);
  curl_easy_setopt(easy, CURLOPT_URL, url);
}
