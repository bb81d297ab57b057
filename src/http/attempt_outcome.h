/* SPDX-License-Identifier: MIT */
/* Decides what the end of an attempt means: the failure, whether to try again, and whether the service may
 * have acted on the request. Pure: no I/O, no state. */
#ifndef HTTP_ATTEMPT_OUTCOME_H
#define HTTP_ATTEMPT_OUTCOME_H

#include "base/failure.h"
#include "base/retry_policy.h"
#include "http/http_response.h"
#include <curl/curl.h>

struct attempt_facts {
  CURLcode result;
  const char *curl_message; /* "" for none */
  long status;              /* 0: no final answer began */
  bool sent;                /* bytes of the request left this machine, or may have */
  bool resend_refused;      /* the kept-alive connection was closed during the request */
  bool unprocessed;         /* the service said by HTTP/2 that it did not act on the request, and will not */
  const struct failure
      *stream_problem; /* why the body could not be read, or the answer's stored; NULL: it could */
  const struct http_response *response;
};

struct attempt_outcome {
  struct failure failure; /* kind NONE: a whole answer with a 2xx status */
  struct retry_outcome retry;
  long status;
  bool unconfirmed; /* sent, and the service may have acted on it without confirmation */
};

/* `now` is used for a date in retry-after. */
void attempt_outcome_judge(const struct attempt_facts *facts, time_t now, struct attempt_outcome *outcome);

#endif
