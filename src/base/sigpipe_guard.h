/* SPDX-License-Identifier: MIT */
/* Prevents that a write to a broken connection ends the process: blocks SIGPIPE in this thread only, and
 * leaves the host's handlers and masks unchanged. For libraries that write without MSG_NOSIGNAL. */
#ifndef BASE_SIGPIPE_GUARD_H
#define BASE_SIGPIPE_GUARD_H

#include <signal.h>
#include <stdbool.h>

struct sigpipe_guard {
  sigset_t mask;    /* the thread's mask before */
  bool is_on;       /* SIGPIPE was blocked by this guard */
  bool was_pending; /* SIGPIPE was pending before, so this guard must not take it */
};

/* Blocks SIGPIPE in this thread until sigpipe_guard_leave, which must run in the same thread. Guards may be
 * nested. When it is not `needed`, neither function makes a system call. */
void sigpipe_guard_enter(struct sigpipe_guard *guard, bool needed);

/* Takes the SIGPIPE that arrived meanwhile, and restores the thread's mask. */
void sigpipe_guard_leave(struct sigpipe_guard *guard);

#endif
