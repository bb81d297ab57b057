/* SPDX-License-Identifier: MIT */
/* Decides whether and when a call is tried again after an attempt has ended. Pure: no clock, no I/O, no
 * state. */
#ifndef BASE_RETRY_POLICY_H
#define BASE_RETRY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct retry_settings {
  unsigned max_retries;
  double patience;        /* seconds after the first failed attempt during which max_retries is ignored */
  double retry_delay;     /* seconds before the first retry, doubled for each further one */
  double max_retry_delay; /* seconds, the longest back-off */
  double max_retry_after; /* seconds, the longest wait that the service may ask for */
};

/* The value of the answer's x-should-retry. */
enum retry_advice { RETRY_ADVICE_NONE, RETRY_ADVICE_RETRY, RETRY_ADVICE_STOP };

struct retry_outcome {
  bool transient;        /* no whole answer came, for a temporary reason */
  bool stale_connection; /* a kept-alive connection was closed: the next attempt makes a new one, at once */
  long status;           /* of the answer; 0 when none came */
  enum retry_advice advice;
  double retry_after; /* seconds that the service asked for; 0: none */
  double failing_for; /* seconds since the first failed attempt of the call ended; 0 for that one */
};

enum retry_verdict {
  RETRY_NOW_OR_LATER,   /* try again after `wait` seconds */
  RETRY_NOT_OF_USE,     /* the outcome is final */
  RETRY_USED_UP,        /* max_retries is reached, and patience is over */
  RETRY_AFTER_TOO_LONG, /* the service asked for more than max_retry_after */
  RETRY_PAST_DEADLINE   /* the wait would end after the deadline */
};

struct retry_decision {
  enum retry_verdict verdict;
  double wait; /* seconds, 0 unless RETRY_NOW_OR_LATER */
};

/* `attempts`: requests begun so far, at least 1. `time_left`: seconds to the deadline, INFINITY when there
 * is none. `random`: uniform in 0..1. */
struct retry_decision retry_policy_decide(const struct retry_settings *settings,
                                          const struct retry_outcome *outcome, unsigned attempts,
                                          double time_left, double random);

/* The number in a header: decimal digits with an optional fraction, whole text, blanks around it allowed.
 * One beyond all numbers is the largest number. False for anything else ("inf", "0x1", "-1", "1e3", "").
 * Does not depend on the locale. `text` needs no NUL. */
bool retry_policy_parse_number(const char *text, size_t length, double *number);

/* Seconds until `date`, above 0, or 0 when that is past. They count from `answered`, the time that the
 * service gave its answer, because its clock and ours may differ; without that from `now`, our clock. Each
 * -1: none. A wait of more than a day by the service's clock is doubted: where our clock says less, that is
 * taken. */
double retry_policy_date_wait(time_t date, time_t answered, time_t now);

#endif
