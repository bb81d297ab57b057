/* SPDX-License-Identifier: MIT */
#include "http/attempt_options.h"

#include "base/monotonic_clock.h"
#include "http/attempt_trace.h"
#include "http/engine_multi.h"
#include "http/running_curl.h"

#include <string.h>

#if LIBCURL_VERSION_NUM < 0x075000
#error "libcurl 7.80 or newer is needed" /* for CURLOPT_PREREQFUNCTION, without which may_have_applied cannot be exact */
#endif

enum { SMALL_BODY_BUFFER_BYTES = 64 * 1024 }; /* curl's own default */

/* The values of the official clients. Middleboxes drop a connection that is silent for minutes, and the
 * probes let the kernel detect a peer that is gone. */
#define KEEPALIVE_IDLE_SECONDS 60L
#define KEEPALIVE_INTERVAL_SECONDS 60L

static void leave_line(struct http_attempt *attempt, double now) {
  if (attempt_state_is_in_line(attempt)) attempt->left_line_at = now;
}

/* curl makes a connection for the attempt: it looks a name up, or opens a socket when it knows the address.
 */
static int on_look_up(void *resolver, void *reserved, void *data) {
  (void)resolver;
  (void)reserved;
  leave_line(data, monotonic_clock_now());
  return 0;
}

static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address) {
  struct http_attempt *attempt = data;
  leave_line(attempt, monotonic_clock_now());
  return engine_multi_open_socket(transfer_engine_sockets(attempt->engine), purpose, address);
}

static bool may_have_streams(const struct http_attempt *attempt) {
  return attempt->may_share && !attempt->settings->url.plain_http;
}

/* Not earlier: until the request begins, the trace is about the connection. */
static void trace_streams(struct http_attempt *attempt) {
  curl_easy_setopt(attempt->easy, CURLOPT_VERBOSE, may_have_streams(attempt) ? 1L : 0L);
}

/* By itself, curl sends a request again when a kept-alive connection dies during it. The service may have
 * acted on the first one. So if any byte of it was sent, refuse here, and let the retry policy decide. */
static int before_request(void *data, char *primary_ip, char *local_ip, int primary_port, int local_port) {
  struct http_attempt *attempt = data;
  struct connection_ends *ends = &attempt->ends;
  attempt->asked_at = monotonic_clock_now();
  leave_line(attempt, attempt->asked_at);
  strncpy(ends->local_ip, local_ip, sizeof ends->local_ip - 1); /* its last byte stays NUL */
  strncpy(ends->remote_ip, primary_ip, sizeof ends->remote_ip - 1);
  ends->local_port = local_port;
  ends->remote_port = primary_port;
  if (attempt->connects_ahead) {
    /* Set no earlier, or libcurl would keep the connection from later requests. */
    curl_easy_setopt(attempt->easy, CURLOPT_CONNECT_ONLY, 1L);
    return CURL_PREREQFUNC_OK;
  }
  if (attempt->requests_begun++ == 0 || !attempt_state_has_sent_any(attempt)) {
    attempt_trace_forget_last(attempt);
    trace_streams(attempt);
    attempt->form.was_read_whole = false; /* the bytes read before were not sent */
    return CURL_PREREQFUNC_OK;
  }
  attempt->resend_refused = true;
  return CURL_PREREQFUNC_ABORT;
}

/* A refusal's body explains it, and is no stream. */
static size_t take_body(char *bytes, size_t size, size_t count, void *data) {
  struct http_attempt *attempt = data;
  if (attempt->incoming.sink && attempt->response.is_success)
    return answer_stream_take(&attempt->incoming, bytes, size * count);
  return http_response_take_body(bytes, size, count, &attempt->response);
}

static CURLcode set_text(CURL *easy, CURLoption option, const struct text_buffer *setting) {
  return setting->length ? curl_easy_setopt(easy, option, setting->bytes) : CURLE_OK;
}

/* The client has chosen the proxy: libcurl must not read proxies or exceptions from the environment. */
static CURLcode set_proxy(CURL *easy, const struct proxy_route *route) {
  CURLcode failed = curl_easy_setopt(easy, CURLOPT_PROXY, text_buffer_text(&route->url)) |
                    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L); /* they are not part of the answer */
  return failed | set_text(easy, CURLOPT_PROXYUSERNAME, &route->user) |
         set_text(easy, CURLOPT_PROXYPASSWORD, &route->password);
}

/* A libcurl that was built with a ca_path and a ca_file, as Debian's is, reads the file again for each
 * connection: 25 ms each time, although the directory has the same certificates. With the file alone it reads
 * it once. */
