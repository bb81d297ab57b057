/* SPDX-License-Identifier: MIT */
#include "http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void close_connection(struct http_server *server, struct http_server_connection *connection) {
  close(connection->descriptor);
  connection->descriptor = -1;
  server->closed++;
}

static void accept_connection(struct http_server *server) {
  int descriptor = accept(server->listener, NULL, NULL);
  if (descriptor < 0) return;
  for (int i = 0; i < HTTP_SERVER_CONNECTIONS; i++) {
    struct http_server_connection *connection = &server->connections[i];
    if (connection->descriptor >= 0) continue;
    connection->descriptor = descriptor;
    connection->length = 0;
    server->accepted++;
    return;
  }
  close(descriptor);
}

/* Bytes of the first request in the buffer; 0 while it is not whole. */
static size_t whole_request(const char *bytes) {
  const char *end = strstr(bytes, "\r\n\r\n");
  const char *body_length = strcasestr(bytes, "\r\nContent-Length:");
  size_t length;
  if (!end) return 0;
  length = (size_t)(end + 4 - bytes);
  if (body_length && body_length < end)
    length += strtoul(body_length + strlen("\r\nContent-Length:"), NULL, 10);
  return strlen(bytes) >= length ? length : 0;
}

static bool send_answer(int descriptor, const struct http_answer *answer) {
  char text[HTTP_SERVER_REQUEST_SIZE];
  const char *body = answer->body ? answer->body : "";
  int length = snprintf(text, sizeof text, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s", answer->status,
                        answer->headers ? answer->headers : "", strlen(body), body);
  return send(descriptor, text, (size_t)length, MSG_NOSIGNAL) == length;
}

/* False when the connection is over. */
static bool answer_requests(struct http_server *server, struct http_server_connection *connection) {
  size_t length;
  while ((length = whole_request(connection->request))) {
    struct http_answer answer = server->answer(connection->request);
    if (answer.status && !send_answer(connection->descriptor, &answer)) return false;
    if (answer.then_close) return false;
    connection->length -= length;
    memmove(connection->request, connection->request + length, connection->length + 1);
  }
  return true;
}

static void read_connection(struct http_server *server, struct http_server_connection *connection) {
  size_t room = sizeof connection->request - 1 - connection->length;
  ssize_t count = recv(connection->descriptor, connection->request + connection->length, room, 0);
  if (count > 0) {
    connection->length += (size_t)count;
    connection->request[connection->length] = '\0';
    if (answer_requests(server, connection)) return;
  }
  close_connection(server, connection);
}

static void *serve(void *data) {
  struct http_server *server = data;
  struct pollfd watched[2 + HTTP_SERVER_CONNECTIONS];
  for (;;) {
    watched[0] = (struct pollfd){.fd = server->stop[0], .events = POLLIN};
    watched[1] = (struct pollfd){.fd = server->listener, .events = POLLIN};
    for (int i = 0; i < HTTP_SERVER_CONNECTIONS; i++)
      watched[2 + i] = (struct pollfd){.fd = server->connections[i].descriptor, .events = POLLIN};
    poll(watched, 2 + HTTP_SERVER_CONNECTIONS, -1);
    if (watched[0].revents) return NULL;
    for (int i = 0; i < HTTP_SERVER_CONNECTIONS; i++)
      if (watched[2 + i].revents) read_connection(server, &server->connections[i]);
    if (watched[1].revents) accept_connection(server);
  }
}

static bool listen_on_loopback(struct http_server *server) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (server->listener < 0 || bind(server->listener, (struct sockaddr *)&address, size) != 0 ||
      listen(server->listener, 200) != 0 ||
      getsockname(server->listener, (struct sockaddr *)&address, &size) != 0)
    return false;
  server->port = ntohs(address.sin_port);
  return true;
}

bool http_server_start(struct http_server *server, http_server_function *answer) {
  server->answer = answer;
  server->accepted = server->closed = 0;
  for (int i = 0; i < HTTP_SERVER_CONNECTIONS; i++) server->connections[i].descriptor = -1;
  return listen_on_loopback(server) && pipe(server->stop) == 0 &&
         pthread_create(&server->thread, NULL, serve, server) == 0;
}

void http_server_stop(struct http_server *server) {
  close(server->stop[1]); /* makes the other end readable */
  pthread_join(server->thread, NULL);
  for (int i = 0; i < HTTP_SERVER_CONNECTIONS; i++)
    if (server->connections[i].descriptor >= 0) close(server->connections[i].descriptor);
  close(server->stop[0]);
  close(server->listener);
}
