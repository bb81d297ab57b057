/* SPDX-License-Identifier: MIT */
/* The floor of one call after another: a blocking TCP socket, one write and one read a call, no parsing.
 * It sends, byte by byte, the request that the module was seen to send.
 * usage: bare_socket PORT REQUEST_FILE CALLS      prints seconds per call */
#include "base/monotonic_clock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct request {
  char bytes[4096];
  size_t length;
};

static void fail(const char *reason) {
  fprintf(stderr, "bare_socket: %s\n", reason);
  exit(EXIT_FAILURE);
}

static struct request read_request(const char *request_file) {
  struct request request;
  FILE *file = fopen(request_file, "rb");
  if (!file) fail("cannot read the request");
  request.length = fread(request.bytes, 1, sizeof request.bytes, file);
  fclose(file);
  return request;
}

static int connect_to_loopback(const char *port) {
  struct sockaddr_in address = {
      .sin_family = AF_INET,
      .sin_port = htons((uint16_t)atoi(port)),
      .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
  };
  int connection = socket(AF_INET, SOCK_STREAM, 0);
  if (connection < 0) fail("no socket");
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0) fail("cannot connect");
  return connection;
}

/* Returns the answer's length. */
static ssize_t exchange(int connection, const struct request *request) {
  static const char success[] = "HTTP/1.1 200 ";
  char answer[4096];
  if (write(connection, request->bytes, request->length) != (ssize_t)request->length) fail("write");
  ssize_t length = read(connection, answer, sizeof answer);
  if (length < (ssize_t)sizeof success || memcmp(answer, success, sizeof success - 1) != 0) fail("no 200");
  return length;
}

/* One read is an exchange only if it takes the whole answer: then all answers are equally long. */
static void exchange_all(int connection, const struct request *request, long calls, ssize_t expected) {
  for (long call = 0; call < calls; call++)
    if (exchange(connection, request) != expected) fail("an answer came in pieces");
}

int main(int argc, char **argv) {
  if (argc != 4) fail("usage: bare_socket PORT REQUEST_FILE CALLS");
  struct request request = read_request(argv[2]);
  long calls = atol(argv[3]);

  int connection = connect_to_loopback(argv[1]);
  ssize_t answer_length = exchange(connection, &request);
  exchange_all(connection, &request, calls / 10, answer_length); /* warms up */
  double start = monotonic_clock_now();
  exchange_all(connection, &request, calls, answer_length);
  printf("%.9f\n", (monotonic_clock_now() - start) / (double)calls);
  close(connection);
}
