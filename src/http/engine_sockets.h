/* SPDX-License-Identifier: MIT */
/* The sockets that libcurl opened through one engine: watched while a request uses them, checked while they
 * are idle, and given up when they cannot be trusted. libcurl itself often takes a dead connection for a live
 * one: 7.88 when only TLS has reported the end, 8.22 and later for each connection that has been idle for
 * less than a second. A socket is given up with shutdown(2): libcurl cannot send on it, closes it, and makes
 * another connection. */
#ifndef HTTP_ENGINE_SOCKETS_H
#define HTTP_ENGINE_SOCKETS_H

#include "base/descriptor_set.h"
#include <netinet/in.h>

/* Both ends of a connection, as numeric addresses. */
struct connection_ends {
  char local_ip[INET6_ADDRSTRLEN], remote_ip[INET6_ADDRSTRLEN];
  int local_port, remote_port;
};

/* The last HTTP/2 stream that the service will act on, on the connection that reported it last. */
struct last_stream {
  bool is_known;
  unsigned long number;
  struct connection_ends ends;
};

struct engine_socket {
  bool is_open;
  bool is_idle;   /* no request uses it */
  bool is_shared; /* many requests may use it at once: HTTP/2 */
  bool is_unused; /* no request has used it yet: its peer may still send what ends a TLS handshake */
  bool is_given_up;
  bool is_corked;
  double heard_at; /* when its peer last sent something, or when it was opened */
};

struct engine_sockets {
  struct descriptor_set *descriptors; /* the engine's */
  struct engine_socket *sockets;      /* by descriptor */
  int size;
  unsigned idle;
  unsigned given_up_in_use;
  unsigned corked;
  int wake_up; /* libcurl's own descriptor for that; -1: it has shown none */
  bool wake_up_is_idle;
  struct last_stream last_stream;
};

bool engine_sockets_same_ends(const struct connection_ends *a, const struct connection_ends *b);

void engine_sockets_create(struct engine_sockets *sockets, struct descriptor_set *descriptors);
void engine_sockets_destroy(struct engine_sockets *sockets);

/* To be called when a socket was opened, and before it is closed. False when memory ran out. */
bool engine_sockets_add(struct engine_sockets *sockets, int descriptor);
void engine_sockets_remove(struct engine_sockets *sockets, int descriptor);

/* Sets libcurl's interest in a descriptor; 0: none. A socket without interest is idle and stays registered,
 * which saves two system calls for each request. A descriptor that libcurl made itself (its resolver's) is
 * closed without notice, and so it is removed at once. */
void engine_sockets_watch(struct engine_sockets *sockets, int descriptor, unsigned interest);

/* Whether it is one of these sockets. */
bool engine_sockets_has(const struct engine_sockets *sockets, int descriptor);

/* The same for the descriptor on which the threads of libcurl 8.22 and later wake it up. It is watched while
 * requests run, and lives as long as the multi handle. Without interest it stays registered until something
 * arrives. */
void engine_sockets_watch_wake_up(struct engine_sockets *sockets, int descriptor, unsigned interest);

/* For a socket that a paused request uses: it is not watched, and not idle, for data may come. */
void engine_sockets_pause(struct engine_sockets *sockets, int descriptor);

/* The socket was connected ahead of need, with TLS. Until a request uses it, tickets that wait in it are
 * hidden from libcurl, which from 8.0 on closes an HTTP/1.1 connection that has something to read. Does
 * nothing where a request uses it already. */
void engine_sockets_note_unused(struct engine_sockets *sockets, int descriptor);

/* Handles an event. True when the socket is idle, where no data is expected: it is given up, unless it is an
 * HTTP/2 connection that the peer has not closed, for such a peer may send frames at any time. True, too, for
 * a wake-up while no request runs, which libcurl would leave unread. */
bool engine_sockets_take_idle(struct engine_sockets *sockets, const struct descriptor_event *event);

/* Checks all idle sockets for events, without waiting. One system call for each 64 sockets with events. */
void engine_sockets_look_at_idle(struct engine_sockets *sockets);

void engine_sockets_note_shared(struct engine_sockets *sockets, int descriptor);

/* Lets the kernel collect the small requests that go on shared sockets into full packets: a packet each could
 * fill the congestion window, and the last of them would wait for a round trip. The kernel holds the rest
 * back until engine_sockets_uncork, or for 200 ms. Does nothing where there is no such option. */
void engine_sockets_cork(struct engine_sockets *sockets);
void engine_sockets_uncork(struct engine_sockets *sockets);

/* Returns the descriptor of that connection; -1 when it is closed. Makes system calls for each socket, so it
 * is not for every request. (libcurl tells which socket a request uses only after its end.) */
int engine_sockets_find(const struct engine_sockets *sockets, const struct connection_ends *ends);

/* Gives a socket up, now or when it becomes idle. */
void engine_sockets_give_up(struct engine_sockets *sockets, int descriptor);

/* Gives up the idle sockets from which nothing was received since then. */
void engine_sockets_give_up_silent(struct engine_sockets *sockets, double since);

#endif
