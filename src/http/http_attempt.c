/* SPDX-License-Identifier: MIT */
#include "http/http_attempt.h"

#include "base/monotonic_clock.h"
#include "http/attempt_options.h"
#include "http/attempt_secrets.h"
#include "http/connection_diagnosis.h"
#include "http/http_headers.h"
#include "http/running_curl.h"

#include <stdlib.h>
#ifdef __linux__
#include <linux/sockios.h>
#include <sys/ioctl.h>
#endif

bool http_attempt_has_sent(const struct http_attempt *attempt) {
  return attempt_state_has_sent_any(attempt) && !attempt->unprocessed &&
         (!attempt->form.source || multipart_form_is_read(&attempt->form));
}

struct http_attempt *http_attempt_new(const struct http_settings *settings, struct transfer_engine *engine) {
  struct http_attempt *attempt = calloc(1, sizeof *attempt);
  if (!attempt) return NULL;
  http_response_create(&attempt->response, (size_t)settings->max_response_bytes);
  text_buffer_create(&attempt->authorization_line,
                     HTTP_SETTINGS_MAX_TEXT_BYTES + sizeof "Authorization: Bearer ");
  attempt->settings = settings;
  attempt->engine = engine;
  attempt->easy = curl_easy_init();
  if (attempt->easy && attempt_options_set_client(attempt, settings)) return attempt;
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
static struct curl_slist *assemble_headers(struct http_attempt *attempt, const struct http_settings *settings,
                                           const struct http_request *request,
                                           const struct attempt_terms *terms) {
  struct curl_slist *list = (struct curl_slist *)(void *)request->headers;
  struct text_buffer *line = &attempt->authorization_line;
  const char *scheme = settings->auth_header == AUTH_HEADER_BEARER ? ": Bearer " : ": ";
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
  if (!text_buffer_append_text(line, http_settings_auth_header(settings)) ||
      !text_buffer_append_text(line, scheme) ||
      !text_buffer_append(line, terms->api_key, terms->api_key_length))
    return NULL;
  return prepend(&attempt->authorization, line->bytes, list);
}

static size_t larger(size_t first, size_t second) {
  return first > second ? first : second;
}

bool http_attempt_prepare(struct http_attempt *attempt, const struct http_settings *settings,
                          const struct http_request *request, const struct attempt_terms *terms) {
  struct curl_slist *headers = assemble_headers(attempt, settings, request, terms);
  attempt->headers = headers;
  http_response_clear(&attempt->response);
  attempt->response.body.cap = larger((size_t)settings->max_response_bytes, request->answer_room);
  attempt->requests_begun = 0;
  attempt->left_line_at = 0;
  attempt->returns_to_line = 0;
  attempt->failures = transfer_engine_failures(attempt->engine);
  attempt->resend_refused = false;
  attempt->unprocessed = false;
  attempt->stream = 0;
  attempt->ended_well = false;
  attempt->is_forgiven = false;
  attempt->curl_message[0] = '\0';
  return headers && attempt_options_set(attempt, request, terms);
}

static int socket_of(const struct http_attempt *attempt) {
  return engine_sockets_find(transfer_engine_sockets(attempt->engine), &attempt->ends);
}

/* Bytes that curl has given to the kernel, and the kernel has not sent yet: on a slow line, megabytes for
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

/* If curl had not sent the form's head when it asked for data, it has only noted that it will pause. To
 * continue at that point would have no effect, and curl would then pause for ever. So pause it first. */
void http_attempt_go_on(struct http_attempt *attempt) {
  struct sigpipe_guard guard;
  running_curl_enter(&guard);
  curl_easy_pause(attempt->easy, CURLPAUSE_SEND);
  curl_easy_pause(attempt->easy, CURLPAUSE_CONT);
  sigpipe_guard_leave(&guard);
}

void http_attempt_note_room(struct http_attempt *attempt) {
  struct sigpipe_guard guard;
  if (!answer_stream_note_room(&attempt->incoming)) return;
  running_curl_enter(&guard);
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
  attempt_options_forbid_reuse(attempt);
  http_attempt_give_up_connection(attempt);
  transfer_engine_stop(attempt->engine, attempt->easy);
  engine_sockets_give_up_silent(transfer_engine_sockets(attempt->engine), attempt->asked_at);
}

void http_attempt_stop_late(struct http_attempt *attempt) {
  if (attempt->requests_begun > 0) http_attempt_give_up_connection(attempt);
  transfer_engine_stop(attempt->engine, attempt->easy);
}

void http_attempt_connect_alone(struct http_attempt *attempt) {
  attempt_options_connect_alone(attempt);
}

bool http_attempt_trust_kept_authorities(struct http_attempt *attempt, CURLcode result) {
  return result == CURLE_SSL_CACERT_BADFILE && !attempt->trusts_kept_authorities &&
         connection_diagnosis_lost_authorities(attempt->settings) &&
         attempt_options_trust_kept_authorities(attempt);
}

void http_attempt_leave_connection(struct http_attempt *attempt) {
  curl_socket_t descriptor = CURL_SOCKET_BAD;
  long connections = 0;
  attempt_options_end_connecting(attempt);
  curl_easy_getinfo(attempt->easy, CURLINFO_NUM_CONNECTS, &connections);
  curl_easy_getinfo(attempt->easy, CURLINFO_ACTIVESOCKET, &descriptor);
  if (connections == 0 || attempt->settings->url.plain_http) return;
  engine_sockets_note_unused(transfer_engine_sockets(attempt->engine), descriptor);
}

/* Releases what belongs to the caller, or to this exchange alone. */
static void forget_request(struct http_attempt *attempt) {
  attempt_options_forget_request(attempt);
  multipart_form_close(&attempt->form);
  answer_stream_close(&attempt->incoming);
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
  connection_diagnosis_refine(attempt->settings, facts, &answer, outcome);
}

/* Status of the answer so far; 0 before one began, other than by a 1xx. */
static long status_of(const struct http_attempt *attempt) {
  long status = 0;
  if (attempt->requests_begun > 0) curl_easy_getinfo(attempt->easy, CURLINFO_RESPONSE_CODE, &status);
  return status >= 200 ? status : 0;
}

/* When headers were over the cap, the rest of them still comes. When memory ran out, or nothing could be
 * sent, libcurl may keep an HTTP/2 connection whose session is broken, and every later request on it would
 * fail. */
static bool leaves_connection_unusable(const struct http_attempt *attempt, CURLcode result) {
  if (attempt->response.headers.over_cap) return true;
  return attempt->requests_begun > 0 &&
         (result == CURLE_OUT_OF_MEMORY || result == CURLE_SEND_ERROR || result == CURLE_HTTP2);
}

static const struct failure *stream_problem(const struct http_attempt *attempt) {
  if (attempt->form.source) return byte_source_problem(attempt->form.source);
  return attempt->incoming.sink ? byte_sink_problem(attempt->incoming.sink) : NULL;
}

void http_attempt_conclude(struct http_attempt *attempt, CURLcode result, struct attempt_outcome *outcome) {
  struct attempt_facts facts = {
      .result = result,
      .curl_message = attempt->curl_message,
      .status = status_of(attempt),
      .sent = http_attempt_has_sent(attempt),
      .resend_refused = attempt->resend_refused || result == CURLE_SEND_FAIL_REWIND, /* by us, either way */
      .unprocessed = attempt->unprocessed,
      .stream_problem = stream_problem(attempt),
      .response = &attempt->response,
  };
  attempt->ended_well = result == CURLE_OK && attempt->requests_begun == 1;
  forget_request(attempt);
  if (leaves_connection_unusable(attempt, result)) http_attempt_give_up_connection(attempt);
  if (attempt->connects_ahead && result == CURLE_OK) {
    *outcome = (struct attempt_outcome){0};
    return;
  }
  attempt_outcome_judge(&facts, time(NULL), outcome);
  diagnose_connection(attempt, &facts, outcome);
  if (outcome->failure.kind != FAILURE_NONE) attempt_secrets_hide(attempt);
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
