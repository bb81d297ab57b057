/* SPDX-License-Identifier: MIT */
/* The signals that ask a program to end (SIGINT, SIGTERM, SIGHUP), for a program that decides by itself how
 * it ends. A handler writes each into a pipe, so a wait that watches the pipe cannot miss one that arrives
 * just before it begins. One queue serves the whole process. */
#ifndef BASE_SIGNAL_QUEUE_H
#define BASE_SIGNAL_QUEUE_H

#include "base/failure.h"

#include <stdbool.h>

/* Installs handlers for the three. A signal that the process was started to ignore stays ignored (nohup).
 * From the third signal on, the system's default action applies again, so a program that hangs can still be
 * ended. May be called again. False when there are no descriptors left. */
bool signal_queue_open(struct failure *failure);

/* Restores the handlers from before signal_queue_open, and drops the signals that were not taken. */
void signal_queue_close(void);

/* Whether SIGINT has the system's default action. Lua's own program answers the first SIGINT with an error
 * and then restores that action, so under it this means: Ctrl-C came before signal_queue_open. */
bool signal_queue_missed_interrupt(void);

/* Takes the oldest signal, and returns its number; 0: there is none. */
int signal_queue_take(void);

/* Waits until a signal has arrived, `descriptor` is readable (-1: none is watched) or `seconds` have passed
 * (INFINITY: no limit). */
void signal_queue_wait(int descriptor, double seconds);

#endif
