/* SPDX-License-Identifier: MIT */
#include "http/engine_watches.h"

#include <stddef.h>

bool engine_watches_add(struct engine_watches *watches, struct engine_task *task, int descriptor) {
  if (!descriptor_set_watch(watches->descriptors, descriptor, DESCRIPTOR_READABLE)) return false;
  task->descriptor = descriptor;
  task->watches = true;
  task->next_watching = watches->first;
  watches->first = task;
  return true;
}

void engine_watches_remove(struct engine_watches *watches, struct engine_task *task) {
  struct engine_task **at = &watches->first;
  if (!task->watches) return;
  while (*at != task) at = &(*at)->next_watching;
  *at = task->next_watching;
  task->watches = false;
  descriptor_set_watch(watches->descriptors, task->descriptor, 0);
}

struct engine_task *engine_watches_take(struct engine_watches *watches, int descriptor) {
  struct engine_task *task = watches->first;
  while (task && task->descriptor != descriptor) task = task->next_watching;
  if (task) engine_watches_remove(watches, task);
  return task;
}
