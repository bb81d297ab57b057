/* SPDX-License-Identifier: MIT */
#include "http/engine_sockets.h"

#include "base/monotonic_clock.h"

#include <netdb.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
  EVENTS_A_LOOK = 64,
  MAX_UNASKED_BYTES = 16 * 1024, /* of the tickets that follow a TLS handshake; usually 500 */
};

bool engine_sockets_same_ends(const struct connection_ends *a, const struct connection_ends *b) {
  return a->local_port == b->local_port && a->remote_port == b->remote_port &&
         strcmp(a->local_ip, b->local_ip) == 0 && strcmp(a->remote_ip, b->remote_ip) == 0;
}

void engine_sockets_create(struct engine_sockets *sockets, struct descriptor_set *descriptors) {
  *sockets = (struct engine_sockets){.descriptors = descriptors, .wake_up = -1};
}

void engine_sockets_destroy(struct engine_sockets *sockets) {
  free(sockets->sockets);
}

/* NULL when the descriptor is not one of our sockets. */
static struct engine_socket *find(const struct engine_sockets *sockets, int descriptor) {
  if (descriptor < 0 || descriptor >= sockets->size || !sockets->sockets[descriptor].is_open) return NULL;
  return &sockets->sockets[descriptor];
}

static bool make_room(struct engine_sockets *sockets, int descriptor) {
  int size = 2 * descriptor + 64;
  struct engine_socket *grown;
  if (descriptor < sockets->size) return true;
  grown = realloc(sockets->sockets, (size_t)size * sizeof *grown);
  if (!grown) return false;
  memset(grown + sockets->size, 0, (size_t)(size - sockets->size) * sizeof *grown);
  sockets->sockets = grown;
  sockets->size = size;
  return true;
}

bool engine_sockets_has(const struct engine_sockets *sockets, int descriptor) {
  return find(sockets, descriptor) != NULL;
}

bool engine_sockets_add(struct engine_sockets *sockets, int descriptor) {
  if (!make_room(sockets, descriptor)) return false;
  sockets->sockets[descriptor] = (struct engine_socket){.is_open = true, .heard_at = monotonic_clock_now()};
  return true;
}

