/* SPDX-License-Identifier: MIT */
/* The tasks that wait for a descriptor of their own. Usually there are few. */
#ifndef HTTP_ENGINE_WATCHES_H
#define HTTP_ENGINE_WATCHES_H

#include "base/descriptor_set.h"
#include "http/engine_task.h"

struct engine_watches {
  struct descriptor_set *descriptors; /* the engine's */
  struct engine_task *first;
};

/* Watches the descriptor for the task, until it is removed or taken. False when memory or kernel resources
 * have run out. */
bool engine_watches_add(struct engine_watches *watches, struct engine_task *task, int descriptor);

/* Does nothing to a task that watches nothing. */
void engine_watches_remove(struct engine_watches *watches, struct engine_task *task);

/* Removes the task that watches the descriptor, and returns it; NULL: there is none. */
struct engine_task *engine_watches_take(struct engine_watches *watches, int descriptor);

#endif
