/* SPDX-License-Identifier: MIT */
#include "http/running_curl.h"

#include <pthread.h>
#include <string.h>

static const curl_version_info_data *info;

static void ask_curl(void) {
  info = curl_version_info(CURLVERSION_NOW);
}

const curl_version_info_data *running_curl_info(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, ask_curl);
  return info;
}

void running_curl_enter(struct sigpipe_guard *guard) {
  sigpipe_guard_enter(guard, running_curl_info()->version_num < 0x075700);
}

bool running_curl_reads_gzip(void) {
  return running_curl_info()->features & CURL_VERSION_LIBZ;
}

const char *running_curl_ca_file(void) {
  return running_curl_info()->cainfo;
}

bool running_curl_asks_for_passwords(void) {
  const char *tls = running_curl_info()->ssl_version;
  return tls && strncmp(tls, "GnuTLS", 6) != 0;
}
