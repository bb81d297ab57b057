/* SPDX-License-Identifier: MIT */
#include "base/retry_policy.h"

#include "base/failure.h"

#include <float.h>
#include <math.h>

enum { LONGEST_UNDOUBTED_WAIT = 24 * 60 * 60 }; /* seconds */

static bool is_worth_a_retry(const struct retry_outcome *outcome) {
  if (outcome->status == 0 || outcome->transient) return outcome->transient;
  if (outcome->advice != RETRY_ADVICE_NONE) return outcome->advice == RETRY_ADVICE_RETRY;
  if (outcome->status == STATUS_NOT_IMPLEMENTED) return false;
  return outcome->status == 408 || outcome->status == 409 || outcome->status == 429 || outcome->status >= 500;
}

#define MIN_PATIENT_WAIT 0.5 /* seconds: the number of patient retries has no other bound */

static double backoff(const struct retry_settings *settings, unsigned attempts, double random) {
  double delay = settings->retry_delay;
  for (unsigned i = 1; i < attempts && delay < settings->max_retry_delay; i++) delay *= 2;
  if (delay > settings->max_retry_delay) delay = settings->max_retry_delay;
  return delay * (0.75 + 0.25 * random);
}

struct retry_decision retry_policy_decide(const struct retry_settings *settings,
                                          const struct retry_outcome *outcome, unsigned attempts,
                                          double time_left, double random) {
  struct retry_decision decision = {RETRY_NOW_OR_LATER, 0};
  double wait;
  if (!is_worth_a_retry(outcome))
    decision.verdict = RETRY_NOT_OF_USE;
  else if (attempts > settings->max_retries && outcome->failing_for >= settings->patience)
    decision.verdict = RETRY_USED_UP;
  else if (outcome->retry_after > settings->max_retry_after)
    decision.verdict = RETRY_AFTER_TOO_LONG;
  if (decision.verdict != RETRY_NOW_OR_LATER) return decision;

  wait = outcome->retry_after > 0 ? outcome->retry_after : backoff(settings, attempts, random);
  if (outcome->stale_connection) wait = 0;
  if (attempts > settings->max_retries && wait < MIN_PATIENT_WAIT) wait = MIN_PATIENT_WAIT;
  if (wait >= time_left)
    decision.verdict = RETRY_PAST_DEADLINE;
  else
    decision.wait = wait;
  return decision;
}

static bool is_blank(char byte) {
  return byte == ' ' || byte == '\t';
}
static bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

bool retry_policy_parse_number(const char *text, size_t length, double *number) {
  const char *end = text + length;
  double value = 0, unit = 1;
  bool any = false;
  while (text < end && is_blank(*text)) text++;
  for (; text < end && is_digit(*text); text++, any = true) value = value * 10 + (*text - '0');
  if (any && text < end && *text == '.')
    for (text++; text < end && is_digit(*text); text++) value += (*text - '0') * (unit /= 10);
  while (text < end && is_blank(*text)) text++;
  if (!any || text < end) return false;
  *number = fmin(value, DBL_MAX);
  return true;
}

double retry_policy_date_wait(time_t date, time_t answered, time_t now) {
  double by_service = difftime(date, answered), by_us = difftime(date, now);
  if (date == -1) return 0;
  if (answered == -1) return fmax(by_us, 0);
  if (by_service > LONGEST_UNDOUBTED_WAIT && by_us > 0) return fmin(by_service, by_us);
  return fmax(by_service, 0);
}
