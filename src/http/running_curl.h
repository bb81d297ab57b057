/* SPDX-License-Identifier: MIT */
/* What the libcurl that runs can do, which may be another than the one whose headers this was built with. */
#ifndef HTTP_RUNNING_CURL_H
#define HTTP_RUNNING_CURL_H

#include "base/sigpipe_guard.h"
#include <curl/curl.h>

/* Asked once in a process, since libcurl fills buffers of its own each time, whichever thread asks. */
const curl_version_info_data *running_curl_info(void);

/* Around each call of libcurl that may write to a socket: before 7.87 its OpenSSL connections raise SIGPIPE
 * when the other side is gone, whatever CURLOPT_NOSIGNAL says. */
void running_curl_enter(struct sigpipe_guard *guard);

/* Whether it was built with zlib. */
bool running_curl_reads_gzip(void);

/* Whether it knows a file of certificate authorities where none is set. */
bool running_curl_has_ca_file(void);

/* Whether its TLS asks on the terminal for the password of a key, where none is given. GnuTLS does not, and
 * would not read a key that is not encrypted, were it given an empty password. */
bool running_curl_asks_for_passwords(void);

#endif
