/* SPDX-License-Identifier: MIT */
/* Every option of libcurl's easy handles, and what the handles call back for. */
#ifndef HTTP_ATTEMPT_OPTIONS_H
#define HTTP_ATTEMPT_OPTIONS_H

#include "http/attempt_state.h"

/* What holds for every attempt of a client. False when memory ran out. */
bool attempt_options_set_client(struct http_attempt *attempt, const struct http_settings *settings);

/* What one attempt sends, and how. Its headers are assembled. False when memory ran out. */
bool attempt_options_set(struct http_attempt *attempt, const struct http_request *request,
                         const struct attempt_terms *terms);

/* The headers, which were lent for the attempt alone, are not used any more. */
void attempt_options_forget_headers(struct http_attempt *attempt);

/* The connection is closed with the attempt. */
void attempt_options_forbid_reuse(struct http_attempt *attempt);

/* The attempt does not wait for a connection that another one makes. */
void attempt_options_connect_alone(struct http_attempt *attempt);

#endif
