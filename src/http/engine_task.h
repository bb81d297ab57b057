/* SPDX-License-Identifier: MIT */
/* A user of the engine: a request with its handle, a timer, or a wait for a descriptor. */
#ifndef HTTP_ENGINE_TASK_H
#define HTTP_ENGINE_TASK_H

#include "base/timer_list.h"

#include <curl/curl.h>
#include <stdbool.h>

/* To be embedded in the user's struct; all zero except the functions. */
struct engine_task {
  struct timer timer; /* first: the engine finds the task from it */

  /* Its request ended, and the handle is still on the engine. May be NULL. */
  void (*ended)(struct engine_task *task);

  /* Its request ended, and the handle is off the engine. */
  void (*finished)(struct engine_task *task, CURLcode result);

  /* Its timer, which is no longer set. */
  void (*timer_due)(struct engine_task *task);

  /* curl wants bytes of the body that are not there yet, or has received some that must be read first. */
  void (*blocked)(struct engine_task *task);

  /* Its descriptor, which is no longer watched. */
  void (*readable)(struct engine_task *task);

  int descriptor; /* watched for this task */
  bool watches;
  bool
      is_paused; /* its request waits until what it received is read: its socket is in use, and not watched */
  struct engine_task *next_watching;
};

#endif
