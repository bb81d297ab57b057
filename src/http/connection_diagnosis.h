/* SPDX-License-Identifier: MIT */
/* Why there was no connection, in words that name the setting to look at: the proxy, a file. */
#ifndef HTTP_CONNECTION_DIAGNOSIS_H
#define HTTP_CONNECTION_DIAGNOSIS_H

#include "http/attempt_outcome.h"
#include "http/http_settings.h"

/* What a proxy answered, as libcurl tells it; each 0: nothing. */
struct proxy_answer {
  long status; /* HTTP's, to CONNECT */
  long socks;  /* CURLproxycode */
};

/* Refines the outcome of an attempt that ended before its request began. Reads files, when they may be the
 * reason. */
void connection_diagnosis_refine(const struct http_settings *settings, const struct attempt_facts *facts,
                                 const struct proxy_answer *answer, struct attempt_outcome *outcome);

#endif
