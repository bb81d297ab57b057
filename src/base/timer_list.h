/* SPDX-License-Identifier: MIT */
/* Timers in the order in which they are due. They are embedded in what they belong to, so that setting one
 * cannot fail. */
#ifndef BASE_TIMER_LIST_H
#define BASE_TIMER_LIST_H

#include <stdbool.h>

/* A zeroed timer is not set. */
struct timer {
  double due_at; /* of monotonic_clock_now */
  struct timer *earlier, *later;
  bool is_set;
};

/* A zeroed list is empty. */
struct timer_list {
  struct timer *first, *last; /* NULL: there is none */
};

/* Sets a timer that is not set. Of those that are due at the same time, the one set first comes first. */
void timer_list_add(struct timer_list *list, struct timer *timer, double due_at);

/* Does nothing to a timer that is not set. */
void timer_list_remove(struct timer_list *list, struct timer *timer);

#endif
