/* SPDX-License-Identifier: MIT */
#include "client/http_attempt.h"

#include "base/monotonic_clock.h"
#include "base/secret_mask.h"
#include "client/connection_diagnosis.h"
#include "client/http_headers.h"
#include "client/running_curl.h"
#include "client/stream_trace.h"

#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <linux/sockios.h>
#include <sys/ioctl.h>
#endif

#if LIBCURL_VERSION_NUM < 0x075000
#error "libcurl 7.80 or newer is needed" /* for CURLOPT_PREREQFUNCTION, without which may_have_applied cannot be exact */
#endif

enum { SMALL_BODY_BUFFER_BYTES = 64 * 1024 }; /* curl's own default */

/* As the official clients have them: middleboxes forget a connection that is silent for minutes, and the
 * kernel tells of one whose other end is gone. */
#define KEEPALIVE_IDLE_SECONDS 60L
#define KEEPALIVE_INTERVAL_SECONDS 60L

/* Until this attempt has begun its request, curl still tells of the one before. */
static bool has_sent_any(const struct http_attempt *attempt) {
  long bytes = 0;
  if (attempt->requests_begun > 0) curl_easy_getinfo(attempt->easy, CURLINFO_REQUEST_SIZE, &bytes);
  return bytes > 0;
}

bool http_attempt_has_sent(const struct http_attempt *attempt) {
  return has_sent_any(attempt) && !attempt->unprocessed &&
         (!attempt->form.source || multipart_form_is_read(&attempt->form));
}

static void leave_line(struct http_attempt *attempt) {
  if (http_attempt_is_in_line(attempt)) attempt->left_line_at = monotonic_clock_now();
}

/* Curl makes a connection for the attempt: it looks a name up, or, where it knows the address, opens a
 * socket. */
static int on_look_up(void *resolver, void *reserved, void *data) {
  (void)resolver, (void)reserved;
  leave_line(data);
  return 0;
}

static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address) {
  struct http_attempt *attempt = data;
  leave_line(attempt);
  return transfer_engine_open_socket(attempt->engine, purpose, address);
}

/* Whether the service has said that it acts on no stream beyond a last one, and this one's is. */
static bool is_beyond_last(const struct http_attempt *attempt) {
  const struct last_stream *last = &transfer_engine_sockets(attempt->engine)->last_stream;
  return last->is_known && attempt->stream > last->number &&
         engine_sockets_same_ends(&last->ends, &attempt->ends);
}

/* curl may pass this on with any of the exchanges that share the connection. */
static void note_last_stream(const struct http_attempt *attempt, unsigned long number) {
  transfer_engine_sockets(attempt->engine)->last_stream =
      (struct last_stream){.is_known = true, .number = number, .ends = attempt->ends};
}

static int on_trace(CURL *easy, curl_infotype type, char *text, size_t length, void *data) {
  struct http_attempt *attempt = data;
  struct stream_trace trace = {0};
  (void)easy;
  if (type == CURLINFO_TEXT) trace = stream_trace_read(text, length);
  switch (trace.kind) {
  case STREAM_TRACE_OPENED: attempt->stream = trace.number; break;
  case STREAM_TRACE_LAST: note_last_stream(attempt, trace.number); break;
  case STREAM_TRACE_REFUSED: attempt->unprocessed = true; break;
  case STREAM_TRACE_SEND_AGAIN: attempt->unprocessed |= is_beyond_last(attempt); break; /* besides REFUSED */
  case STREAM_TRACE_OTHER: break;
  }
  return 0;
}

/* A new connection may have the ends of one that is gone. */
static void forget_last_stream(const struct http_attempt *attempt) {
  struct last_stream *last = &transfer_engine_sockets(attempt->engine)->last_stream;
  long connections = 0;
  curl_easy_getinfo(attempt->easy, CURLINFO_NUM_CONNECTS, &connections);
  if (connections > 0 && engine_sockets_same_ends(&last->ends, &attempt->ends)) last->is_known = false;
}

/* Only now: until here, the trace would be about the connection. */
static void trace_streams(struct http_attempt *attempt) {
  bool may_have_streams = !attempt->config->url.plain_http && !attempt->form.source;
  curl_easy_setopt(attempt->easy, CURLOPT_VERBOSE, may_have_streams ? 1L : 0L);
}

/* Left to itself, curl sends a request a second time when a kept-alive connection dies under it. The service
 * may have acted on the first, so where any of that has left, a second one is for the retry policy to decide,
 * and refused here. */