static CURLcode set_authorities(CURL *easy, const struct http_settings *settings, CURLoption file,
                                CURLoption path) {
  bool has_file = http_settings_ca_file(settings) != NULL;
  CURLcode failed = set_text(easy, file, &settings->ca_file);
  if (settings->ca_path.length || !has_file) return failed | set_text(easy, path, &settings->ca_path);
  return failed | curl_easy_setopt(easy, path, NULL);
}

/* A proxy that speaks TLS is verified against the same authorities as the service. */
static CURLcode set_tls(CURL *easy, const struct http_settings *settings) {
  long verify_peer = settings->verify_tls ? 1 : 0, verify_host = settings->verify_tls ? 2 : 0;
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify_peer);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify_host);
  curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYPEER, verify_peer);
  curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYHOST, verify_host);
  return set_authorities(easy, settings, CURLOPT_CAINFO, CURLOPT_CAPATH) |
         set_authorities(easy, settings, CURLOPT_PROXY_CAINFO, CURLOPT_PROXY_CAPATH);
}

bool attempt_options_trust_kept_authorities(struct http_attempt *attempt) {
  const struct kept_authorities *kept = &attempt->settings->kept_authorities;
  struct curl_blob blob = {.data = kept->bytes, .len = kept->length, .flags = CURL_BLOB_NOCOPY};
  attempt->trusts_kept_authorities = true;
  curl_easy_setopt(attempt->easy, CURLOPT_PROXY_CAINFO_BLOB, &blob);
  return curl_easy_setopt(attempt->easy, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK;
}

/* Set the password even when it is empty: without one, OpenSSL asks on the terminal, and waits for as long as
 * it takes. */
static CURLcode set_certificate(CURL *easy, const struct http_settings *settings) {
  const struct text_buffer *password = &settings->client_key_password;
  CURLcode failed = set_text(easy, CURLOPT_SSLCERT, &settings->client_cert) |
                    set_text(easy, CURLOPT_SSLKEY, &settings->client_key);
  if (!settings->client_cert.length || (!password->length && !running_curl_asks_for_passwords()))
    return failed;
  return failed | curl_easy_setopt(easy, CURLOPT_KEYPASSWD, text_buffer_text(password));
}

/* An answer may be compressed although no coding was asked for. libcurl decodes the codings that it knows
 * only when one is asked for. */
static CURLcode set_codings(CURL *easy) {
  return running_curl_reads_gzip() ? curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip") : CURLE_OK;
}

static CURLcode set_protocols(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static void set_callbacks(struct http_attempt *attempt) {
  CURL *easy = attempt->easy;
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, attempt);
  curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, attempt_trace_take);
  curl_easy_setopt(easy, CURLOPT_DEBUGDATA, attempt);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, http_response_take_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &attempt->response);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, attempt);
  curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, on_look_up);
  curl_easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, attempt);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, attempt);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, engine_multi_close_socket);
  /* the connection outlives the attempt */
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, transfer_engine_sockets(attempt->engine));
}

/* Only the setters that copy a text can run out of memory. */
bool attempt_options_set_client(struct http_attempt *attempt, const struct http_settings *settings) {
  CURL *easy = attempt->easy;
  CURLcode failed = CURLE_OK;
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a hanging name server must not outlast timeouts */
#endif
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, attempt->curl_message);
  set_callbacks(attempt);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_SECONDS);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_INTERVAL_SECONDS);
  failed |= set_protocols(easy);
  failed |= set_codings(easy);
  failed |= set_tls(easy, settings);
  failed |= set_certificate(easy, settings);
  failed |= set_proxy(easy, &settings->route);
  return failed == CURLE_OK;
}

/* Chunks that a function gives can pause, which needs a connection of its own. */
static bool may_share_connection(const struct byte_source *source) {
  return !source ||
         (!byte_source_is_fed(source) && byte_source_length(source) <= HTTP_REQUEST_MAX_SHARED_PART_BYTES);
}

static void set_answer(struct http_attempt *attempt, const struct http_request *request,
                       struct engine_task *task) {
  curl_easy_setopt(attempt->easy, CURLOPT_BUFFERSIZE,
                   request->sink ? (long)ANSWER_STREAM_PIECE_BYTES : (long)CURL_MAX_WRITE_SIZE);
  answer_stream_open(&attempt->incoming, request->sink, attempt->engine, task);
}

/* Small requests share one connection when HTTP/2 is available. Large parts and streamed answers get
 * connections of their own, which is faster: as streams of one connection they would share its congestion
 * window, and wait for the service's flow control as well. Without TLS there is only HTTP/1.1. libcurl 8 has
 * to be told so, or it makes no use of a connection that no request was made on. */
