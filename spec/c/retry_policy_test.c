/* SPDX-License-Identifier: MIT */
#include "base/retry_policy.h"

#include "guard_page.h"
#include "unit.h"
#include <float.h>
#include <math.h>
#include <string.h>

static const struct retry_settings usual = {
    .max_retries = 2, .retry_delay = 0.5, .max_retry_delay = 8, .max_retry_after = 60};

static bool near(double a, double b) {
  return a == b || fabs(a - b) <= 1e-9 * fabs(b);
}

static const struct status_row {
  long status;
  bool retried; /* when the answer gives no advice */
} status_rows[] = {
    {100, false}, {101, false}, {200, false}, {201, false}, {204, false}, {206, false},
    {301, false}, {302, false}, {304, false}, {307, false}, {308, false}, {400, false},
    {401, false}, {402, false}, {403, false}, {404, false}, {405, false}, {407, false},
    {408, true},  {409, true},  {410, false}, {411, false}, {413, false}, {422, false},
    {425, false}, {428, false}, {429, true},  {430, false}, {499, false}, {500, true},
    {501, false}, {502, true},  {503, true},  {504, true},  {529, true},  {599, true},
};
static const enum retry_advice advices[] = {RETRY_ADVICE_NONE, RETRY_ADVICE_RETRY, RETRY_ADVICE_STOP};
static const unsigned attempt_counts[] = {1, 2, 3, 4, 1000};
static const double retry_afters[] = {0, 0.001, 20, 60, 60.001, 61, 1e9, INFINITY};
static const double times_left[] = {INFINITY, 1e6, 60.5, 20, 0.25, 0, -1};

/* Each reason to stop stands before those that are asked after it. */
static enum retry_verdict expected_verdict(bool retried, unsigned attempts, double retry_after,
                                           double shortest, double left) {
  if (!retried) return RETRY_NOT_OF_USE;
  if (attempts > 2) return RETRY_USED_UP;
  if (retry_after > 60) return RETRY_AFTER_TOO_LONG;
  return (retry_after > 0 ? retry_after : shortest) >= left ? RETRY_PAST_DEADLINE : RETRY_NOW_OR_LATER;
}

static bool decides_so(long status, bool retried, enum retry_advice advice, unsigned attempts,
                       double retry_after, double left) {
  struct retry_outcome outcome = {.status = status, .advice = advice, .retry_after = retry_after};
  struct retry_decision decision = retry_policy_decide(&usual, &outcome, attempts, left, 0);
  double own_wait = 0.75 * (attempts == 1 ? 0.5 : 1);
  enum retry_verdict expected = expected_verdict(retried, attempts, retry_after, own_wait, left);
  double wait = expected != RETRY_NOW_OR_LATER ? 0 : retry_after > 0 ? retry_after : own_wait;
  if (decision.verdict == expected && near(decision.wait, wait)) return true;
  printf("attempt %u, retry-after %g, %g s left: verdict %d after %g s, expected %d after %g s\n", attempts,
         retry_after, left, decision.verdict, decision.wait, expected, wait);
  return false;
}

static void decides_on_every_answer(void) {
  EACH(row, status_rows)
  EACH(advice, advices) {
    bool retried = *advice == RETRY_ADVICE_NONE ? row->retried : *advice == RETRY_ADVICE_RETRY;
    bool right = true;
    EACH(attempts, attempt_counts)
    EACH(retry_after, retry_afters)
    EACH(left, times_left)
    right &= decides_so(row->status, retried, *advice, *attempts, *retry_after, *left);
    CHECK(right, "HTTP %ld with advice %d is %s, within retries, max_retry_after and deadline", row->status,
          *advice, retried ? "retried" : "final");
  }
}

static void decides_without_an_answer(void) {
  EACH(advice, advices) {
    struct retry_outcome passing = {.transient = true, .advice = *advice};
    struct retry_outcome lasting = {.transient = false, .advice = *advice};
    struct retry_outcome cut_off = {.transient = true, .status = 400, .advice = *advice};
    CHECK(retry_policy_decide(&usual, &passing, 1, INFINITY, 0).verdict == RETRY_NOW_OR_LATER,
          "a failure that may pass is retried");
    CHECK(retry_policy_decide(&usual, &passing, 3, INFINITY, 0).verdict == RETRY_USED_UP,
          "a failure that may pass is retried max_retries times");
    CHECK(retry_policy_decide(&usual, &lasting, 1, INFINITY, 0).verdict == RETRY_NOT_OF_USE,
          "a failure that will not pass is final");
    CHECK(retry_policy_decide(&usual, &cut_off, 1, INFINITY, 0).verdict == RETRY_NOW_OR_LATER,
          "an answer that was cut off is retried whatever its status and advice");
  }
}