static int before_request(void *data, char *primary_ip, char *local_ip, int primary_port, int local_port) {
  struct http_attempt *attempt = data;
  struct connection_ends *ends = &attempt->ends;
  leave_line(attempt);
  attempt->asked_at = monotonic_clock_now();
  strncpy(ends->local_ip, local_ip, sizeof ends->local_ip - 1); /* its last byte stays NUL */
  strncpy(ends->remote_ip, primary_ip, sizeof ends->remote_ip - 1);
  ends->local_port = local_port;
  ends->remote_port = primary_port;
  if (attempt->requests_begun++ == 0 || !has_sent_any(attempt)) {
    forget_last_stream(attempt);
    trace_streams(attempt);
    attempt->form.was_read_whole = false; /* what was read before has not left */
    return CURL_PREREQFUNC_OK;
  }
  attempt->resend_refused = true;
  return CURL_PREREQFUNC_ABORT;
}

static CURLcode set_text(CURL *easy, CURLoption option, const struct text_buffer *setting) {
  return setting->length ? curl_easy_setopt(easy, option, setting->bytes) : CURLE_OK;
}

/* The client has chosen: libcurl asks the environment for neither a proxy nor exceptions. */
static CURLcode set_proxy(CURL *easy, const struct proxy_route *route) {
  CURLcode failed = curl_easy_setopt(easy, CURLOPT_PROXY, text_buffer_text(&route->url)) |
                    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L); /* they are no answer */
  return failed | set_text(easy, CURLOPT_PROXYUSERNAME, &route->user) |
         set_text(easy, CURLOPT_PROXYPASSWORD, &route->password);
}

/* Where libcurl was built with a ca_path besides its ca_file, as Debian's is, it reads the file anew for each
 * connection: a fortieth of a second every time, for a directory that has the same in it. With the file alone
 * it reads it once. */
static CURLcode set_authorities(CURL *easy, const struct client_config *config, CURLoption file,
                                CURLoption path) {
  bool has_file = config->ca_file.length || config->curl_has_ca_file;
  CURLcode failed = set_text(easy, file, &config->ca_file);
  if (config->ca_path.length || !has_file) return failed | set_text(easy, path, &config->ca_path);
  return failed | curl_easy_setopt(easy, path, NULL);
}

/* A proxy that speaks TLS is held against the same authorities as the service. */
static CURLcode set_tls(CURL *easy, const struct client_config *config) {
  long verify_peer = config->verify_tls ? 1 : 0, verify_host = config->verify_tls ? 2 : 0;
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify_peer);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify_host);
  curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYPEER, verify_peer);
  curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYHOST, verify_host);
  return set_authorities(easy, config, CURLOPT_CAINFO, CURLOPT_CAPATH) |
         set_authorities(easy, config, CURLOPT_PROXY_CAINFO, CURLOPT_PROXY_CAPATH);
}

/* An empty password is one, too: without any, OpenSSL asks on the terminal, for as long as it takes. */
static CURLcode set_certificate(CURL *easy, const struct client_config *config) {
  const struct text_buffer *password = &config->client_key_password;
  CURLcode failed = set_text(easy, CURLOPT_SSLCERT, &config->client_cert) |
                    set_text(easy, CURLOPT_SSLKEY, &config->client_key);
  if (!config->client_cert.length || (!password->length && !running_curl_asks_for_passwords())) return failed;
  return failed | curl_easy_setopt(easy, CURLOPT_KEYPASSWD, text_buffer_text(password));
}

/* An answer may come in a coding even where none was asked for; libcurl undoes those it knows once one is. */
static CURLcode set_codings(CURL *easy, const struct client_config *config) {
  return config->curl_reads_gzip ? curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip") : CURLE_OK;
}

static CURLcode set_protocols(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

/* What holds for every attempt of a client. Only the setters that copy a text can run out of memory. */
static bool set_client_options(struct http_attempt *attempt, const struct client_config *config) {
  CURL *easy = attempt->easy;
  CURLcode failed = CURLE_OK;
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT,
                   1L); /* or a name server that hangs would outlast every timeout */
#endif
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, attempt->curl_message);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, attempt);
  curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_trace);
  curl_easy_setopt(easy, CURLOPT_DEBUGDATA, attempt);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, http_response_take_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &attempt->response);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, http_response_take_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &attempt->response);
  curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, on_look_up);
  curl_easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, attempt);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, attempt);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, transfer_engine_close_socket);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, attempt->engine); /* the connection outlives the attempt */
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_SECONDS);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_INTERVAL_SECONDS);
  failed |= set_protocols(easy);
  failed |= set_codings(easy, config);
  failed |= set_tls(easy, config);
  failed |= set_certificate(easy, config);
  failed |= set_proxy(easy, &config->route);
  return failed == CURLE_OK;
}

