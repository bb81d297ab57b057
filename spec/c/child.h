/* SPDX-License-Identifier: MIT */
/* Runs a function in a child process, for what may end the process. */
#ifndef SPEC_CHILD_H
#define SPEC_CHILD_H

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ALL_IS_WELL = 42, WRONG = 1 }; /* what such a function returns */

/* The signal that ended the child; 0 when it found that all is well, -1 when not. SIGPIPE is the system's own
 * in it, whatever started the suite. */
static inline int child_ended_by(int (*child)(void)) {
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    signal(SIGPIPE, SIG_DFL);
    alarm(10);
    _exit(child());
  }
  if (pid < 0 || waitpid(pid, &status, 0) != pid) return -1;
  if (WIFSIGNALED(status)) return WTERMSIG(status);
  return WEXITSTATUS(status) == ALL_IS_WELL ? 0 : -1;
}

#endif
