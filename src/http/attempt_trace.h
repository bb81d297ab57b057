/* SPDX-License-Identifier: MIT */
/* Whether the service has refused the stream of an attempt over HTTP/2: libcurl says so only in its trace. */
#ifndef HTTP_ATTEMPT_TRACE_H
#define HTTP_ATTEMPT_TRACE_H

#include "http/attempt_state.h"

/* For CURLOPT_DEBUGFUNCTION, with the attempt as its data. */
int attempt_trace_take(CURL *easy, curl_infotype type, char *text, size_t length, void *data);

/* To be called before a request: a new connection may have the ends of one that is gone. */
void attempt_trace_forget_last(const struct http_attempt *attempt);

#endif
