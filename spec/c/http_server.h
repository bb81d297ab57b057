/* SPDX-License-Identifier: MIT */
/* An HTTP server on loopback, for the tests: one thread, many kept-alive connections, no allocations of its
 * own, so that an allocator made to fail leaves it alone. */
#ifndef SPEC_HTTP_SERVER_H
#define SPEC_HTTP_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { HTTP_SERVER_CONNECTIONS = 160, HTTP_SERVER_REQUEST_SIZE = 4096 };

struct http_answer {
  const char *status;  /* "200 OK"; NULL: no answer comes */
  const char *headers; /* further lines, each with its CRLF; NULL: none */
  const char *body;    /* NULL: empty */
  bool then_close;
};

/* `request` is the head that came, as a C string. Runs in the server's thread. */
typedef struct http_answer http_server_function(const char *request);

struct http_server {
  http_server_function *answer;
  int port;
  int listener;
  int stop[2]; /* a pipe */
  pthread_t thread;
  atomic_int accepted; /* connections so far */
  atomic_int closed;   /* of them, gone by now */
  struct http_server_connection {
    int descriptor; /* -1: free */
    size_t length;
    char request[HTTP_SERVER_REQUEST_SIZE];
  } connections[HTTP_SERVER_CONNECTIONS];
};

/* `server` must stay where it is until it is stopped. False when it cannot be started. */
bool http_server_start(struct http_server *server, http_server_function *answer);
void http_server_stop(struct http_server *server);

#endif
