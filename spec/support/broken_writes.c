/* SPDX-License-Identifier: MIT */
/* To be preloaded: writes as libcurl before 7.87 makes them on its OpenSSL connections, without MSG_NOSIGNAL,
 * and the first large one finds its connection broken. libcurl says that it is of the version in CURL_NUMBER.
 */
#define _GNU_SOURCE
#include <curl/curl.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

typedef ssize_t sender(int, const void *, size_t, int);
typedef curl_version_info_data *informer(CURLversion);

/* Whatever the specs were started with. */
__attribute__((constructor)) static void expect_no_sigpipe(void) {
  signal(SIGPIPE, SIG_DFL);
}

enum { LARGE = 4000 }; /* more than a handshake's */

ssize_t send(int descriptor, const void *bytes, size_t size, int flags) {
  sender *real = (sender *)dlsym(RTLD_NEXT, "send");
  if (size >= LARGE) shutdown(descriptor, SHUT_WR);
  return real(descriptor, bytes, size, flags & ~MSG_NOSIGNAL);
}

curl_version_info_data *curl_version_info(CURLversion wanted) {
  static curl_version_info_data info;
  informer *real = (informer *)dlsym(RTLD_NEXT, "curl_version_info");
  info = *real(wanted);
  if (getenv("CURL_NUMBER")) info.version_num = (unsigned)strtoul(getenv("CURL_NUMBER"), NULL, 16);
  return &info;
}
