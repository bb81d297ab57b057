/* SPDX-License-Identifier: MIT */
/* Many descriptors and one due time. On Linux they are one pollable descriptor (epoll and a timerfd), which a
 * host's own loop can wait on; elsewhere poll(2) does the waiting and there is no such descriptor. The set
 * never closes a descriptor that it was told to watch. */
#ifndef BASE_DESCRIPTOR_SET_H
#define BASE_DESCRIPTOR_SET_H

#include <stdbool.h>

/* What a descriptor is watched for, and what it became. An error or a hang-up is reported as all three.
 * ENDED: the peer has ended it; it is reported with READABLE, and can be watched for alone. */
enum { DESCRIPTOR_READABLE = 1, DESCRIPTOR_WRITABLE = 2, DESCRIPTOR_ENDED = 4 };

struct descriptor_event {
  int descriptor;
  unsigned readiness;
};

struct descriptor_set;

/* NULL when memory or descriptors have run out. */
struct descriptor_set *descriptor_set_new(void);
void descriptor_set_delete(struct descriptor_set *set);

/* Sets what `descriptor` is watched for; 0 takes it out. False when memory or kernel resources have run out.
 */
bool descriptor_set_watch(struct descriptor_set *set, int descriptor, unsigned interest);

/* Watches a descriptor for reading that is watched for writing alone. Others are left as they are, which
 * costs no system call: for a descriptor that is likely to be watched again soon. */
void descriptor_set_mute(struct descriptor_set *set, int descriptor);

/* Waits until something is ready, `seconds` have passed (INFINITY: never; 0: no wait), or a signal arrives.
 * Returns how many events were filled in. */
int descriptor_set_wait(struct descriptor_set *set, double seconds, struct descriptor_event *events,
                        int capacity);

/* The one descriptor that becomes readable when any watched one is ready or the due time has come; -1 where
 * there is none. From the first call on, descriptor_set_set_due keeps its timer right. */
int descriptor_set_descriptor(struct descriptor_set *set);

/* Seconds from now until the descriptor above shall become readable (INFINITY: not by time). */
void descriptor_set_set_due(struct descriptor_set *set, double seconds);

#endif
