/* SPDX-License-Identifier: MIT */
#include "base/waker.h"

#include "base/process_id.h"

#ifdef __linux__

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MILLISECONDS_BETWEEN_RINGS = 1000, TOKEN_BYTES = 16, TOKEN_LENGTH = 2 * TOKEN_BYTES };

struct waker {
  pthread_t thread;
  bool has_thread;
  pid_t process;
  int listener, quit, epoll; /* the last holds the other two and, while armed, the host's descriptor */
  unsigned port;
  char token[TOKEN_LENGTH + 1]; /* in hexadecimal */
  /* for the thread alone, as long as it runs */
  int visitor;    /* a visitor that has not sent the token yet; -1: none, and the next may come */
  int host;       /* the host, which has sent it; -1: none yet */
  bool owes_ring; /* to a host that was not there yet */
};

static void close_if_open(int descriptor) {
  if (descriptor >= 0) close(descriptor);
}

static bool watch(struct waker *bell, int descriptor, int operation, uint32_t events) {
  struct epoll_event event = {.events = events};
  event.data.fd = descriptor;
  return epoll_ctl(bell->epoll, operation, descriptor, &event) == 0;
}

static void ring(struct waker *bell) {
  bell->owes_ring = bell->host < 0;
  if (bell->host >= 0) send(bell->host, "!", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void expect_visitor(struct waker *bell) {
  close_if_open(bell->visitor);
  bell->visitor = -1;
  watch(bell, bell->listener, EPOLL_CTL_MOD, EPOLLIN | EPOLLONESHOT);
}

/* One at a time, so that strangers hold but one descriptor of ours. Where there is none for a visitor, the
 * next try comes in a second. */
static void let_in(struct waker *bell) {
  bell->visitor = accept4(bell->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (bell->visitor >= 0) watch(bell, bell->visitor, EPOLL_CTL_ADD, EPOLLIN);
}

/* The token arrives in one piece, as it is sent. After it, no other visitor is accepted. */
static void listen_to_visitor(struct waker *bell) {
  char said[sizeof bell->token];
  ssize_t count = recv(bell->visitor, said, sizeof said, MSG_DONTWAIT);
  if (count != TOKEN_LENGTH || memcmp(said, bell->token, TOKEN_LENGTH) != 0) {
    expect_visitor(bell);
    return;
  }
  watch(bell, bell->visitor, EPOLL_CTL_DEL, 0);
  setsockopt(bell->visitor, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)); /* a ring shall not wait */
  bell->host = bell->visitor;
  bell->visitor = -1;
  if (bell->owes_ring) ring(bell);
}

static void let_a_second_pass(struct waker *bell) {
  if (bell->host < 0) expect_visitor(bell);
  ring(bell);
}

static void *run(void *data) {
  struct waker *bell = data;
  struct epoll_event events[3];
  for (;;) {
    int count = epoll_wait(bell->epoll, events, 3, MILLISECONDS_BETWEEN_RINGS);
    if (count == 0) let_a_second_pass(bell);
    for (int i = 0; i < count; i++) {
      int descriptor = events[i].data.fd;
      if (descriptor == bell->quit) return NULL;
      if (descriptor == bell->listener)
        let_in(bell);
      else if (bell->visitor >= 0 && descriptor == bell->visitor)
        listen_to_visitor(bell);
      else
        ring(bell);
    }
  }
}

static bool open_listener(struct waker *bell) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof address;
  bell->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (bell->listener < 0 || bind(bell->listener, (struct sockaddr *)&address, length) != 0 ||
      listen(bell->listener, 4) != 0 ||
      getsockname(bell->listener, (struct sockaddr *)&address, &length) != 0)
    return false;
  bell->port = ntohs(address.sin_port);
  return true;
}

static bool make_token(struct waker *bell) {
  unsigned char bytes[TOKEN_BYTES];
  if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) return false;
  for (size_t i = 0; i < TOKEN_BYTES; i++) snprintf(bell->token + 2 * i, 3, "%02x", bytes[i]);
  return true;
}

/* Signals are the host's: its own thread shall get them. */
static bool start_thread(struct waker *bell) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  bell->has_thread = pthread_create(&bell->thread, NULL, run, bell) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return bell->has_thread;
}

static bool waker_open(struct waker *bell) {
  bell->quit = eventfd(0, EFD_CLOEXEC);
  bell->epoll = epoll_create1(EPOLL_CLOEXEC);
  return open_listener(bell) && make_token(bell) && watch(bell, bell->quit, EPOLL_CTL_ADD, EPOLLIN) &&
         watch(bell, bell->listener, EPOLL_CTL_ADD, EPOLLIN | EPOLLONESHOT) && start_thread(bell);
}

struct waker *waker_new(struct failure *failure) {
  struct waker *bell = calloc(1, sizeof *bell);
  if (!bell) {
    failure_set_out_of_memory(failure);
    return NULL;
  }
  bell->listener = bell->quit = bell->epoll = bell->visitor = bell->host = -1;
  bell->process = process_id_get();
  if (waker_open(bell)) return bell;
  failure_set(failure, FAILURE_CONNECTION, "the waker could not be made: %s", strerror(errno));
  waker_delete(bell);
  return NULL;
}

void waker_delete(struct waker *bell) {
  const uint64_t one = 1;
  if (!bell) return;
  if (bell->has_thread && bell->process == process_id_get() &&
      write(bell->quit, &one, sizeof one) == sizeof one)
    pthread_join(bell->thread, NULL);
  close_if_open(bell->visitor);
  close_if_open(bell->host);
  close_if_open(bell->listener);
  close_if_open(bell->quit);
  close_if_open(bell->epoll);
  free(bell);
}

unsigned waker_port(const struct waker *bell) {
  return bell->port;
}

const char *waker_token(const struct waker *bell) {
  return bell->token;
}

/* The kernel forgets a descriptor once it is closed, so a new one of the same number must be added again.
 */
bool waker_arm(struct waker *bell, int descriptor) {
  return watch(bell, descriptor, EPOLL_CTL_MOD, EPOLLIN | EPOLLONESHOT) ||
         (errno == ENOENT && watch(bell, descriptor, EPOLL_CTL_ADD, EPOLLIN | EPOLLONESHOT));
}

#else

#include <stddef.h>

struct waker *waker_new(struct failure *failure) {
  failure_set(failure, FAILURE_CONNECTION, "this system has no epoll, which the waker needs");
  return NULL;
}

void waker_delete(struct waker *bell) {
  (void)bell;
}

unsigned waker_port(const struct waker *bell) {
  (void)bell;
  return 0;
}

const char *waker_token(const struct waker *bell) {
  (void)bell;
  return "";
}

bool waker_arm(struct waker *bell, int descriptor) {
  (void)bell;
  (void)descriptor;
  return false;
}
#endif
