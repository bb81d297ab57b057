/* SPDX-License-Identifier: MIT */
#include "base/timer_list.h"

#include <stddef.h>

/* Delays tend to be of the same length, so the place of a new timer is near the end. */
void timer_list_add(struct timer_list *list, struct timer *timer, double due_at) {
  struct timer *earlier = list->last;
  timer->due_at = due_at;
  while (earlier && earlier->due_at > due_at) earlier = earlier->earlier;
  timer->earlier = earlier;
  timer->later = earlier ? earlier->later : list->first;
  *(timer->earlier ? &timer->earlier->later : &list->first) = timer;
  *(timer->later ? &timer->later->earlier : &list->last) = timer;
  timer->is_set = true;
}

void timer_list_remove(struct timer_list *list, struct timer *timer) {
  if (!timer->is_set) return;
  *(timer->earlier ? &timer->earlier->later : &list->first) = timer->later;
  *(timer->later ? &timer->later->earlier : &list->last) = timer->earlier;
  timer->is_set = false;
}
