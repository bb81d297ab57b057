/* SPDX-License-Identifier: MIT */
/* curl_multi_socket_action on epoll, as plain as it can be: one step does what is ready. */
#ifndef BENCH_PLAIN_LOOP_H
#define BENCH_PLAIN_LOOP_H

#include "plain_stream.h"

struct plain_loop {
  struct plain_stream *stream;
  int epoll;
  double due; /* when curl wants to be called; INFINITY: not by time */
};

void plain_loop_create(struct plain_loop *loop, struct plain_stream *stream);

/* Does what is due or ready, and waits for that for at most `seconds`. What finished waits in the stream. */
void plain_loop_step(struct plain_loop *loop, double seconds);

/* Makes so many calls. */
void plain_loop_run(struct plain_loop *loop, long calls);

#endif
