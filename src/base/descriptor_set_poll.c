/* SPDX-License-Identifier: MIT */
#include "base/descriptor_set.h"

#if !defined(__linux__) || defined(DESCRIPTOR_SET_POLL)

#include <limits.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>

struct descriptor_set {
  struct pollfd *watched; /* in no order */
  int count;
  int size;
};

struct descriptor_set *descriptor_set_new(void) {
  return calloc(1, sizeof(struct descriptor_set));
}

void descriptor_set_delete(struct descriptor_set *set) {
  if (set) free(set->watched);
  free(set);
}

static struct pollfd *descriptor_set_find(struct descriptor_set *set, int descriptor) {
  for (int i = 0; i < set->count; i++)
    if (set->watched[i].fd == descriptor) return &set->watched[i];
  return NULL;
}

static struct pollfd *descriptor_set_add(struct descriptor_set *set, int descriptor) {
  if (set->count == set->size) {
    int size = set->size ? 2 * set->size : 16;
    struct pollfd *watched = realloc(set->watched, (size_t)size * sizeof *watched);
    if (!watched) return NULL;
    set->watched = watched;
    set->size = size;
  }
  set->watched[set->count].fd = descriptor;
  return &set->watched[set->count++];
}

bool descriptor_set_watch(struct descriptor_set *set, int descriptor, unsigned interest) {
  struct pollfd *watched = descriptor_set_find(set, descriptor);
  if (!interest) {
    if (watched) *watched = set->watched[--set->count];
    return true;
  }
  if (!watched) watched = descriptor_set_add(set, descriptor);
  if (!watched) return false;
  watched->events =
      (short)((interest & DESCRIPTOR_READABLE ? POLLIN : 0) | (interest & DESCRIPTOR_WRITABLE ? POLLOUT : 0));
  watched->revents = 0;
  return true;
}

void descriptor_set_pause(struct descriptor_set *set, int descriptor) {
  descriptor_set_watch(set, descriptor, 0); /* costs no system call here */
}

/* Rounded up, so that a due time is past when the wait ends. */
static int to_milliseconds(double seconds) {
  if (!(seconds < INT_MAX / 1000)) return isinf(seconds) ? -1 : INT_MAX;
  return seconds > 0 ? (int)ceil(seconds * 1000) : 0;
}

static unsigned readiness_of(short events) {
  unsigned readiness = 0;
  if (events & POLLIN) readiness |= DESCRIPTOR_READABLE;
  if (events & POLLOUT) readiness |= DESCRIPTOR_WRITABLE;
  if (events & (POLLERR | POLLHUP | POLLNVAL)) readiness |= DESCRIPTOR_READABLE | DESCRIPTOR_WRITABLE;
  return readiness;
}

int descriptor_set_wait(struct descriptor_set *set, double seconds, struct descriptor_event *events,
                        int capacity) {
  int filled = 0;
  int count = poll(set->watched, (nfds_t)set->count, to_milliseconds(seconds));
  for (int i = 0; i < set->count && filled < count && filled < capacity; i++)
    if (set->watched[i].revents)
      events[filled++] = (struct descriptor_event){set->watched[i].fd, readiness_of(set->watched[i].revents)};
  return filled;
}

int descriptor_set_descriptor(struct descriptor_set *set) {
  (void)set;
  return -1;
}

void descriptor_set_set_due(struct descriptor_set *set, double seconds) {
  (void)set, (void)seconds;
}

#else
typedef int descriptor_set_poll_is_not_for_this_system;
#endif
