/* SPDX-License-Identifier: MIT */
/* Detects that the service refused the HTTP/2 stream of an attempt, which libcurl reports only in its trace.
 */
#ifndef HTTP_ATTEMPT_TRACE_H
#define HTTP_ATTEMPT_TRACE_H

#include "http/attempt_state.h"

/* For CURLOPT_DEBUGFUNCTION, with the attempt as its data. */
int attempt_trace_take(CURL *easy, curl_infotype type, char *text, size_t length, void *data);

/* To be called before a request: a new connection may have the same addresses and ports as an old one. */
void attempt_trace_forget_last(const struct http_attempt *attempt);

#endif
