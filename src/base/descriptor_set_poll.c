/* SPDX-License-Identifier: MIT */
#include "base/descriptor_set.h"

#if !defined(__linux__) || defined(DESCRIPTOR_SET_POLL)

#include <limits.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>

#ifdef POLLRDHUP
enum { PEER_ENDED = POLLRDHUP };
#else
enum { PEER_ENDED = 0 }; /* told by POLLHUP alone */
#endif

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

/* Its place; -1 where it is not watched. */
static int descriptor_set_find(const struct descriptor_set *set, int descriptor) {
  int place = set->count;
  while (--place >= 0 && set->watched[place].fd != descriptor) continue;
  return place;
}

static bool descriptor_set_make_room(struct descriptor_set *set) {
  int size = set->size ? 2 * set->size : 16;
  struct pollfd *watched;
  if (set->count < set->size) return true;
  watched = realloc(set->watched, (size_t)size * sizeof *watched);
  if (!watched) return false;
  set->watched = watched;
  set->size = size;
  return true;
}

static short events_of(unsigned interest) {
  return (short)((interest & DESCRIPTOR_READABLE ? POLLIN | PEER_ENDED : 0) |
                 (interest & DESCRIPTOR_WRITABLE ? POLLOUT : 0) |
                 (interest & DESCRIPTOR_ENDED ? PEER_ENDED : 0));
}

bool descriptor_set_watch(struct descriptor_set *set, int descriptor, unsigned interest) {
  int place = descriptor_set_find(set, descriptor);
  if (!interest) {
    if (place >= 0) set->watched[place] = set->watched[--set->count];
    return true;
  }
  if (place < 0) {
    if (!descriptor_set_make_room(set)) return false;
    place = set->count++;
  }
  set->watched[place] = (struct pollfd){.fd = descriptor, .events = events_of(interest)};
  return true;
}

void descriptor_set_mute(struct descriptor_set *set, int descriptor) {
  int place = descriptor_set_find(set, descriptor);
  if (place >= 0 && set->watched[place].events == POLLOUT)
    set->watched[place].events = events_of(DESCRIPTOR_READABLE);
}

/* Rounded up, so that a due time is past when the wait ends. */
static int to_milliseconds(double seconds) {
  if (!(seconds < INT_MAX / 1000)) return isinf(seconds) ? -1 : INT_MAX;
  return seconds > 0 ? (int)ceil(seconds * 1000) : 0;
}

static unsigned readiness_of(short events) {
  unsigned readiness = 0;
  if (events & (POLLIN | PEER_ENDED)) readiness |= DESCRIPTOR_READABLE;
  if (events & POLLOUT) readiness |= DESCRIPTOR_WRITABLE;
  if (events & (POLLERR | POLLHUP | POLLNVAL)) readiness |= DESCRIPTOR_READABLE | DESCRIPTOR_WRITABLE;
  if (events & (POLLERR | POLLHUP | POLLNVAL | PEER_ENDED)) readiness |= DESCRIPTOR_ENDED;
  return readiness;
}

int descriptor_set_wait(struct descriptor_set *set, double seconds, struct descriptor_event *events,
                        int capacity) {
  int filled = 0;
  int count = poll(set->watched, (nfds_t)set->count, to_milliseconds(seconds));
  for (int i = 0; i < set->count && filled < count && filled < capacity; i++) {
    short came = set->watched[i].revents;
    if (came) events[filled++] = (struct descriptor_event){set->watched[i].fd, readiness_of(came)};
  }
  return filled;
}

int descriptor_set_descriptor(struct descriptor_set *set) {
  (void)set;
  return -1;
}

void descriptor_set_set_due(struct descriptor_set *set, double seconds) {
  (void)set;
  (void)seconds;
}

#else
typedef int descriptor_set_poll_is_not_for_this_system;
#endif
