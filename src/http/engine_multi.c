/* SPDX-License-Identifier: MIT */
#include "http/engine_multi.h"

#include "base/monotonic_clock.h"
#include "http/running_curl.h"

#include <fcntl.h>
#include <math.h>
#include <sys/socket.h>
#include <unistd.h>

/* The first is libcurl's own default. A look-up hangs for 30 s by default, and meanwhile each connection can
 * give up three of them by a connect_timeout of 10 s. */
enum { MIN_RESOLVER_THREADS = 20, HANGING_LOOK_UPS_A_CONNECTION = 3 };

#define SECONDS_UNTIL_ANOTHER_TRY 0.1

struct engine_task *engine_multi_task_of(CURL *easy) {
  struct engine_task *task = NULL;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&task);
  return task;
}

/* --- what curl calls --- */

static int on_timer(CURLM *handle, long milliseconds, void *data) {
  struct engine_multi *multi = data;
  (void)handle;
  multi->due = milliseconds < 0 ? INFINITY : monotonic_clock_now() + (double)milliseconds / 1000;
  return 0;
}

/* A descriptor that curl made itself, and watches for a handle of its own: that has no task, or, with libcurl
 * 8.23, does not even tell. */
static bool is_wake_up(const struct engine_sockets *sockets, CURL *easy, curl_socket_t descriptor) {
  if (descriptor == sockets->wake_up) return true;
  return !engine_sockets_has(sockets, descriptor) && !engine_multi_task_of(easy);
}

static bool is_paused(CURL *easy) {
  const struct engine_task *task = engine_multi_task_of(easy);
  return task && task->is_paused;
}

static int on_socket(CURL *easy, curl_socket_t descriptor, int what, void *data, void *socket_data) {
  struct engine_sockets *sockets = data;
  unsigned interest =
      (what & CURL_POLL_IN ? DESCRIPTOR_READABLE : 0u) | (what & CURL_POLL_OUT ? DESCRIPTOR_WRITABLE : 0u);
  (void)socket_data;
  if (what == CURL_POLL_REMOVE) interest = 0;
  if (is_wake_up(sockets, easy, descriptor))
    engine_sockets_watch_wake_up(sockets, descriptor, interest);
  else if (!interest && is_paused(easy))
    engine_sockets_pause(sockets, descriptor);
  else
    engine_sockets_watch(sockets, descriptor, interest);
  return 0;
}

curl_socket_t engine_multi_open_socket(void *sockets, curlsocktype purpose, struct curl_sockaddr *address) {
  curl_socket_t descriptor = socket(address->family, address->socktype, address->protocol);
  (void)purpose;
  if (descriptor < 0) return CURL_SOCKET_BAD;
  fcntl(descriptor, F_SETFD, FD_CLOEXEC); /* child processes must not inherit our connections */
  if (engine_sockets_add(sockets, descriptor)) return descriptor;
  close(descriptor);
  return CURL_SOCKET_BAD;
}

int engine_multi_close_socket(void *sockets, curl_socket_t descriptor) {
  engine_sockets_remove(sockets, descriptor);
  return close(descriptor);
}

/* --- the handle --- */

/* From libcurl 8.20 on, the threads that look names up belong to the multi handle. A look-up that hangs keeps
 * its thread after its call has ended: it must not delay the handle's end, nor keep later calls waiting. */
static void set_resolver(CURLM *handle, unsigned max_connections) {
#if LIBCURL_VERSION_NUM >= 0x081400 /* an older one that is loaded does not know these options */
  curl_multi_setopt(handle, CURLMOPT_QUICK_EXIT, 1L);
  curl_multi_setopt(handle, CURLMOPT_RESOLVE_THREADS_MAX,
                    (long)max_connections * HANGING_LOOK_UPS_A_CONNECTION + MIN_RESOLVER_THREADS);
#else
  (void)handle;
  (void)max_connections;
#endif
}

bool engine_multi_create(struct engine_multi *multi, struct engine_sockets *sockets,
                         unsigned max_connections) {
  *multi = (struct engine_multi){
      .handle = curl_multi_init(), .tls_sessions = curl_share_init(), .sockets = sockets, .due = INFINITY};
  if (!multi->handle || !multi->tls_sessions ||
      curl_share_setopt(multi->tls_sessions, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) == CURLSHE_NOMEM)
    return false;
  curl_multi_setopt(multi->handle, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi->handle, CURLMOPT_SOCKETDATA, sockets);
  curl_multi_setopt(multi->handle, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi->handle, CURLMOPT_TIMERDATA, multi);
  curl_multi_setopt(multi->handle, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)max_connections);
  curl_multi_setopt(multi->handle, CURLMOPT_MAXCONNECTS, (long)max_connections);
  set_resolver(multi->handle, max_connections);
  return true;
}

void engine_multi_destroy(struct engine_multi *multi) {
  struct sigpipe_guard guard;
  running_curl_enter(&guard);
  curl_multi_cleanup(multi->handle);
  curl_share_cleanup(multi->tls_sessions);
  sigpipe_guard_leave(&guard);
}

bool engine_multi_start(struct engine_multi *multi, CURL *easy) {
  struct sigpipe_guard guard;
  bool started;
  running_curl_enter(&guard);
  started = curl_multi_add_handle(multi->handle, easy) == CURLM_OK;
  sigpipe_guard_leave(&guard);
  return started;
}

void engine_multi_stop(struct engine_multi *multi, CURL *easy) {
  struct sigpipe_guard guard;
  running_curl_enter(&guard);
  curl_multi_remove_handle(multi->handle, easy);
  sigpipe_guard_leave(&guard);
}

/* When curl fails because memory ran out, it does not set its timer again: call it again soon. */
static bool act(struct engine_multi *multi, curl_socket_t descriptor, int what) {
  struct sigpipe_guard guard;
  int running;
  bool acted;
  running_curl_enter(&guard);
  acted = curl_multi_socket_action(multi->handle, descriptor, what, &running) == CURLM_OK;
  if (!acted) {
    multi->due = monotonic_clock_now() + SECONDS_UNTIL_ANOTHER_TRY;
    multi->failures++;
  }
  sigpipe_guard_leave(&guard);
  return acted;
}

void engine_multi_act(struct engine_multi *multi, curl_socket_t descriptor, unsigned readiness) {
  act(multi, descriptor,
      (readiness & DESCRIPTOR_READABLE ? CURL_CSELECT_IN : 0) |
          (readiness & DESCRIPTOR_WRITABLE ? CURL_CSELECT_OUT : 0));
}

void engine_multi_act_on_time(struct engine_multi *multi) {
  multi->due = INFINITY; /* curl sets the next one during the call */
  multi->is_stuck = !act(multi, CURL_SOCKET_TIMEOUT, 0);
}

/* curl knows the connection of a request only after its end, while the handle is added. */
static void note_sharing(struct engine_multi *multi, CURL *easy) {
  long version = 0;
  curl_socket_t descriptor = CURL_SOCKET_BAD;
  curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
  if (version < CURL_HTTP_VERSION_2_0) return;
  curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &descriptor);
  engine_sockets_note_shared(multi->sockets, descriptor);
}

CURL *engine_multi_take_finished(struct engine_multi *multi, CURLcode *result) {
  CURLMsg *message;
  int left;
  do {
    message = curl_multi_info_read(multi->handle, &left);
    if (!message) return NULL;
  } while (message->msg != CURLMSG_DONE);
  *result = message->data.result;
  note_sharing(multi, message->easy_handle);
  return message->easy_handle;
}