static void resends_at_once_on_a_stale_connection(void) {
  struct retry_outcome stale = {.transient = true, .stale_connection = true};
  struct retry_decision decision = retry_policy_decide(&usual, &stale, 2, 0.01, 1);
  CHECK(decision.verdict == RETRY_NOW_OR_LATER && decision.wait == 0, "a stale connection costs no wait");
  CHECK(retry_policy_decide(&usual, &stale, 3, INFINITY, 1).verdict == RETRY_USED_UP,
        "a stale connection counts as an attempt");
  CHECK(retry_policy_decide(&usual, &stale, 1, 0, 1).verdict == RETRY_PAST_DEADLINE,
        "no time left is no time for a resend");
}

static double backoff(const struct retry_settings *settings, unsigned attempts, double random) {
  struct retry_outcome outcome = {.status = 503};
  return retry_policy_decide(settings, &outcome, attempts, INFINITY, random).wait;
}

static void doubles_up_to_the_cap(void) {
  static const double waits[] = {0.5, 1, 2, 4, 8, 8, 8};
  struct retry_settings patient = usual, flat = usual, none = usual, steep = usual;
  patient.max_retries = 1000;
  flat.retry_delay = 20;
  none.retry_delay = 0;
  steep.max_retry_delay = 3, steep.max_retries = 10;
  for (unsigned i = 0; i < sizeof waits / sizeof *waits; i++)
    CHECK(near(backoff(&patient, i + 1, 1), waits[i]), "the wait after attempt %u is %g s", i + 1, waits[i]);
  CHECK(near(backoff(&patient, 1000, 1), 8), "the wait stays at the cap for ever");
  CHECK(near(backoff(&flat, 1, 1), 8), "a retry_delay above the cap is cut to it");
  CHECK(near(backoff(&steep, 4, 1), 3), "a cap that is no doubling of the delay is kept");
  CHECK(backoff(&none, 2, 1) == 0, "a retry_delay of 0 means no wait");
}

static struct retry_decision after(unsigned attempts, long status, double failing_for, double left) {
  struct retry_settings patient = {2, .patience = 30, .retry_delay = 0.001, .max_retry_delay = 8,
                                   .max_retry_after = 60};
  struct retry_outcome outcome = {.status = status, .failing_for = failing_for};
  outcome.transient = status == 0;
  return retry_policy_decide(&patient, &outcome, attempts, left, 0);
}

static void is_patient_for_so_long(void) {
  CHECK(after(2, 0, 100, INFINITY).verdict == RETRY_NOW_OR_LATER,
        "max_retries counts after all patience, too");
  CHECK(after(3, 0, 29.9, INFINITY).verdict == RETRY_NOW_OR_LATER,
        "within its patience a call is tried again");
  CHECK(after(9, 503, 29.9, INFINITY).verdict == RETRY_NOW_OR_LATER, "so it is after an answer");
  CHECK(after(3, 0, 30, INFINITY).verdict == RETRY_USED_UP, "patience comes to an end");
  CHECK(after(3, 404, 1, INFINITY).verdict == RETRY_NOT_OF_USE, "a refusal is final");
  CHECK(after(9, 0, 1, 0.4).verdict == RETRY_PAST_DEADLINE, "the deadline bounds it");
  CHECK(after(2, 0, 1, INFINITY).wait < 0.01, "retry_delay is the program's");
  CHECK(near(after(3, 0, 1, INFINITY).wait, 0.5), "beyond max_retries no wait is shorter than half a second");
}

static void spreads_waits_over_a_quarter(void) {
  for (int i = 0; i <= 100; i++) {
    double random = i / 100.0;
    double wait = backoff(&usual, 2, random);
    CHECK(wait >= 0.75 && wait <= 1.0 && near(wait, 0.75 + 0.25 * random),
          "random %g keeps the wait within 0.75..1.0", random);
  }
}

static void takes_the_services_wait_as_it_is(void) {
  struct retry_outcome outcome = {.status = 429, .retry_after = 20};
  CHECK(retry_policy_decide(&usual, &outcome, 1, INFINITY, 0).wait == 20,
        "retry-after is not shortened at random 0");
  CHECK(retry_policy_decide(&usual, &outcome, 1, INFINITY, 1).wait == 20,
        "retry-after is not spread at random 1");
}

