/* SPDX-License-Identifier: MIT */
/* The options of libcurl's easy handles, and the functions that the handles call. */
#ifndef HTTP_ATTEMPT_OPTIONS_H
#define HTTP_ATTEMPT_OPTIONS_H

#include "http/attempt_state.h"

/* Sets the options that are the same for every attempt of a client. False when memory ran out. */
bool attempt_options_set_client(struct http_attempt *attempt, const struct http_settings *settings);

/* Sets the options of one attempt: its request, and how it is sent. The headers must be assembled. False when
 * memory ran out. */
bool attempt_options_set(struct http_attempt *attempt, const struct http_request *request,
                         const struct attempt_terms *terms);

/* Trusts the authorities that were read when the client was made. False when the TLS library of libcurl
 * cannot be given them. */
bool attempt_options_trust_kept_authorities(struct http_attempt *attempt);

/* Removes from the handle what belongs to others: the caller's headers, and the engine's TLS sessions. To be
 * called when the handle is off the engine, which may be deleted before it. */
void attempt_options_forget_request(struct http_attempt *attempt);

/* Closes the connection when the attempt ends. */
void attempt_options_forbid_reuse(struct http_attempt *attempt);

/* Makes a connection for this attempt alone, instead of waiting for one that another attempt makes. */
void attempt_options_connect_alone(struct http_attempt *attempt);

/* To be called once the connection of an attempt that connects ahead is made, before the handle is taken off:
 * libcurl keeps the connection then, and lets later requests use it. */
void attempt_options_end_connecting(struct http_attempt *attempt);

#endif
