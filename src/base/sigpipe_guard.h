/* SPDX-License-Identifier: MIT */
/* Keeps a write to a broken connection from ending the process: SIGPIPE is blocked in this thread alone, and
 * the host's handlers and masks are left as they were. For code of others that writes without MSG_NOSIGNAL.
 */
#ifndef BASE_SIGPIPE_GUARD_H
#define BASE_SIGPIPE_GUARD_H

#include <signal.h>
#include <stdbool.h>

struct sigpipe_guard {
  sigset_t mask;    /* of the thread, before */
  bool is_on;       /* SIGPIPE was blocked by this guard */
  bool was_pending; /* before: not for this guard to take away */
};

/* Blocks SIGPIPE in this thread until sigpipe_guard_leave, which must run in the same thread. Guards may
 * nest. Where it is not `needed`, neither of the two makes a system call. */
void sigpipe_guard_enter(struct sigpipe_guard *guard, bool needed);

/* Takes away the SIGPIPE that came meanwhile, and restores the thread's mask. */
void sigpipe_guard_leave(struct sigpipe_guard *guard);

#endif
