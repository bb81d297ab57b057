/* SPDX-License-Identifier: MIT */
/* To be preloaded: within the HELD_AT-th call for the network, HELD_FOR seconds pass for the process, as if
 * it had been stopped there. Only its clock is moved, so nobody waits. Writes "held up" to stderr then. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long calls, held_for; /* seconds that the clock is ahead by */

static void count_call(void) {
  const char *at = getenv("HELD_AT"), *seconds = getenv("HELD_FOR");
  if (!at || !seconds || ++calls != atol(at)) return;
  held_for = atol(seconds);
  if (write(STDERR_FILENO, "held up\n", 8) < 0) abort();
}

#define THE_REAL(function) ((__typeof__(&function))(void (*)(void))dlsym(RTLD_NEXT, #function))

/* Asked of the kernel, because a sanitizer asks for the time before it can bear a dlsym. */
int clock_gettime(clockid_t clock, struct timespec *now) {
  int status = (int)syscall(SYS_clock_gettime, clock, now);
  now->tv_sec += held_for;
  return status;
}

ssize_t send(int descriptor, const void *bytes, size_t length, int flags) {
  count_call();
  return THE_REAL(send)(descriptor, bytes, length, flags);
}

ssize_t recv(int descriptor, void *bytes, size_t size, int flags) {
  count_call();
  return THE_REAL(recv)(descriptor, bytes, size, flags);
}

int connect(int descriptor, const struct sockaddr *address, socklen_t length) {
  count_call();
  return THE_REAL(connect)(descriptor, address, length);
}
