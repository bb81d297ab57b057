/* SPDX-License-Identifier: MIT */
#include "base/sigpipe_guard.h"

#include <errno.h>
#include <time.h>

static sigset_t only_sigpipe(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  return set;
}

static bool is_pending(void) {
  sigset_t pending;
  sigemptyset(&pending);
  sigpending(&pending);
  return sigismember(&pending, SIGPIPE) == 1;
}

/* Without waiting: one sent to the whole process may have gone to another thread since it was seen. */
static void take_pending(void) {
  sigset_t set = only_sigpipe();
#ifdef __APPLE__ /* has no sigtimedwait */
  int number;
  sigwait(&set, &number);
#else
  static const struct timespec at_once = {0, 0};
  while (sigtimedwait(&set, NULL, &at_once) < 0 && errno == EINTR) continue;
#endif
}

void sigpipe_guard_enter(struct sigpipe_guard *guard, bool needed) {
  sigset_t set = only_sigpipe();
  guard->is_on = needed && pthread_sigmask(SIG_BLOCK, &set, &guard->mask) == 0;
  guard->was_pending = guard->is_on && is_pending();
}

void sigpipe_guard_leave(struct sigpipe_guard *guard) {
  if (!guard->is_on) return;
  if (!guard->was_pending && is_pending()) take_pending();
  pthread_sigmask(SIG_SETMASK, &guard->mask, NULL);
  guard->is_on = false;
}
