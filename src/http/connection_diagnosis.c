/* SPDX-License-Identifier: MIT */
#include "http/connection_diagnosis.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { KEY_BYTES_READ = 16 * 1024 };

/* Does not wait when the file is a pipe that no process writes to. */
static int open_file(const char *path) {
  return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static bool can_be_opened(const char *path) {
  int descriptor = open_file(path);
  if (descriptor >= 0) close(descriptor);
  return descriptor >= 0;
}

/* A URI names an object of a token, and not a file. */
static bool is_file(const struct text_buffer *setting) {
  return setting->length > 0 && strncmp(setting->bytes, "pkcs11:", 7) != 0;
}

static bool explain_path(const char *name, const char *path, const char *advice,
                         struct attempt_outcome *outcome) {
  if (can_be_opened(path)) return false;
  failure_set(&outcome->failure, FAILURE_TLS, "%s '%.120s' cannot be opened: %s%s", name, path,
              errno == ENOENT   ? "there is no such file"
              : errno == EACCES ? "it may not be read"
                                : "it is not a readable file",
              advice);
  outcome->retry.transient = false;
  return true;
}

static bool explain_file(const char *name, const struct text_buffer *setting,
                         struct attempt_outcome *outcome) {
  return is_file(setting) && explain_path(name, text_buffer_text(setting), "", outcome);
}

/* The file was not there when the client was made: a system without certificates, or a client that is made in
 * a chroot. */
static bool explain_default_authorities(const struct http_settings *settings,
                                        const struct attempt_facts *facts, struct attempt_outcome *outcome) {
  const char *path = settings->ca_file.length ? NULL : http_settings_ca_file(settings);
  return path && facts->result == CURLE_SSL_CACERT_BADFILE &&
         explain_path("libcurl's file of authorities", path,
                      "; set ca_file, or make the client before a chroot", outcome);
}

bool connection_diagnosis_lost_authorities(const struct http_settings *settings) {
  return settings->kept_authorities.length > 0 && !can_be_opened(http_settings_ca_file(settings));
}

/* As "BEGIN ENCRYPTED PRIVATE KEY" or "Proc-Type: 4,ENCRYPTED". */
static bool is_encrypted(const char *path) {
  char bytes[KEY_BYTES_READ];
  int descriptor = open_file(path);
  ssize_t length = descriptor < 0 ? -1 : read(descriptor, bytes, sizeof bytes);
  if (descriptor >= 0) close(descriptor);
  return length > 0 && memmem(bytes, (size_t)length, "ENCRYPTED", 9) != NULL;
}

/* With OpenSSL, libcurl before 8.23 has an error code for unusable files; otherwise only the message tells.
 */
static bool is_about_certificate(const struct attempt_facts *facts) {
  return facts->result == CURLE_SSL_CERTPROBLEM || strstr(facts->curl_message, "key file") ||
         strstr(facts->curl_message, "certificate file");
}

static bool explain_key(const struct http_settings *settings, const struct attempt_facts *facts,
                        struct attempt_outcome *outcome) {
  bool is_in_cert = settings->client_key.length == 0;
  const struct text_buffer *key = is_in_cert ? &settings->client_cert : &settings->client_key;
  if (!is_about_certificate(facts)) return false;
  outcome->failure.kind = FAILURE_TLS;
  outcome->retry.transient = false;
  if (!is_file(key) || !is_encrypted(key->bytes)) return false;
  failure_set(&outcome->failure, FAILURE_TLS, "the key in %s '%.120s' is encrypted%s",
              is_in_cert ? "client_cert" : "client_key", key->bytes,
              settings->client_key_password.length ? ", and client_key_password does not open it"
                                                   : ": set client_key_password");
  return true;
}

static bool explain_files(const struct http_settings *settings, const struct attempt_facts *facts,
                          struct attempt_outcome *outcome) {
  return explain_file(settings->ca_file_name, &settings->ca_file, outcome) ||
         explain_default_authorities(settings, facts, outcome) ||
         explain_file("client_cert", &settings->client_cert, outcome) ||
         explain_file("client_key", &settings->client_key, outcome) || explain_key(settings, facts, outcome);
}

/* Of a connection without a request. With GnuTLS, libcurl 8.23 reports such a one as it does a broken answer.
 */
static bool broke_in_handshake(const struct http_settings *settings, const struct attempt_facts *facts) {
  return !settings->url.plain_http && proxy_route_is_direct(&settings->route) &&
         (facts->result == CURLE_RECV_ERROR || facts->result == CURLE_SEND_ERROR);
}

/* Of a proxy's refusals, only these say that the service cannot be reached at the moment. Others are
 * deliberate, and another try may lock an account. */
static bool may_pass(long proxy_status) {
  return proxy_status >= 502 && proxy_status <= 504;
}

static void explain_refusal(const struct proxy_route *route, long status, struct attempt_outcome *outcome) {
  failure_set(&outcome->failure, FAILURE_CONNECTION, "the proxy %s refused the connection: HTTP %ld%s",
              route->name, status,
              status == 407 ? "; it asks for a user name and password, or for others than its URL has" : "");
  outcome->retry.transient = may_pass(status);
}

static void append(struct attempt_outcome *outcome, const char *advice) {
  struct failure original = outcome->failure;
  failure_set(&outcome->failure, original.kind, "%.170s%s", original.message, advice);
}

/* With GnuTLS, libcurl 7.88 says only where it looked for authorities. */
static void add_missing_reason(const struct attempt_facts *facts, struct attempt_outcome *outcome) {
  if (strncmp(facts->curl_message, "server certificate verification failed. CAfile", 46) == 0)
    failure_set(&outcome->failure, FAILURE_TLS,
                "the certificate of the server has expired, or its issuer is not trusted");
}

/* The most frequent reason is a company's own authority, which the system does not know by default. */
static void advise_on_authority(const struct attempt_facts *facts, struct attempt_outcome *outcome) {
  static const char *const words[] = {"issuer", "self-signed", "self signed", "not trusted"};
  if (facts->result != CURLE_PEER_FAILED_VERIFICATION) return;
  add_missing_reason(facts, outcome);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strstr(outcome->failure.message, words[i])) {
      append(outcome, "; name the file of a private authority in --ca-file, ca_file or SSL_CERT_FILE");
      return;
    }
}

