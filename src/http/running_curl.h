/* SPDX-License-Identifier: MIT */
/* Properties of the libcurl that is loaded, which may differ from the one whose headers this was built with.
 */
#ifndef HTTP_RUNNING_CURL_H
#define HTTP_RUNNING_CURL_H

#include "base/sigpipe_guard.h"
#include <curl/curl.h>

/* Called once in a process, because libcurl fills static buffers each time, in whichever thread. */
const curl_version_info_data *running_curl_info(void);

/* To be called before each call of libcurl that may write to a socket: before 7.87 its OpenSSL connections
 * raise SIGPIPE when the peer is gone, whatever CURLOPT_NOSIGNAL says. */
void running_curl_enter(struct sigpipe_guard *guard);

/* Whether it was built with zlib. */
bool running_curl_reads_gzip(void);

/* Returns the path of its own file of authorities, which it uses where none is set; NULL: it has none. */
const char *running_curl_ca_file(void);

/* Whether its TLS library asks on the terminal for a key's password when none is set. GnuTLS does not, and
 * with an empty password it cannot read a key that is not encrypted. */
bool running_curl_asks_for_passwords(void);

#endif