static void set_sharing(const struct http_attempt *attempt, bool wait_for_connection) {
  curl_easy_setopt(attempt->easy, CURLOPT_HTTP_VERSION,
                   may_have_streams(attempt) ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(attempt->easy, CURLOPT_PIPEWAIT, wait_for_connection && attempt->may_share ? 1L : 0L);
}

static bool set_form(struct http_attempt *attempt, const struct http_request *request,
                     struct engine_task *task) {
  return multipart_form_open(&attempt->form, attempt->easy, request, attempt->engine, task) &&
         curl_easy_setopt(attempt->easy, CURLOPT_MIMEPOST, attempt->form.mime) == CURLE_OK;
}

/* The handle may have sent another method before. */
static bool set_method(struct http_attempt *attempt, const struct http_request *request) {
  bool is_other = request->method != HTTP_METHOD_POST && request->method != HTTP_METHOD_GET;
  curl_easy_setopt(attempt->easy, request->method == HTTP_METHOD_POST ? CURLOPT_POST : CURLOPT_HTTPGET, 1L);
  return curl_easy_setopt(attempt->easy, CURLOPT_CUSTOMREQUEST,
                          is_other ? http_request_method(request) : NULL) == CURLE_OK;
}

static bool set_body(struct http_attempt *attempt, const struct http_request *request,
                     struct engine_task *task) {
  CURL *easy = attempt->easy;
  multipart_form_close(&attempt->form); /* of an attempt that was abandoned */
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE,
                   request->source ? (long)MULTIPART_FORM_PIECE_BYTES : (long)SMALL_BODY_BUFFER_BYTES);
  /* A refusal may arrive before curl has noticed that everything is sent. That is no reason to close the
   * connection, unless much would still be sent for nothing. */
  curl_easy_setopt(easy, CURLOPT_KEEP_SENDING_ON_ERROR, attempt->may_share ? 1L : 0L);
  if (!set_method(attempt, request)) return false;
  if (request->source) return set_form(attempt, request, task);
  if (request->method != HTTP_METHOD_POST) return true;
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)request->body.length);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, text_buffer_text(&request->body)); /* not copied */
  return true;
}

/* Rounded up, because 0 means no limit. */
static long to_milliseconds(double seconds) {
  return (long)(seconds * 1000) + 1;
}

/* A connection that was given up and is still in use: curl might use it for another request. */
static bool has_doubtful_connection(const struct http_attempt *attempt) {
  return transfer_engine_sockets(attempt->engine)->given_up_in_use > 0;
}

bool attempt_options_set(struct http_attempt *attempt, const struct http_request *request,
                         const struct attempt_terms *terms) {
  CURL *easy = attempt->easy;
  curl_easy_setopt(easy, CURLOPT_PRIVATE, terms->task);
  curl_easy_setopt(easy, CURLOPT_SHARE, transfer_engine_tls_sessions(attempt->engine));
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, attempt->headers);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, to_milliseconds(terms->connect_timeout));
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT,
                   terms->fresh_connection || has_doubtful_connection(attempt) ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 0L);
  curl_easy_setopt(easy, CURLOPT_VERBOSE, 0L);
  if (terms->trusts_kept_authorities && !attempt->trusts_kept_authorities)
    attempt_options_trust_kept_authorities(attempt);
  attempt->connects_ahead = request->connects_ahead != CONNECTS_FOR_REQUEST;
  attempt->may_share = may_share_connection(request->source) && !request->sink &&
                       request->connects_ahead != CONNECTS_AHEAD_FOR_PART;
  set_sharing(attempt, terms->share_connection);
  set_answer(attempt, request, terms->task);
  return set_body(attempt, request, terms->task) &&
         curl_easy_setopt(easy, CURLOPT_URL, request->url.bytes) == CURLE_OK;
}

void attempt_options_forget_request(struct http_attempt *attempt) {
  curl_easy_setopt(attempt->easy, CURLOPT_HTTPHEADER, NULL);
  curl_easy_setopt(attempt->easy, CURLOPT_SHARE, NULL);
}

void attempt_options_forbid_reuse(struct http_attempt *attempt) {
  curl_easy_setopt(attempt->easy, CURLOPT_FORBID_REUSE, 1L);
}

void attempt_options_connect_alone(struct http_attempt *attempt) {
  curl_easy_setopt(attempt->easy, CURLOPT_PIPEWAIT, 0L);
}

void attempt_options_end_connecting(struct http_attempt *attempt) {
  curl_easy_setopt(attempt->easy, CURLOPT_CONNECT_ONLY, 0L);
}
