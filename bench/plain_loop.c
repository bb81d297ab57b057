/* SPDX-License-Identifier: MIT */
#include "plain_loop.h"

#include "base/monotonic_clock.h"
#include "plain_curl.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

enum { EVENTS_A_STEP = 64 };

static int on_timer(CURLM *multi, long milliseconds, void *data) {
  struct plain_loop *loop = data;
  (void)multi;
  loop->due = milliseconds < 0 ? INFINITY : monotonic_clock_now() + (double)milliseconds / 1000;
  return 0;
}

/* `known`: not NULL once epoll has heard of the descriptor. */
static int on_socket(CURL *easy, curl_socket_t descriptor, int what, void *data, void *known) {
  struct plain_loop *loop = data;
  struct epoll_event event = {.data.fd = descriptor};
  (void)easy;
  event.events =
      (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0u) | (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0u);
  if (what == CURL_POLL_REMOVE) return epoll_ctl(loop->epoll, EPOLL_CTL_DEL, descriptor, &event) & 0;
  if (epoll_ctl(loop->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, descriptor, &event) != 0)
    plain_curl_fail("epoll_ctl");
  if (!known) curl_multi_assign(loop->stream->multi, descriptor, loop);
  return 0;
}

void plain_loop_create(struct plain_loop *loop, struct plain_stream *stream) {
  *loop = (struct plain_loop){.stream = stream, .epoll = epoll_create1(0), .due = INFINITY};
  if (loop->epoll < 0) plain_curl_fail("no epoll");
  curl_multi_setopt(stream->multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(stream->multi, CURLMOPT_TIMERDATA, loop);
  curl_multi_setopt(stream->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(stream->multi, CURLMOPT_SOCKETDATA, loop);
}

static void act(struct plain_loop *loop, curl_socket_t descriptor, int what) {
  int running;
  if (curl_multi_socket_action(loop->stream->multi, descriptor, what, &running) != CURLM_OK)
    plain_curl_fail("curl_multi_socket_action");
}

static bool act_when_due(struct plain_loop *loop) {
  if (loop->due > monotonic_clock_now()) return false;
  loop->due = INFINITY;
  act(loop, CURL_SOCKET_TIMEOUT, 0);
  return true;
}

static int curl_mask(uint32_t events) {
  return (events & EPOLLIN ? CURL_CSELECT_IN : 0) | (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
         (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
}

void plain_loop_step(struct plain_loop *loop, double seconds) {
  struct epoll_event events[EVENTS_A_STEP];
  double wait;
  int count;
  if (act_when_due(loop)) return; /* something may have finished */
  wait = fmax(0, fmin(seconds, loop->due - monotonic_clock_now()));
  count = epoll_wait(loop->epoll, events, EVENTS_A_STEP, (int)ceil(fmin(wait, 60) * 1000));
  for (int i = 0; i < count; i++) act(loop, events[i].data.fd, curl_mask(events[i].events));
  act_when_due(loop);
}

void plain_loop_run(struct plain_loop *loop, long calls) {
  struct plain_stream *stream = loop->stream;
  plain_stream_want(stream, calls);
  while (stream->finished < stream->wanted) {
    plain_loop_step(loop, INFINITY);
    plain_stream_refill(stream);
  }
}
