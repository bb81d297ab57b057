/* SPDX-License-Identifier: MIT */
/* For a host that can wait only for its own sockets (nginx): a thread waits until a descriptor becomes
 * readable, and then sends a byte to a TCP socket of the host on the loopback address. (nginx closes its TCP
 * sockets at worker_shutdown_timeout; it does not close UDP sockets.)
 *
 *     host                                     waker
 *     connects to 127.0.0.1:port --- token --> knows the host; it accepts no other one
 *     waker_arm(descriptor)                 waits; the thread sleeps in the kernel meanwhile
 *     receives          <------------- a byte  the descriptor is readable; it is disarmed
 *
 * It rings after each second without a ring as well, so that the host can check its state. The thread uses
 * only its own descriptors. */
#ifndef BASE_WAKER_H
#define BASE_WAKER_H

#include "base/failure.h"

#include <stdbool.h>

struct waker;

/* Returns NULL, with `failure` filled, when threads, descriptors or other resources have run out. */
struct waker *waker_new(struct failure *failure);

/* Ends the thread and waits for its end. In a forked process, leaves what was inherited as it is. */
void waker_delete(struct waker *bell);

/* The port on 127.0.0.1, and the token that must be sent first. Neither changes. */
unsigned waker_port(const struct waker *bell);
const char *waker_token(const struct waker *bell);

/* Rings once, as soon as `descriptor` is readable, or now if it is. The descriptor may be closed at any time;
 * then nothing rings for it. False when it cannot be watched. */
bool waker_arm(struct waker *bell, int descriptor);

#endif