struct http_attempt *http_attempt_new(const struct client_config *config, struct transfer_engine *engine) {
  struct http_attempt *attempt = calloc(1, sizeof *attempt);
  if (!attempt) return NULL;
  http_response_create(&attempt->response, (size_t)config->max_response_bytes);
  text_buffer_create(&attempt->authorization_line,
                     CLIENT_CONFIG_MAX_TEXT_BYTES + sizeof "Authorization: Bearer ");
  attempt->config = config;
  attempt->engine = engine;
  attempt->easy = curl_easy_init();
  if (attempt->easy && set_client_options(attempt, config)) return attempt;
  http_attempt_delete(attempt);
  return NULL;
}

void http_attempt_delete(struct http_attempt *attempt) {
  struct sigpipe_guard guard;
  if (!attempt) return;
  multipart_form_close(&attempt->form);
  running_curl_enter(&guard);
  curl_easy_cleanup(attempt->easy);
  sigpipe_guard_leave(&guard);
  http_response_destroy(&attempt->response);
  text_buffer_wipe(&attempt->authorization_line);
  free(attempt);
}

static struct curl_slist *prepend(struct curl_slist *line, const char *text, struct curl_slist *list) {
  line->data = (char *)(void *)text; /* curl only reads it */
  line->next = list;
  return line;
}

/* Puts our own lines before the request's list, without copying it. NULL when memory ran out. */
static struct curl_slist *assemble_headers(struct http_attempt *attempt, const struct client_config *config,
                                           const struct http_request *request,
                                           const struct attempt_terms *terms) {
  struct curl_slist *list = (struct curl_slist *)(void *)request->headers;
  struct text_buffer *line = &attempt->authorization_line;
  const char *scheme = config->auth_header == AUTH_HEADER_BEARER ? ": Bearer " : ": ";
  if (request->source) {
    list = prepend(&attempt->expect, "Expect:", list); /* some gateways never answer to 100-continue */
    list =
        prepend(&attempt->content_type, "Content-Type: multipart/form-data", list); /* the first one counts */
  } else if (!http_headers_have(list, "Content-Type")) {
    list = prepend(&attempt->content_type,
                   request->content_type ? "Content-Type: application/json" : "Content-Type:", list);
  }
  if (terms->api_key_length == 0) return list;
  text_buffer_clear(line);
  if (!text_buffer_append_text(line, client_config_auth_header(config)) ||
      !text_buffer_append_text(line, scheme) ||
      !text_buffer_append(line, terms->api_key, terms->api_key_length))
    return NULL;
  return prepend(&attempt->authorization, line->bytes, list);
}

/* Small exchanges share one connection where HTTP/2 can be had. Much data goes faster on connections of its
 * own: as streams of one they would share its congestion window, and wait for windows of the service's
 * besides. */
static void set_sharing(CURL *easy, bool has_source, bool wait_for_connection) {
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                   has_source ? (long)CURL_HTTP_VERSION_1_1 : (long)CURL_HTTP_VERSION_2TLS);
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, wait_for_connection && !has_source ? 1L : 0L);
}

static bool set_form(struct http_attempt *attempt, const struct http_request *request,
                     struct engine_task *task) {
  return multipart_form_open(&attempt->form, attempt->easy, request->source, attempt->engine, task) &&
         curl_easy_setopt(attempt->easy, CURLOPT_MIMEPOST, attempt->form.mime) == CURLE_OK;
}

static bool set_body(struct http_attempt *attempt, const struct http_request *request,
                     struct engine_task *task) {
  CURL *easy = attempt->easy;
  multipart_form_close(&attempt->form); /* of an attempt that was given up */
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE,
                   request->source ? (long)MULTIPART_FORM_PIECE_BYTES : (long)SMALL_BODY_BUFFER_BYTES);
  /* A refusal may be there before curl has noted that it sent all; that is no reason to close the connection,
   * unless much is left to send that nobody wants. */
  curl_easy_setopt(easy, CURLOPT_KEEP_SENDING_ON_ERROR, request->source ? 0L : 1L);
  if (request->source) return set_form(attempt, request, task);
  curl_easy_setopt(easy, CURLOPT_POST, 1L); /* the handle may have sent a form before */
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)request->body.length);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, text_buffer_text(&request->body)); /* not copied */
  return true;
}

