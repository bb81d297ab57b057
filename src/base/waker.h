/* SPDX-License-Identifier: MIT */
/* For a host that can wait on nothing but sockets of its own making (nginx): a thread waits until a
 * descriptor becomes readable, and then sends a byte to a TCP socket of the host on the loopback address.
 * (nginx closes its TCP sockets at worker_shutdown_timeout; its UDP sockets it forgets.)
 *
 *     host                                     bell
 *     connects to 127.0.0.1:port --- token --> knows the host; nobody else is let in again
 *     waker_arm(descriptor)                 waits; the thread sleeps in the kernel meanwhile
 *     receives          <------------- a byte  the descriptor is readable, and the bell is no longer armed
 *
 * Each second in which nothing rang, it rings as well, so that the host can look around. The thread touches
 * nothing but its own descriptors. */
#ifndef BASE_WAKER_H
#define BASE_WAKER_H

#include "base/failure.h"

#include <stdbool.h>

struct waker;

/* NULL, with `failure` saying why, where threads, descriptors or the system's means are wanting. */
struct waker *waker_new(struct failure *failure);

/* Ends the thread and waits for that. In a process forked since, gives up what was inherited. */
void waker_delete(struct waker *bell);

/* Where it listens on 127.0.0.1, and what must be said to it first; both stay the same. */
unsigned waker_port(const struct waker *bell);
const char *waker_token(const struct waker *bell);

/* Rings once, as soon as `descriptor` is readable, at once if it is. The descriptor may be closed at any
 * time; nothing rings for it then. False when it cannot be watched. */
bool waker_arm(struct waker *bell, int descriptor);

#endif
