/* SPDX-License-Identifier: MIT */
/* Each case in a child process of its own, where a SIGPIPE that gets through is the end. */
#include "base/sigpipe_guard.h"

#include "child.h"
#include "unit.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void write_to_a_broken_socket(void) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) _exit(WRONG);
  close(pair[1]);
  if (write(pair[0], "x", 1) != -1 || errno != EPIPE) _exit(WRONG);
  close(pair[0]);
}

static bool is_blocked(void) {
  sigset_t mask;
  pthread_sigmask(SIG_BLOCK, NULL, &mask);
  return sigismember(&mask, SIGPIPE) == 1;
}

static bool is_pending(void) {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGPIPE) == 1;
}

static void block(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void with_guard(bool needed) {
  struct sigpipe_guard guard;
  sigpipe_guard_enter(&guard, needed);
  write_to_a_broken_socket();
  sigpipe_guard_leave(&guard);
}

static int survives(void) {
  with_guard(true);
  with_guard(true);
  return is_blocked() || is_pending() ? WRONG : ALL_IS_WELL;
}

static int ends_without(void) {
  with_guard(false);
  return ALL_IS_WELL;
}

static int guards_no_longer_than_asked(void) {
  with_guard(true);
  write_to_a_broken_socket();
  return ALL_IS_WELL;
}

static int nests(void) {
  struct sigpipe_guard outer;
  sigpipe_guard_enter(&outer, true);
  with_guard(true);
  if (!is_blocked()) return WRONG;
  write_to_a_broken_socket();
  sigpipe_guard_leave(&outer);
  return is_blocked() || is_pending() ? WRONG : ALL_IS_WELL;
}

static int leaves_a_blocked_one_blocked(void) {
  block();
  with_guard(true);
  return is_blocked() && !is_pending() ? ALL_IS_WELL : WRONG;
}

static int leaves_one_that_was_pending(void) {
  block();
  raise(SIGPIPE);
  with_guard(true);
  return is_blocked() && is_pending() ? ALL_IS_WELL : WRONG;
}

static volatile sig_atomic_t handled;

static void handle(int number) {
  (void)number;
  handled = handled + 1;
}

static int leaves_a_handler_alone(void) {
  signal(SIGPIPE, handle);
  with_guard(true);
  if (handled) return WRONG;
  write_to_a_broken_socket();
  return handled ? ALL_IS_WELL : WRONG;
}

int main(void) {
  static const struct guard_row {
    const char *sentence;
    int (*child)(void);
    int signal;
  } rows[] = {
      {"a guarded write to a broken socket ends nothing, and leaves nothing", survives, 0},
      {"without need there is no guard", ends_without, SIGPIPE},
      {"after the guard such a write is again what it was", guards_no_longer_than_asked, SIGPIPE},
      {"guards may nest", nests, 0},
      {"a host that blocks SIGPIPE still does", leaves_a_blocked_one_blocked, 0},
      {"a SIGPIPE that was pending before stays so", leaves_one_that_was_pending, 0},
      {"the host's handler is called for its own writes alone", leaves_a_handler_alone, 0},
  };
  EACH(row, rows) {
    int ended_by = child_ended_by(row->child);
    CHECK(ended_by == row->signal, "%s (%d)", row->sentence, ended_by);
  }
  return unit_end();
}