static const struct number_row {
  const char *text;
  bool is_number;
  double number;
} number_rows[] = {
    {"20", true, 20},
    {"0", true, 0},
    {"60", true, 60},
    {"61", true, 61},
    {"120", true, 120},
    {"121", true, 121},
    {"1.5", true, 1.5},
    {"0.25", true, 0.25},
    {" 5 ", true, 5},
    {"\t5\t", true, 5},
    {"007", true, 7},
    {"12.", true, 12},
    {"0.000", true, 0},
    {"-10", false, 0},
    {"-1100", false, 0},
    {"+1", false, 0},
    {"inf", false, 0},
    {"infinity", false, 0},
    {"nan", false, 0},
    {"NaN", false, 0},
    {"", false, 0},
    {" ", false, 0},
    {".", false, 0},
    {".5", false, 0},
    {"0x10", false, 0},
    {"1e3", false, 0},
    {"1,5", false, 0},
    {"1 2", false, 0},
    {"1.2.3", false, 0},
    {"5s", false, 0},
    {"s5", false, 0},
    {"five", false, 0},
    {"5\n", false, 0},
    {"5\r", false, 0},
    {"\xd9\xa5", false, 0},
    {"\xff", false, 0},
    {"Fri, 31 Dec 1999 23:59:59 GMT", false, 0},
    {"18446744073709551616", true, 18446744073709551616.0},
};

static void reads_numbers(void) {
  EACH(row, number_rows) {
    double number = -7;
    bool is_number =
        retry_policy_parse_number(guard_page_copy(row->text, strlen(row->text)), strlen(row->text), &number);
    CHECK(is_number == row->is_number, "'%s' is %s number", row->text, row->is_number ? "a" : "no");
    CHECK(near(number, row->is_number ? row->number : -7), "'%s' gives %g (was %g)", row->text,
          row->is_number ? row->number : -7, number);
  }
}

static void reads_numbers_of_any_length(void) {
  char digits[1001], fraction[1001];
  double number = 0;
  memset(digits, '9', sizeof digits - 1);
  memset(fraction, '9', sizeof fraction - 1);
  digits[sizeof digits - 1] = fraction[sizeof fraction - 1] = '\0';
  fraction[0] = '0', fraction[1] = '.';
  CHECK(retry_policy_parse_number(digits, strlen(digits), &number) && number == DBL_MAX,
        "a thousand digits are the largest number there is");
  CHECK(retry_policy_parse_number(fraction, strlen(fraction), &number) && near(number, 1),
        "a thousand decimals are no trouble");
}

static void counts_the_wait_for_a_date_by_the_services_clock(void) {
  enum { NONE = -1, T = 784111777, HOUR = 3600, DAY = 24 * HOUR };
  static const struct date_row {
    const char *what;
    time_t date, answered, now;
    double wait;
  } rows_of_dates[] = {
      {"no date", NONE, T, T, 0},
      {"no date and no other", NONE, NONE, T, 0},
      {"a date to come, by our clock alone", T + 30, NONE, T, 30},
      {"a date past, by our clock alone", T - 30, NONE, T, 0},
      {"a date to come", T + 30, T, T, 30},
      {"a date past", T - 30, T, T, 0},
      {"a date when our clock is late", T + 30, T, T - HOUR, 30},
      {"a date when our clock is early", T + 30, T, T + HOUR, 30},
      {"a date when our clock is early by less than the wait", T + 30, T, T + 20, 30},
      {"a date past when our clock is late", T - 30, T, T - HOUR, 0},
      {"the date of the answer when our clock is late", T, T, T - HOUR, 0},
      {"a day", T + DAY, T, T + HOUR, DAY},
      {"more than a day", T + DAY + 1, T, T, DAY + 1},
      {"more than a day when our clock is early", T + DAY + 1, T, T + HOUR, DAY + 1 - HOUR},
      {"more than a day that is past by our clock", T + DAY + 1, T, T + 2 * DAY, DAY + 1},
      {"an answer of 1970", T + 30, 0, T, 30},
      {"a clock of ours in 1970", T + 30, T, 0, 30},
  };
  EACH(row, rows_of_dates) {
    double wait = retry_policy_date_wait(row->date, row->answered, row->now);
    CHECK(wait == row->wait, "%s asks for %g s (was %g)", row->what, row->wait, wait);
  }
}

int main(void) {
  counts_the_wait_for_a_date_by_the_services_clock();
  decides_on_every_answer();
  decides_without_an_answer();
  resends_at_once_on_a_stale_connection();
  doubles_up_to_the_cap();
  is_patient_for_so_long();
  spreads_waits_over_a_quarter();
  takes_the_services_wait_as_it_is();
  reads_numbers();
  reads_numbers_of_any_length();
  return unit_end();
}