/* Fewer bytes than these do not make the socket readable. The end of the connection still does. */
static void set_low_water(int descriptor, int bytes) {
  setsockopt(descriptor, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

static void end_unused(struct engine_sockets *sockets, struct engine_socket *socket) {
  if (!socket->is_unused) return;
  socket->is_unused = false;
  set_low_water((int)(socket - sockets->sockets), 1);
}

static void set_idle(struct engine_sockets *sockets, struct engine_socket *socket, bool is_idle) {
  if (socket->is_idle == is_idle) return;
  socket->is_idle = is_idle;
  if (!is_idle) end_unused(sockets, socket);
  sockets->idle += is_idle ? 1 : -1u;
  if (socket->is_given_up) sockets->given_up_in_use += is_idle ? -1u : 1;
}

/* Ends an idle socket. It is not watched afterwards, so its end wakes no host. */
static void end(struct engine_sockets *sockets, int descriptor) {
  shutdown(descriptor, SHUT_RDWR);
  descriptor_set_watch(sockets->descriptors, descriptor, 0);
}

void engine_sockets_remove(struct engine_sockets *sockets, int descriptor) {
  struct engine_socket *socket = find(sockets, descriptor);
  descriptor_set_watch(sockets->descriptors, descriptor, 0);
  if (!socket) return;
  set_idle(sockets, socket, true);
  sockets->idle--;
  if (socket->is_corked) sockets->corked--;
  *socket = (struct engine_socket){0};
}

/* If watching fails because the kernel lacks memory, the request ends by its time-out. */
void engine_sockets_watch(struct engine_sockets *sockets, int descriptor, unsigned interest) {
  struct engine_socket *socket = find(sockets, descriptor);
  if (socket) set_idle(sockets, socket, interest == 0);
  if (interest || !socket)
    descriptor_set_watch(sockets->descriptors, descriptor, interest);
  else if (socket->is_given_up)
    end(sockets, descriptor);
  else
    descriptor_set_mute(sockets->descriptors, descriptor);
}

void engine_sockets_watch_wake_up(struct engine_sockets *sockets, int descriptor, unsigned interest) {
  sockets->wake_up = descriptor;
  sockets->wake_up_is_idle = interest == 0;
  if (interest) descriptor_set_watch(sockets->descriptors, descriptor, interest);
}

static bool take_wake_up(struct engine_sockets *sockets, const struct descriptor_event *event) {
  if (event->descriptor != sockets->wake_up || !sockets->wake_up_is_idle) return false;
  descriptor_set_watch(sockets->descriptors, event->descriptor, 0);
  return true;
}

void engine_sockets_pause(struct engine_sockets *sockets, int descriptor) {
  descriptor_set_watch(sockets->descriptors, descriptor, 0);
}

bool engine_sockets_take_idle(struct engine_sockets *sockets, const struct descriptor_event *event) {
  struct engine_socket *socket = find(sockets, event->descriptor);
  if (!socket) return take_wake_up(sockets, event);
  if (!socket->is_idle) {
    if (event->readiness & DESCRIPTOR_READABLE) socket->heard_at = monotonic_clock_now();
    return false;
  }
  if (event->readiness == DESCRIPTOR_WRITABLE)
    descriptor_set_watch(sockets->descriptors, event->descriptor, DESCRIPTOR_READABLE);
  else if ((socket->is_shared || socket->is_unused) && !(event->readiness & DESCRIPTOR_ENDED))
    descriptor_set_watch(sockets->descriptors, event->descriptor, DESCRIPTOR_ENDED);
  else
    end(sockets, event->descriptor);
  return true;
}

/* Sockets in use that are ready fill places as well. The kernel reports them in turns, so a few calls see
 * all. */
void engine_sockets_look_at_idle(struct engine_sockets *sockets) {
  struct descriptor_event events[EVENTS_A_LOOK];
  int count, looks = 1 + sockets->size / EVENTS_A_LOOK;
  if (sockets->idle == 0) return;
  do {
    count = descriptor_set_wait(sockets->descriptors, 0, events, EVENTS_A_LOOK);
    for (int i = 0; i < count; i++) engine_sockets_take_idle(sockets, &events[i]);
  } while (count == EVENTS_A_LOOK && --looks > 0);
}

void engine_sockets_note_shared(struct engine_sockets *sockets, int descriptor) {
  struct engine_socket *socket = find(sockets, descriptor);
  if (socket) socket->is_shared = true;
}

void engine_sockets_note_unused(struct engine_sockets *sockets, int descriptor) {
  struct engine_socket *socket = find(sockets, descriptor);
  if (!socket || !socket->is_idle) return;
  socket->is_unused = true;
  set_low_water(descriptor, MAX_UNASKED_BYTES);
}

static void set_cork(int descriptor, int is_corked) {
#ifdef TCP_CORK
  setsockopt(descriptor, IPPROTO_TCP, TCP_CORK, &is_corked, sizeof is_corked);
#else
  (void)descriptor;
  (void)is_corked;
#endif
}

void engine_sockets_cork(struct engine_sockets *sockets) {
  for (int descriptor = 0; descriptor < sockets->size; descriptor++) {
    struct engine_socket *socket = find(sockets, descriptor);
    if (!socket || !socket->is_shared || socket->is_idle || socket->is_corked) continue;
    set_cork(descriptor, 1);
    socket->is_corked = true;
    sockets->corked++;
  }
}

void engine_sockets_uncork(struct engine_sockets *sockets) {
  for (int descriptor = 0; sockets->corked > 0 && descriptor < sockets->size; descriptor++) {
    struct engine_socket *socket = find(sockets, descriptor);
    if (!socket || !socket->is_corked) continue;
    set_cork(descriptor, 0);
    socket->is_corked = false;
    sockets->corked--;
  }
}

typedef int address_function(int descriptor, struct sockaddr *address, socklen_t *size);

static bool has_end(int descriptor, address_function *address_of, const char *ip, int port) {
  struct sockaddr_storage address;
  struct sockaddr *plain = (struct sockaddr *)(void *)&address;
  socklen_t size = sizeof address;
  char host[INET6_ADDRSTRLEN], service[8];
  return address_of(descriptor, plain, &size) == 0 &&
         getnameinfo(plain, size, host, sizeof host, service, sizeof service,
                     NI_NUMERICHOST | NI_NUMERICSERV) == 0 &&
         strcmp(host, ip) == 0 && strtol(service, NULL, 10) == port;
}

int engine_sockets_find(const struct engine_sockets *sockets, const struct connection_ends *ends) {
  for (int descriptor = 0; descriptor < sockets->size; descriptor++)
    if (find(sockets, descriptor) && has_end(descriptor, getsockname, ends->local_ip, ends->local_port) &&
        has_end(descriptor, getpeername, ends->remote_ip, ends->remote_port))
      return descriptor;
  return -1;
}

void engine_sockets_give_up(struct engine_sockets *sockets, int descriptor) {
  struct engine_socket *socket = find(sockets, descriptor);
  if (!socket || socket->is_given_up) return;
  socket->is_given_up = true;
  if (socket->is_idle)
    end(sockets, descriptor);
  else
    sockets->given_up_in_use++;
}

void engine_sockets_give_up_silent(struct engine_sockets *sockets, double since) {
  for (int descriptor = 0; descriptor < sockets->size; descriptor++) {
    struct engine_socket *socket = find(sockets, descriptor);
    if (socket && socket->is_idle && socket->heard_at < since) engine_sockets_give_up(sockets, descriptor);
  }
}