static void *do_nothing(void *nothing) {
  return nothing;
}

static bool may_start_threads(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, do_nothing, NULL) != 0) return false;
  pthread_join(thread, NULL);
  return true;
}

/* libcurl 8.22 and later only waits for a thread to be had, until the time is over. */
static bool lacks_thread(const struct attempt_facts *facts) {
  if (strstr(facts->curl_message, "thread failed to start")) return true;
  return facts->result == CURLE_OPERATION_TIMEDOUT && strstr(facts->curl_message, "Resolving timed out") &&
         !may_start_threads();
}

static void advise_on_threads(const struct attempt_facts *facts, struct attempt_outcome *outcome) {
  if (lacks_thread(facts))
    append(outcome, "; this process may start no thread, and looking a name up needs one (HAProxy: set "
                    "insecure-fork-wanted)");
}

static void explain_proxy(const struct proxy_route *route, struct attempt_outcome *outcome) {
  struct failure original = outcome->failure;
  failure_set(&outcome->failure, original.kind, "no connection through the proxy %s: %s", route->name,
              original.message);
}

/* libcurl was stopped by a time-out or by us, so its answer of a proxy may be an earlier attempt's. */
static bool was_stopped(const struct attempt_facts *facts) {
  return facts->result == CURLE_OPERATION_TIMEDOUT || facts->result == CURLE_ABORTED_BY_CALLBACK;
}

/* These refusals are deliberate, as those of an HTTP proxy are. libcurl's message has the details. */
static bool is_refused_by_socks(const struct attempt_facts *facts, const struct proxy_answer *answer) {
  if (facts->result != CURLE_PROXY) return false;
  switch (answer->socks) {
  case CURLPX_IDENTD:
  case CURLPX_IDENTD_DIFFER:
  case CURLPX_NO_AUTH:
  case CURLPX_REPLY_NOT_ALLOWED:
  case CURLPX_REQUEST_FAILED:
  case CURLPX_USER_REJECTED: return true;
  default: return false;
  }
}

void connection_diagnosis_refine(const struct http_settings *settings, const struct attempt_facts *facts,
                                 const struct proxy_answer *answer, struct attempt_outcome *outcome) {
  const struct proxy_route *route = &settings->route;
  bool is_refused = answer->status > 0 && answer->status / 100 != 2 && !was_stopped(facts);
  bool is_about_tls = outcome->failure.kind == FAILURE_TLS || is_about_certificate(facts);
  if (broke_in_handshake(settings, facts)) outcome->failure.kind = FAILURE_TLS;
  if (is_about_tls && explain_files(settings, facts, outcome)) return;
  advise_on_authority(facts, outcome);
  advise_on_threads(facts, outcome);
  if (outcome->failure.kind == FAILURE_OUT_OF_MEMORY || proxy_route_is_direct(route)) return;
  if (is_refused)
    explain_refusal(route, answer->status, outcome);
  else
    explain_proxy(route, outcome);
  if (is_refused_by_socks(facts, answer)) outcome->retry.transient = false;
}
