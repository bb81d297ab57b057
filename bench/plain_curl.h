/* SPDX-License-Identifier: MIT */
/* What the plain programs on libcurl share: a handle that sends what the module sends. Whatever goes wrong
 * ends the program. */
#ifndef BENCH_PLAIN_CURL_H
#define BENCH_PLAIN_CURL_H

#include <curl/curl.h>

_Noreturn void plain_curl_fail(const char *reason);

/* The header lines of a request that the module was seen to send. */
struct curl_slist *plain_curl_read_headers(const char *request_file);

/* A POST to nowhere yet, without a body, whose answer is thrown away; any status of 400 and above is an
 * error. `ca_file` may be NULL. */
CURL *plain_curl_new_easy(struct curl_slist *headers, const char *ca_file);

/* The URL of a cancel, of an Upload of that number. */
void plain_curl_set_upload(CURL *easy, const char *base_url, long number);

#endif
