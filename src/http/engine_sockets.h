/* SPDX-License-Identifier: MIT */
/* The sockets that libcurl opened through one engine: watched while an exchange uses them, looked after while
 * they are idle, given up when they are not to be trusted. libcurl itself takes many a dead connection for
 * alive: 7.88 one whose end only TLS has told, 8.22 and later each one that has been idle for less than a
 * second. A socket is given up with shutdown(2): libcurl cannot send on it, closes it, and makes another
 * connection. */
#ifndef HTTP_ENGINE_SOCKETS_H
#define HTTP_ENGINE_SOCKETS_H

#include "base/descriptor_set.h"
#include <netinet/in.h>

/* Both ends of a connection, in digits. */
struct connection_ends {
  char local_ip[INET6_ADDRSTRLEN], remote_ip[INET6_ADDRSTRLEN];
  int local_port, remote_port;
};

/* The last stream of HTTP/2 that the service will act on, on the connection of which it said so last. */
struct last_stream {
  bool is_known;
  unsigned long number;
  struct connection_ends ends;
};

struct engine_socket {
  bool is_open;
  bool is_idle;   /* no exchange uses it */
  bool is_shared; /* many exchanges may use it at once: HTTP/2 */
  bool is_given_up;
  double heard_at; /* when its peer last sent something, or it was opened */
};

struct engine_sockets {
  struct descriptor_set *descriptors; /* the engine's */
  struct engine_socket *sockets;      /* by descriptor */
  int size;
  unsigned idle;
  unsigned given_up_in_use;
  struct last_stream last_stream;
};

bool engine_sockets_same_ends(const struct connection_ends *a, const struct connection_ends *b);

void engine_sockets_create(struct engine_sockets *sockets, struct descriptor_set *descriptors);
void engine_sockets_destroy(struct engine_sockets *sockets);

/* A socket was opened, or will be closed now. False when memory ran out. */
bool engine_sockets_add(struct engine_sockets *sockets, int descriptor);
void engine_sockets_remove(struct engine_sockets *sockets, int descriptor);

/* What libcurl wants to know of a descriptor, 0: nothing. A socket of ours is idle then, and stays
 * registered, which saves two system calls of every exchange. A descriptor of libcurl's own making (its
 * resolver's) is closed without an announcement, and so is taken out at once. */
void engine_sockets_watch(struct engine_sockets *sockets, int descriptor, unsigned interest);

/* Takes note of what came on a socket. True for an idle one, on which nothing may come: it is given up,
 * unless it is one of HTTP/2, whose peer says this and that at any time, and has not ended it. */
bool engine_sockets_take_idle(struct engine_sockets *sockets, const struct descriptor_event *event);

/* Looks, without waiting, whether anything came on idle sockets. One system call for 64 that stir or are
 * ready. */
void engine_sockets_look_at_idle(struct engine_sockets *sockets);

void engine_sockets_note_shared(struct engine_sockets *sockets, int descriptor);

/* The descriptor of that connection; -1 where it is closed. Asks the kernel about each socket, so not for
 * every call. (libcurl tells which socket an exchange has only after its end.) */
int engine_sockets_find(const struct engine_sockets *sockets, const struct connection_ends *ends);

/* Gives a socket up, at once or when it becomes idle. */
void engine_sockets_give_up(struct engine_sockets *sockets, int descriptor);

/* Gives up the idle sockets from which nothing was heard since then. */
void engine_sockets_give_up_silent(struct engine_sockets *sockets, double since);

#endif
