/* SPDX-License-Identifier: MIT */
#include "base/signal_queue.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
enum { COUNT = sizeof numbers / sizeof *numbers, SIGNALS_UNTIL_DEFAULT = 2 };

enum { READ_END, WRITE_END };

static int ends[2] = {-1, -1};
static struct sigaction before[COUNT];
static volatile sig_atomic_t arrived;

static bool is_ignored(int i) {
  return before[i].sa_handler == SIG_IGN;
}

static void restore_default(void) {
  for (int i = 0; i < COUNT; i++)
    if (!is_ignored(i)) signal(numbers[i], SIG_DFL);
}

static void on_signal(int number) {
  int error = errno;
  char byte = (char)number;
  ssize_t written = write(ends[WRITE_END], &byte, 1);
  (void)written; /* fails only when the pipe is full: there is news enough */
  arrived = arrived + 1;
  if (arrived == SIGNALS_UNTIL_DEFAULT) restore_default();
  errno = error;
}

static bool make_pipe(void) {
  if (pipe(ends) != 0) return false;
  for (int i = 0; i < 2; i++) {
    fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    fcntl(ends[i], F_SETFL, O_NONBLOCK);
  }
  return true;
}

/* Reads and writes that are under way go on: the pipe ends the wait. */
static void install(int i) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  sigaction(numbers[i], NULL, &before[i]);
  if (is_ignored(i)) return;
  sigemptyset(&action.sa_mask);
  for (int other = 0; other < COUNT; other++) sigaddset(&action.sa_mask, numbers[other]);
  sigaction(numbers[i], &action, NULL);
}

bool signal_queue_open(struct failure *failure) {
  if (ends[READ_END] >= 0) return true;
  if (!make_pipe())
    return failure_set(failure, FAILURE_FILE,
                       "no descriptor is left to watch for signals: raise the limit (ulimit -n)");
  arrived = 0;
  for (int i = 0; i < COUNT; i++) install(i);
  return true;
}

void signal_queue_close(void) {
  if (ends[READ_END] < 0) return;
  for (int i = 0; i < COUNT; i++) sigaction(numbers[i], &before[i], NULL);
  close(ends[READ_END]);
  close(ends[WRITE_END]);
  ends[READ_END] = ends[WRITE_END] = -1;
}

bool signal_queue_missed_interrupt(void) {
  struct sigaction now;
  return sigaction(SIGINT, NULL, &now) == 0 && now.sa_handler == SIG_DFL;
}

int signal_queue_take(void) {
  char byte;
  return read(ends[READ_END], &byte, 1) == 1 ? byte : 0;
}

void signal_queue_wait(int descriptor, double seconds) {
  struct pollfd watched[] = {{.fd = ends[READ_END], .events = POLLIN}, {.fd = descriptor, .events = POLLIN}};
  const double longest = 3600;
  int milliseconds = (int)ceil(fmax(0, fmin(seconds, longest)) * 1000);
  poll(watched, 2, milliseconds);
}
