/* SPDX-License-Identifier: MIT */
/* libcurl's multi handle, as the engine drives it: told which sockets are ready and when its time has come,
 * it never waits. Only this unit calls curl_multi_*. */
#ifndef HTTP_ENGINE_MULTI_H
#define HTTP_ENGINE_MULTI_H

#include "http/engine_sockets.h"
#include "http/engine_task.h"

struct engine_multi {
  CURLM *handle;
  CURLSH *tls_sessions; /* of the service; a handle must have left them when the engine is deleted */
  struct engine_sockets *sockets; /* the engine's */
  double due;                     /* when curl wants to be called; INFINITY: not by time */
  unsigned failures;              /* of curl, where memory ran out */
  bool is_stuck; /* curl failed when its time had last come, before it looked at any handle */
};

/* False when memory ran out; engine_multi_destroy is to be called all the same. */
bool engine_multi_create(struct engine_multi *multi, struct engine_sockets *sockets,
                         unsigned max_connections);

/* Closes the kept-alive connections, so the sockets must still be there. */
void engine_multi_destroy(struct engine_multi *multi);

/* Adds a handle; its CURLOPT_PRIVATE is its task. False when memory ran out. */
bool engine_multi_start(struct engine_multi *multi, CURL *easy);
void engine_multi_stop(struct engine_multi *multi, CURL *easy);

/* Lets curl handle a socket that is ready so (see descriptor_set.h), or everything that is due by its clock.
 */
void engine_multi_act(struct engine_multi *multi, curl_socket_t descriptor, unsigned readiness);
void engine_multi_act_on_time(struct engine_multi *multi);

/* Returns a handle whose request has ended, and which is still added; NULL: there is none. */
CURL *engine_multi_take_finished(struct engine_multi *multi, CURLcode *result);

/* Returns NULL for a handle of curl's own. */
struct engine_task *engine_multi_task_of(CURL *easy);

/* For CURLOPT_OPENSOCKETFUNCTION and CURLOPT_CLOSESOCKETFUNCTION, with the engine's sockets as their data. */
curl_socket_t engine_multi_open_socket(void *sockets, curlsocktype purpose, struct curl_sockaddr *address);
int engine_multi_close_socket(void *sockets, curl_socket_t descriptor);

#endif
