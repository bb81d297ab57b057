/* SPDX-License-Identifier: MIT */
/* Explains why there was no connection, and names the setting to look at: the proxy, or a file. */
#ifndef HTTP_CONNECTION_DIAGNOSIS_H
#define HTTP_CONNECTION_DIAGNOSIS_H

#include "http/attempt_outcome.h"
#include "http/http_settings.h"

/* The answer of a proxy, from libcurl; 0: none. */
struct proxy_answer {
  long status; /* HTTP's, to CONNECT */
  long socks;  /* CURLproxycode */
};

/* Refines the outcome of an attempt that ended before its request began. Reads files that may be the reason.
 */
void connection_diagnosis_refine(const struct http_settings *settings, const struct attempt_facts *facts,
                                 const struct proxy_answer *answer, struct attempt_outcome *outcome);

/* Whether the file of authorities, which was read when the client was made, cannot be opened any more. */
bool connection_diagnosis_lost_authorities(const struct http_settings *settings);

#endif
