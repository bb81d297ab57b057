/* SPDX-License-Identifier: MIT */
#include "base/doorbell.h"

#ifdef __linux__

#include <errno.h>
#include <netinet/in.h>
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

struct doorbell {
  pthread_t thread;
  bool has_thread;
  pid_t process;
  int socket, quit, epoll; /* the last holds the other two and, while armed, the host's descriptor */
  unsigned port;
  char token[TOKEN_LENGTH + 1]; /* in hexadecimal */
};

/* What only the thread knows. */
struct ringer {
  struct doorbell *bell;
  bool has_listener;
  bool owes_ring; /* to a listener that has not said hello yet */
};

static void ringer_ring(struct ringer *ringer) {
  ringer->owes_ring = !ringer->has_listener;
  if (ringer->has_listener) send(ringer->bell->socket, "!", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Reads what came, also the error that a listener's end leaves on the socket. */
static void ringer_listen(struct ringer *ringer) {
  struct doorbell *bell = ringer->bell;
  char said[sizeof bell->token];
  struct sockaddr_in from;
  socklen_t length = sizeof from;
  ssize_t count = recvfrom(bell->socket, said, sizeof said, MSG_DONTWAIT, (struct sockaddr *)&from, &length);
  if (ringer->has_listener || count != TOKEN_LENGTH || memcmp(said, bell->token, TOKEN_LENGTH) != 0) return;
  ringer->has_listener = connect(bell->socket, (struct sockaddr *)&from, length) == 0;
  if (ringer->owes_ring) ringer_ring(ringer);
}

static void *run(void *data) {
  struct ringer ringer = {.bell = data};
  struct epoll_event events[3];
  for (;;) {
    int count = epoll_wait(ringer.bell->epoll, events, 3, MILLISECONDS_BETWEEN_RINGS);
    bool is_ready = count == 0;
    for (int i = 0; i < count; i++) {
      if (events[i].data.fd == ringer.bell->quit) return NULL;
      if (events[i].data.fd == ringer.bell->socket)
        ringer_listen(&ringer);
      else
        is_ready = true;
    }
    if (is_ready) ringer_ring(&ringer);
  }
}

static bool open_socket(struct doorbell *bell) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof address;
  bell->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (bell->socket < 0 || bind(bell->socket, (struct sockaddr *)&address, length) != 0 ||
      getsockname(bell->socket, (struct sockaddr *)&address, &length) != 0)
    return false;
  bell->port = ntohs(address.sin_port);
  return true;
}

static bool make_token(struct doorbell *bell) {
  unsigned char bytes[TOKEN_BYTES];
  if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) return false;
  for (size_t i = 0; i < TOKEN_BYTES; i++) snprintf(bell->token + 2 * i, 3, "%02x", bytes[i]);
  return true;
}

static bool watch(struct doorbell *bell, int descriptor, int operation, uint32_t events) {
  struct epoll_event event = {.events = events};
  event.data.fd = descriptor;
  return epoll_ctl(bell->epoll, operation, descriptor, &event) == 0;
}

/* Signals are the host's: its own thread shall get them. */
static bool start_thread(struct doorbell *bell) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  bell->has_thread = pthread_create(&bell->thread, NULL, run, bell) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return bell->has_thread;
}

static bool doorbell_open(struct doorbell *bell) {
  bell->quit = eventfd(0, EFD_CLOEXEC);
  bell->epoll = epoll_create1(EPOLL_CLOEXEC);
  return open_socket(bell) && make_token(bell) && watch(bell, bell->quit, EPOLL_CTL_ADD, EPOLLIN) &&
         watch(bell, bell->socket, EPOLL_CTL_ADD, EPOLLIN) && start_thread(bell);
}

struct doorbell *doorbell_new(struct failure *failure) {
  struct doorbell *bell = calloc(1, sizeof *bell);
  if (!bell) {
    failure_set_out_of_memory(failure);
    return NULL;
  }
  bell->socket = bell->quit = bell->epoll = -1;
  bell->process = getpid();
  if (doorbell_open(bell)) return bell;
  failure_set(failure, FAILURE_CONNECTION, "no bell could be made: %s", strerror(errno));
  doorbell_delete(bell);
  return NULL;
}

static void close_if_open(int descriptor) {
  if (descriptor >= 0) close(descriptor);
}

void doorbell_delete(struct doorbell *bell) {
  const uint64_t one = 1;
  if (!bell) return;
  if (bell->has_thread && bell->process == getpid() && write(bell->quit, &one, sizeof one) == sizeof one)
    pthread_join(bell->thread, NULL);
  close_if_open(bell->socket);
  close_if_open(bell->quit);
  close_if_open(bell->epoll);
  free(bell);
}

unsigned doorbell_port(const struct doorbell *bell) {
  return bell->port;
}

const char *doorbell_token(const struct doorbell *bell) {
  return bell->token;
}

/* The kernel forgets a descriptor once it is closed, so one of the same number may have to be told of anew.
 */
bool doorbell_arm(struct doorbell *bell, int descriptor) {
  return watch(bell, descriptor, EPOLL_CTL_MOD, EPOLLIN | EPOLLONESHOT) ||
         (errno == ENOENT && watch(bell, descriptor, EPOLL_CTL_ADD, EPOLLIN | EPOLLONESHOT));
}

#else

#include <stddef.h>

struct doorbell *doorbell_new(struct failure *failure) {
  failure_set(failure, FAILURE_CONNECTION, "no bell on this system: it has no epoll");
  return NULL;
}

void doorbell_delete(struct doorbell *bell) {
  (void)bell;
}

unsigned doorbell_port(const struct doorbell *bell) {
  (void)bell;
  return 0;
}

const char *doorbell_token(const struct doorbell *bell) {
  (void)bell;
  return "";
}

bool doorbell_arm(struct doorbell *bell, int descriptor) {
  (void)bell, (void)descriptor;
  return false;
}
#endif
