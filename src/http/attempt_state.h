/* SPDX-License-Identifier: MIT */
/* The state of an attempt, for http_attempt and the units below it: the options of its handle, its trace. */
#ifndef HTTP_ATTEMPT_STATE_H
#define HTTP_ATTEMPT_STATE_H

#include "http/answer_stream.h"
#include "http/http_request.h"
#include "http/http_response.h"
#include "http/http_settings.h"
#include "http/multipart_form.h"
#include "http/transfer_engine.h"

struct http_attempt {
  CURL *easy;
  const struct http_settings *settings;
  struct transfer_engine *engine; /* whose sockets it opens */
  struct http_response response;
  struct curl_slist authorization; /* the first lines of the list that is sent; the request's list follows */
  struct curl_slist content_type, expect;
  const struct curl_slist *headers;      /* all headers, while the attempt runs */
  struct text_buffer authorization_line; /* wiped when the attempt is over */
  struct multipart_form form;            /* while an attempt with a source runs */
  struct answer_stream incoming;         /* while an attempt with a sink runs */
  bool connects_ahead;                   /* and sends nothing */
  bool may_share;                        /* a connection with others, by HTTP/2 */
  double left_line_at; /* when curl began to use or make a connection for it; 0: it waits for one */
  unsigned returns_to_line;
  unsigned failures; /* of the engine, when it was put in line */
  double asked_at;   /* when its last request began, on this connection: */
  struct connection_ends ends;
  unsigned requests_begun; /* curl may try to begin a second one by itself */
  bool resend_refused;
  unsigned long stream; /* the HTTP/2 stream of its request; 0: none, or unknown */
  bool unprocessed;     /* the service refused its HTTP/2 stream, so the bytes sent do not count */
  bool trusts_kept_authorities;
  bool ended_well;  /* its last request: curl's handle holds nothing of that against the next one */
  bool is_forgiven; /* its time was extended because the host did not step; once an attempt */
  char curl_message[CURL_ERROR_SIZE];
  struct http_attempt *next; /* among the idle ones of a client */
};

/* The properties of one attempt. */
struct attempt_terms {
  const char *api_key;
  size_t api_key_length;
  double connect_timeout; /* seconds */
  bool fresh_connection;
  bool trusts_kept_authorities;
  bool share_connection; /* wait for a connection that is being made, which may be HTTP/2 */
  struct engine_task *task;
};

/* Whether it waits for a connection: curl may open no more (max_connections), or another attempt is making
 * one that it may share. Its time-outs do not count meanwhile. */
static inline bool attempt_state_is_in_line(const struct http_attempt *attempt) {
  return attempt->left_line_at <= 0;
}

/* Whether bytes of the request have been sent. Before the request begins, curl still reports the previous
 * one's. */
static inline bool attempt_state_has_sent_any(const struct http_attempt *attempt) {
  long bytes = 0;
  if (attempt->requests_begun > 0) curl_easy_getinfo(attempt->easy, CURLINFO_REQUEST_SIZE, &bytes);
  return bytes > 0;
}

#endif
