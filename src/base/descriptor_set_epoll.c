/* SPDX-License-Identifier: MIT */
#include "base/descriptor_set.h"

#if defined(__linux__) && !defined(DESCRIPTOR_SET_POLL)

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct descriptor_set {
  int epoll;
  int timer;                 /* -1 until a caller asks for the descriptor */
  unsigned char *registered; /* by descriptor: what the kernel watches it for */
  int size;
};

struct descriptor_set *descriptor_set_new(void) {
  struct descriptor_set *set = calloc(1, sizeof *set);
  if (!set) return NULL;
  set->timer = -1;
  set->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (set->epoll >= 0) return set;
  free(set);
  return NULL;
}

void descriptor_set_delete(struct descriptor_set *set) {
  if (!set) return;
  if (set->timer >= 0) close(set->timer);
  close(set->epoll);
  free(set->registered);
  free(set);
}

static bool descriptor_set_make_room(struct descriptor_set *set, int descriptor) {
  int size = set->size ? set->size : 64;
  unsigned char *registered;
  if (descriptor < set->size) return true;
  while (size <= descriptor) size *= 2;
  registered = realloc(set->registered, (size_t)size);
  if (!registered) return false;
  memset(registered + set->size, 0, (size_t)(size - set->size));
  set->registered = registered;
  set->size = size;
  return true;
}

static uint32_t events_of(unsigned interest) {
  return (interest & DESCRIPTOR_READABLE ? EPOLLIN | EPOLLRDHUP : 0u) |
         (interest & DESCRIPTOR_WRITABLE ? EPOLLOUT : 0u) | (interest & DESCRIPTOR_ENDED ? EPOLLRDHUP : 0u);
}

bool descriptor_set_watch(struct descriptor_set *set, int descriptor, unsigned interest) {
  struct epoll_event event = {.events = events_of(interest), .data.fd = descriptor};
  unsigned char *registered;
  int operation;
  if (!descriptor_set_make_room(set, descriptor)) return false;
  registered = &set->registered[descriptor];
  if (*registered == interest) return true;
  operation = !interest ? EPOLL_CTL_DEL : *registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  *registered = (unsigned char)interest;
  if (epoll_ctl(set->epoll, operation, descriptor, &event) == 0 || !interest) return true;
  *registered = 0;
  return false;
}

void descriptor_set_mute(struct descriptor_set *set, int descriptor) {
  if (descriptor < set->size && set->registered[descriptor] == DESCRIPTOR_WRITABLE)
    descriptor_set_watch(set, descriptor, DESCRIPTOR_READABLE);
}

/* Rounded up, so that a due time is past when the wait ends. */
static int to_milliseconds(double seconds) {
  if (!(seconds < INT_MAX / 1000)) return isinf(seconds) ? -1 : INT_MAX;
  return seconds > 0 ? (int)ceil(seconds * 1000) : 0;
}

static unsigned readiness_of(uint32_t events) {
  unsigned readiness = 0;
  if (events & (EPOLLIN | EPOLLRDHUP)) readiness |= DESCRIPTOR_READABLE;
  if (events & EPOLLOUT) readiness |= DESCRIPTOR_WRITABLE;
  if (events & (EPOLLERR | EPOLLHUP)) readiness |= DESCRIPTOR_READABLE | DESCRIPTOR_WRITABLE;
  if (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) readiness |= DESCRIPTOR_ENDED;
  return readiness;
}

int descriptor_set_wait(struct descriptor_set *set, double seconds, struct descriptor_event *events,
                        int capacity) {
  struct epoll_event ready[64];
  int room = capacity < 64 ? capacity : 64;
  int filled = 0;
  int count = epoll_wait(set->epoll, ready, room, to_milliseconds(seconds));
  for (int i = 0; i < count; i++) {
    int descriptor = ready[i].data.fd;
    if (descriptor == set->timer) continue; /* the caller looks at its clock anyway */
    events[filled++] = (struct descriptor_event){descriptor, readiness_of(ready[i].events)};
  }
  return filled;
}

int descriptor_set_descriptor(struct descriptor_set *set) {
  struct epoll_event event = {.events = EPOLLIN};
  if (set->timer >= 0) return set->epoll;
  set->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  event.data.fd = set->timer;
  if (set->timer >= 0 && epoll_ctl(set->epoll, EPOLL_CTL_ADD, set->timer, &event) == 0) return set->epoll;
  if (set->timer >= 0) close(set->timer);
  set->timer = -1;
  return -1;
}

void descriptor_set_set_due(struct descriptor_set *set, double seconds) {
  struct itimerspec due = {{0, 0}, {0, 0}};
  if (set->timer < 0) return;
  if (isfinite(seconds)) {
    due.it_value.tv_sec = seconds > 0 ? (time_t)seconds : 0;
    due.it_value.tv_nsec = seconds > 0 ? (long)((seconds - floor(seconds)) * 1e9) : 0;
    if (due.it_value.tv_sec == 0 && due.it_value.tv_nsec == 0) due.it_value.tv_nsec = 1; /* 0 would disarm */
  }
  timerfd_settime(set->timer, 0, &due, NULL);
}

#else
typedef int descriptor_set_epoll_is_not_for_this_system;
#endif