/* Rounded up: 0 would mean no limit at all. */
static long to_milliseconds(double seconds) {
  return (long)(seconds * 1000) + 1;
}

/* One that was given up and is still in use: curl would put a further exchange on it. */
static bool has_doubtful_connection(const struct http_attempt *attempt) {
  return transfer_engine_sockets(attempt->engine)->given_up_in_use > 0;
}

bool http_attempt_prepare(struct http_attempt *attempt, const struct client_config *config,
                          const struct http_request *request, const struct attempt_terms *terms) {
  CURL *easy = attempt->easy;
  struct curl_slist *headers = assemble_headers(attempt, config, request, terms);
  attempt->headers = headers;
  http_response_clear(&attempt->response);
  attempt->requests_begun = 0;
  attempt->left_line_at = 0;
  attempt->resend_refused = false;
  attempt->unprocessed = false;
  attempt->stream = 0;
  attempt->is_forgiven = false;
  attempt->curl_message[0] = '\0';
  curl_easy_setopt(easy, CURLOPT_PRIVATE, terms->task);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, to_milliseconds(terms->connect_timeout));
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT,
                   terms->fresh_connection || has_doubtful_connection(attempt) ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 0L);
  curl_easy_setopt(easy, CURLOPT_VERBOSE, 0L);
  set_sharing(easy, request->source != NULL, terms->share_connection);
  return headers && set_body(attempt, request, terms->task) &&
         curl_easy_setopt(easy, CURLOPT_URL, request->url.bytes) == CURLE_OK;
}

static int socket_of(const struct http_attempt *attempt) {
  return engine_sockets_find(transfer_engine_sockets(attempt->engine), &attempt->ends);
}

/* Bytes that curl has handed over and the kernel has not got rid of yet: on a slow line, megabytes for
 * minutes. */
static int bytes_in_kernel(const struct http_attempt *attempt) {
  int bytes = 0;
#ifdef SIOCOUTQ
  int descriptor = attempt->requests_begun > 0 ? socket_of(attempt) : -1;
  if (descriptor < 0 || ioctl(descriptor, SIOCOUTQ, &bytes) != 0) return 0;
#else
  (void)attempt;
#endif
  return bytes;
}

void http_attempt_look_for_movement(struct http_attempt *attempt) {
  curl_off_t moved = 0;
  curl_easy_getinfo(attempt->easy, CURLINFO_SIZE_UPLOAD_T, &moved);
  moved -= bytes_in_kernel(attempt);
  if (moved != attempt->form.moved) attempt->form.moved_at = monotonic_clock_now();
  attempt->form.moved = moved;
}

/* Where curl still had the form's head to send when it asked, it has only noted that it will pause: told to
 * go on before that, it would take no heed, and then pause for ever. */
void http_attempt_go_on(struct http_attempt *attempt) {
  struct sigpipe_guard guard;
  running_curl_enter(&guard);
  curl_easy_pause(attempt->easy, CURLPAUSE_SEND);
  curl_easy_pause(attempt->easy, CURLPAUSE_CONT);
  sigpipe_guard_leave(&guard);
}

bool http_attempt_is_unanswered(const struct http_attempt *attempt) {
  return attempt->requests_begun > 0 && attempt->response.headers.length == 0;
}

void http_attempt_give_up_connection(struct http_attempt *attempt) {
  engine_sockets_give_up(transfer_engine_sockets(attempt->engine), socket_of(attempt));
}

void http_attempt_stop_unanswered(struct http_attempt *attempt) {
  curl_easy_setopt(attempt->easy, CURLOPT_FORBID_REUSE, 1L);
  http_attempt_give_up_connection(attempt);
  transfer_engine_stop(attempt->engine, attempt->easy);
  engine_sockets_give_up_silent(transfer_engine_sockets(attempt->engine), attempt->asked_at);
}

void http_attempt_stop_late(struct http_attempt *attempt) {
  if (attempt->requests_begun > 0) http_attempt_give_up_connection(attempt);
  transfer_engine_stop(attempt->engine, attempt->easy);
}

void http_attempt_connect_alone(struct http_attempt *attempt) {
  curl_easy_setopt(attempt->easy, CURLOPT_PIPEWAIT, 0L);
}

static void hide(struct http_attempt *attempt, const struct text_buffer *secret) {
  if (secret->length == 0) return;
  secret_mask_apply(&attempt->response.headers, secret->bytes, secret->length);
  secret_mask_apply(&attempt->response.body, secret->bytes, secret->length);
}

