/* SPDX-License-Identifier: MIT */
/* Each case in a child process of its own, whose signals are its own. */
#include "base/signal_queue.h"

#include "child.h"
#include "unit.h"
#include <math.h>
#include <signal.h>
#include <unistd.h>

static int open_queue(void) {
  struct failure failure = {0};
  return signal_queue_open(&failure) ? ALL_IS_WELL : WRONG;
}

static int takes_one_after_the_other(void) {
  if (open_queue() != ALL_IS_WELL || signal_queue_take() != 0) return WRONG;
  raise(SIGTERM);
  raise(SIGINT);
  if (signal_queue_take() != SIGTERM || signal_queue_take() != SIGINT) return WRONG;
  return signal_queue_take() == 0 ? ALL_IS_WELL : WRONG;
}

static int opens_twice(void) {
  if (open_queue() != ALL_IS_WELL || open_queue() != ALL_IS_WELL) return WRONG;
  raise(SIGHUP);
  return signal_queue_take() == SIGHUP ? ALL_IS_WELL : WRONG;
}

/* One that came before the wait began ends it: alarm(10) would end the child otherwise. */
static int ends_a_wait_that_begins_later(void) {
  if (open_queue() != ALL_IS_WELL) return WRONG;
  raise(SIGINT);
  signal_queue_wait(-1, INFINITY);
  return signal_queue_take() == SIGINT ? ALL_IS_WELL : WRONG;
}

static int ends_a_wait_for_a_descriptor(void) {
  int ends[2];
  if (open_queue() != ALL_IS_WELL || pipe(ends) != 0 || write(ends[1], "x", 1) != 1) return WRONG;
  signal_queue_wait(ends[0], INFINITY);
  signal_queue_wait(-1, 0);
  return signal_queue_take() == 0 ? ALL_IS_WELL : WRONG;
}

static int leaves_one_ignored(void) {
  signal(SIGHUP, SIG_IGN);
  if (open_queue() != ALL_IS_WELL) return WRONG;
  raise(SIGHUP);
  if (signal_queue_take() != 0) return WRONG;
  raise(SIGINT);
  raise(SIGINT);
  raise(SIGHUP);
  return ALL_IS_WELL;
}

static int lets_the_third_one_end_it(void) {
  if (open_queue() != ALL_IS_WELL) return WRONG;
  for (int i = 0; i < 3; i++) raise(SIGINT);
  return WRONG;
}

static int knows_who_has_sigint(void) {
  if (!signal_queue_missed_interrupt()) return WRONG;
  return open_queue() == ALL_IS_WELL && !signal_queue_missed_interrupt() ? ALL_IS_WELL : WRONG;
}

static int gives_them_back(void) {
  if (open_queue() != ALL_IS_WELL) return WRONG;
  signal_queue_close();
  signal_queue_close();
  if (signal_queue_take() != 0) return WRONG;
  raise(SIGTERM);
  return WRONG;
}

int main(void) {
  static const struct queue_row {
    const char *sentence;
    int (*child)(void);
    int signal;
  } rows[] = {
      {"signals are taken in their order", takes_one_after_the_other, 0},
      {"a queue may be opened twice", opens_twice, 0},
      {"a signal ends the wait that begins after it", ends_a_wait_that_begins_later, 0},
      {"a descriptor ends the wait", ends_a_wait_for_a_descriptor, 0},
      {"a signal that was ignored stays ignored", leaves_one_ignored, 0},
      {"the third signal ends the process", lets_the_third_one_end_it, SIGINT},
      {"SIGINT is the system's own before, and ours after", knows_who_has_sigint, 0},
      {"a closed queue gives the signals back", gives_them_back, SIGTERM},
  };
  EACH(row, rows) {
    int ended_by = child_ended_by(row->child);
    CHECK(ended_by == row->signal, "%s (%d)", row->sentence, ended_by);
  }
  return unit_end();
}
