/* SPDX-License-Identifier: MIT */
#include "base/process_id.h"

#include "child.h"
#include "unit.h"

#include <sys/syscall.h>

static int knows_itself(void) {
  return process_id_get() == getpid() && process_id_get() == getpid() ? ALL_IS_WELL : WRONG;
}

static int knows_itself_and_its_child(void) {
  if (knows_itself() != ALL_IS_WELL) return WRONG;
  return child_ended_by(knows_itself) == 0 ? knows_itself() : WRONG;
}

/* As a program forks that does not ask the C library to. */
static int ended_by_bare_fork(void) {
  int status = 0;
  pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
  if (pid == 0) _exit(knows_itself());
  return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(void) {
  CHECK(child_ended_by(knows_itself) == 0,
        "a child knows its id although its parent did not ask for its own");
  CHECK(knows_itself() == ALL_IS_WELL, "a process knows its id");
  CHECK(child_ended_by(knows_itself_and_its_child) == 0, "so do its child, and the child of that");
  CHECK(ended_by_bare_fork() == ALL_IS_WELL, "a child that the C library knows nothing of does");
  CHECK(knows_itself() == ALL_IS_WELL, "and the process afterwards");
  return unit_end();
}
