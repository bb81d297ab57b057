/* SPDX-License-Identifier: MIT */
/* The signals that ask a program to end (SIGINT, SIGTERM, SIGHUP), for a program that decides by itself how
 * it ends. A handler writes each into a pipe, so a wait that watches the pipe cannot miss one that arrives
 * just before it begins. One queue serves the whole process. */
#ifndef BASE_SIGNAL_QUEUE_H
#define BASE_SIGNAL_QUEUE_H

#include "base/failure.h"

#include <stdbool.h>

/* Takes the three over. One that the process was started to ignore stays ignored (nohup). From the third
 * signal on, the system's own action holds again, so a program that hangs can still be ended. May be called
 * again. False when there are no descriptors left. */
bool signal_queue_open(struct failure *failure);

/* Gives the signals back to the handlers before signal_queue_open, and forgets those that nobody took. */
void signal_queue_close(void);

/* The number of the oldest signal that was not taken yet, which is taken now; 0: there is none. */
int signal_queue_take(void);

/* Waits until a signal is there, `descriptor` is readable (-1: none is watched) or `seconds` have passed
 * (INFINITY: never). */
void signal_queue_wait(int descriptor, double seconds);

#endif