/* A proxy of plain HTTP is sent them with the request, and may echo that. */
static void hide_proxy_credentials(struct http_attempt *attempt) {
  const struct proxy_route *route = &attempt->config->route;
  hide(attempt, &route->password);
  hide(attempt, &route->written);
  hide(attempt, &route->basic);
}

/* Some gateways echo the request when they complain. A key stays out of errors even then, be it ours or one
 * that the program put into a header. */
static void hide_keys(struct http_attempt *attempt) {
  static const char *const names[] = {"Authorization", "api-key"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    size_t length;
    const char *key = http_headers_credentials(attempt->headers, names[i], &length);
    secret_mask_apply_key(&attempt->response.headers, key, length);
    secret_mask_apply_key(&attempt->response.body, key, length);
  }
  hide_proxy_credentials(attempt);
}

void http_attempt_forget_key(struct http_attempt *attempt) {
  attempt->headers = NULL;
  text_buffer_erase(&attempt->authorization_line);
}

void http_attempt_hide_keys(struct http_attempt *attempt) {
  hide_keys(attempt);
  http_attempt_forget_key(attempt);
}

/* What was lent for the exchange alone. */
static void forget_request(struct http_attempt *attempt) {
  curl_easy_setopt(attempt->easy, CURLOPT_HTTPHEADER, NULL);
  multipart_form_close(&attempt->form);
}

static struct proxy_answer proxy_answer_of(const struct http_attempt *attempt) {
  struct proxy_answer answer = {0};
  curl_easy_getinfo(attempt->easy, CURLINFO_HTTP_CONNECTCODE, &answer.status);
  curl_easy_getinfo(attempt->easy, CURLINFO_PROXY_ERROR, &answer.socks);
  return answer;
}

static void diagnose_connection(const struct http_attempt *attempt, const struct attempt_facts *facts,
                                struct attempt_outcome *outcome) {
  struct proxy_answer answer = proxy_answer_of(attempt);
  if (attempt->requests_begun > 0 || facts->result == CURLE_OK) return;
  connection_diagnosis_refine(attempt->config, facts, &answer, outcome);
}

void http_attempt_conclude(struct http_attempt *attempt, CURLcode result, struct attempt_outcome *outcome) {
  struct attempt_facts facts = {
      .result = result,
      .curl_message = attempt->curl_message,
      .status = http_attempt_status(attempt),
      .sent = http_attempt_has_sent(attempt),
      .resend_refused = attempt->resend_refused || result == CURLE_SEND_FAIL_REWIND, /* by us, either way */
      .unprocessed = attempt->unprocessed,
      .source_problem = attempt->form.source ? &attempt->form.source->problem : NULL,
      .response = &attempt->response,
  };
  forget_request(attempt);
  if (attempt->response.headers.over_cap) http_attempt_give_up_connection(attempt); /* the rest still comes */
  attempt_outcome_judge(&facts, time(NULL), outcome);
  diagnose_connection(attempt, &facts, outcome);
  if (outcome->failure.kind != FAILURE_NONE) http_attempt_hide_keys(attempt);
}

long http_attempt_status(const struct http_attempt *attempt) {
  long status = 0;
  if (attempt->requests_begun > 0) curl_easy_getinfo(attempt->easy, CURLINFO_RESPONSE_CODE, &status);
  return status >= 200 ? status : 0;
}

static const char *http_version_name(long version) {
  switch (version) {
  case CURL_HTTP_VERSION_1_0: return "1.0";
  case CURL_HTTP_VERSION_1_1: return "1.1";
  case CURL_HTTP_VERSION_2_0: return "2";
  case CURL_HTTP_VERSION_3: return "3";
  default: return NULL;
  }
}

static double seconds_of(CURL *easy, CURLINFO info) {
  curl_off_t microseconds = 0;
  curl_easy_getinfo(easy, info, &microseconds);
  return (double)microseconds * 1e-6;
}

void http_attempt_report(const struct http_attempt *attempt, struct attempt_report *report) {
  CURL *easy = attempt->easy;
  long version = 0, connections = 0;
  curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
  curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connections);
  report->name_lookup = seconds_of(easy, CURLINFO_NAMELOOKUP_TIME_T);
  report->connect = seconds_of(easy, CURLINFO_CONNECT_TIME_T);
  report->tls_handshake = seconds_of(easy, CURLINFO_APPCONNECT_TIME_T);
  report->first_byte = seconds_of(easy, CURLINFO_STARTTRANSFER_TIME_T);
  report->total = seconds_of(easy, CURLINFO_TOTAL_TIME_T);
  report->http_version = http_version_name(version);
  report->connection_reused = attempt->requests_begun > 0 && connections == 0;
}
