/* SPDX-License-Identifier: MIT */
/* A set of descriptors and one due time. On Linux the set is itself one pollable descriptor (epoll and a
 * timerfd), on which a host's own loop can wait. Elsewhere poll(2) does the waiting, and there is no such
 * descriptor. The set never closes a descriptor that it watches. */
#ifndef BASE_DESCRIPTOR_SET_H
#define BASE_DESCRIPTOR_SET_H

#include <stdbool.h>

/* Interest and readiness. An error or a hang-up is reported as all three. ENDED: the peer has closed its end.
 * It is reported with READABLE, and can be the only interest. */
enum { DESCRIPTOR_READABLE = 1, DESCRIPTOR_WRITABLE = 2, DESCRIPTOR_ENDED = 4 };

struct descriptor_event {
  int descriptor;
  unsigned readiness;
};

struct descriptor_set;

/* NULL when memory or descriptors have run out. */
struct descriptor_set *descriptor_set_new(void);
void descriptor_set_delete(struct descriptor_set *set);

/* Sets the interest in `descriptor`; 0 removes it. False when memory or kernel resources have run out. */
bool descriptor_set_watch(struct descriptor_set *set, int descriptor, unsigned interest);

/* Watches a descriptor for reading that is watched for writing alone. Others are left as they are, which
 * costs no system call: for a descriptor that is likely to be watched again soon. */
void descriptor_set_mute(struct descriptor_set *set, int descriptor);

/* Waits until a descriptor is ready, `seconds` have passed (INFINITY: no limit; 0: no wait), or a signal
 * arrives. Returns the number of events filled in. */
int descriptor_set_wait(struct descriptor_set *set, double seconds, struct descriptor_event *events,
                        int capacity);

/* Returns the one descriptor that becomes readable when a watched one is ready or the due time has come; -1
 * where there is none. After the first call, descriptor_set_set_due sets its timer. */
int descriptor_set_descriptor(struct descriptor_set *set);

/* Sets the due time, in seconds from now (INFINITY: none). */
void descriptor_set_set_due(struct descriptor_set *set, double seconds);

#endif
