/* SPDX-License-Identifier: MIT */
/* What comes on sockets that no exchange uses. Built twice, as the descriptor set below it is. */
#include "http/engine_sockets.h"

#include "unit.h"
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CAPACITY = 64 };

struct pair {
  int ours, other;
};

static struct descriptor_set *set;
static struct engine_sockets sockets;

static struct pair pair_open(void) {
  int descriptors[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, descriptors) != 0) abort();
  if (!engine_sockets_add(&sockets, descriptors[0])) abort();
  return (struct pair){descriptors[0], descriptors[1]};
}

/* Of TCP, whose low-water mark counts for those who poll. */
static struct pair pair_open_tcp(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  struct sockaddr *plain = (struct sockaddr *)&address;
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0), ours = socket(AF_INET, SOCK_STREAM, 0), other;
  if (bind(listener, plain, length) != 0 || listen(listener, 1) != 0 ||
      getsockname(listener, plain, &length) != 0 || connect(ours, plain, length) != 0)
    abort();
  other = accept(listener, NULL, NULL);
  close(listener);
  if (other < 0 || !engine_sockets_add(&sockets, ours)) abort();
  return (struct pair){ours, other};
}

static void pair_close(struct pair pair) {
  engine_sockets_remove(&sockets, pair.ours);
  close(pair.ours);
  close(pair.other);
}

static void say(struct pair pair) {
  if (write(pair.other, "x", 1) != 1) abort();
}

static void begin(void) {
  set = descriptor_set_new();
  engine_sockets_create(&sockets, set);
}

static void end(void) {
  engine_sockets_destroy(&sockets);
  descriptor_set_delete(set);
}

/* One look. Returns how many events it had; *others: those that are for exchanges. */
static int look(unsigned *others) {
  struct descriptor_event events[CAPACITY];
  int count = descriptor_set_wait(set, 0, events, CAPACITY);
  *others = 0;
  for (int i = 0; i < count; i++) *others += engine_sockets_take_idle(&sockets, &events[i]) ? 0 : 1;
  return count;
}

static bool is_quiet(void) {
  unsigned others;
  return look(&others) == 0;
}

static bool has_ended(struct pair pair) {
  struct pollfd watched = {.fd = pair.other, .events = POLLIN};
  char byte;
  return poll(&watched, 1, 0) == 1 && read(pair.other, &byte, 1) == 0;
}

static void gives_up_an_idle_one_that_stirs(void) {
  unsigned others;
  struct pair pair, busy;
  begin();
  pair = pair_open(), busy = pair_open();
  engine_sockets_watch(&sockets, pair.ours, DESCRIPTOR_READABLE);
  engine_sockets_watch(&sockets, pair.ours, 0);
  engine_sockets_watch(&sockets, pair.ours, 0);
  CHECK(sockets.idle == 1 && is_quiet(), "an idle socket that is quiet is not told");
  engine_sockets_watch(&sockets, pair.ours, DESCRIPTOR_READABLE);
  say(pair);
  CHECK(sockets.idle == 0 && look(&others) == 1 && others == 1, "one that is used again is an exchange's");
  engine_sockets_watch(&sockets, pair.ours, 0);
  CHECK(look(&others) == 1 && others == 0 && has_ended(pair), "an idle one that stirs is given up");
  CHECK(is_quiet(), "and told once");
  engine_sockets_watch(&sockets, busy.ours, DESCRIPTOR_READABLE);
  say(busy);
  CHECK(look(&others) == 1 && others == 1 && !has_ended(busy), "others beside it are told");
  pair_close(pair);
  pair_close(busy);
  CHECK(sockets.idle == 0, "what is closed is not idle");
  end();
}

static void leaves_an_idle_one_that_can_be_written_to(void) {
  unsigned others;
  struct pair pair;
  begin();
  pair = pair_open();
  engine_sockets_watch(&sockets, pair.ours, DESCRIPTOR_WRITABLE);
  engine_sockets_watch(&sockets, pair.ours, 0);
  CHECK(is_quiet(), "an idle socket that can be written to does not stir");
  engine_sockets_watch(&sockets, pair.ours, DESCRIPTOR_READABLE | DESCRIPTOR_WRITABLE);
  engine_sockets_watch(&sockets, pair.ours, 0);
  look(&others);
  CHECK(others == 0 && is_quiet() && !has_ended(pair), "nor one that could be read, too");
  engine_sockets_watch(&sockets, pair.ours, DESCRIPTOR_WRITABLE);
  CHECK(look(&others) == 1 && others == 1, "and it can be used again");
  pair_close(pair);
  end();
}

static void lets_a_shared_one_hear_its_peer(void) {
  unsigned others;
  struct pair pair;
  begin();
  pair = pair_open();
  engine_sockets_note_shared(&sockets, pair.ours);
  engine_sockets_watch(&sockets, pair.ours, DESCRIPTOR_READABLE);
  engine_sockets_watch(&sockets, pair.ours, 0);
  say(pair);
  CHECK(look(&others) == 1 && others == 0 && !has_ended(pair),
        "the peer of a shared socket may say this or that");
  CHECK(is_quiet(), "which is told once");
  shutdown(pair.other, SHUT_WR);
  CHECK(look(&others) == 1 && others == 0 && has_ended(pair), "its end is told, and ends it");
  CHECK(is_quiet(), "and that, too, is told once");
  pair_close(pair);
  end();
}

static void keeps_the_wake_up_registered(void) {
  unsigned others;
  int ends[2];
  begin();
  if (pipe(ends) != 0) abort();
  engine_sockets_watch_wake_up(&sockets, ends[0], DESCRIPTOR_READABLE);
  if (write(ends[1], "x", 1) != 1) abort();
  CHECK(look(&others) == 1 && others == 1, "a wake-up is told while requests run");
  engine_sockets_watch_wake_up(&sockets, ends[0], 0);
  CHECK(look(&others) == 1 && others == 0, "without requests it is not told");
  CHECK(sockets.idle == 0 && is_quiet(), "nor looked at again");
  engine_sockets_watch_wake_up(&sockets, ends[0], DESCRIPTOR_READABLE);
  CHECK(look(&others) == 1 && others == 1, "and it is told when requests run again");
  close(ends[0]);
  close(ends[1]);
  end();
}

static bool is_readable(struct pair pair) {
  struct pollfd watched = {.fd = pair.ours, .events = POLLIN};
  return poll(&watched, 1, 0) == 1;
}

static void hides_what_an_unused_one_is_sent(void) {
  unsigned others;
  struct pair pair, ended;
  begin();
  pair = pair_open_tcp(), ended = pair_open_tcp();
  engine_sockets_watch(&sockets, pair.ours, DESCRIPTOR_READABLE);
  engine_sockets_watch(&sockets, pair.ours, 0);
  engine_sockets_note_unused(&sockets, pair.ours);
  say(pair);
  CHECK(is_quiet() && !is_readable(pair) && !has_ended(pair), "tickets in an unused socket are not seen");
  engine_sockets_watch(&sockets, pair.ours, DESCRIPTOR_READABLE);
  CHECK(look(&others) == 1 && others == 1 && is_readable(pair), "a request that uses it finds them");
  engine_sockets_note_unused(&sockets, pair.ours);
  CHECK(is_readable(pair), "one that a request uses already hides nothing");
  engine_sockets_watch(&sockets, ended.ours, DESCRIPTOR_READABLE);
  engine_sockets_watch(&sockets, ended.ours, 0);
  engine_sockets_note_unused(&sockets, ended.ours);
  say(ended);
  shutdown(ended.other, SHUT_WR);
  CHECK(is_readable(ended) && !is_quiet() && has_ended(ended), "the end of an unused one is seen");
  pair_close(pair);
  pair_close(ended);
  end();
}

static void corks_shared_ones_in_use(void) {
  struct pair shared, other;
  struct pollfd ends[2];
  begin();
  shared = pair_open_tcp(), other = pair_open_tcp();
  ends[0] = (struct pollfd){.fd = shared.other, .events = POLLIN};
  ends[1] = (struct pollfd){.fd = other.other, .events = POLLIN};
  engine_sockets_note_shared(&sockets, shared.ours);
  engine_sockets_watch(&sockets, shared.ours, DESCRIPTOR_READABLE);
  engine_sockets_watch(&sockets, other.ours, DESCRIPTOR_READABLE);
  engine_sockets_cork(&sockets);
  engine_sockets_cork(&sockets);
  if (write(shared.ours, "x", 1) != 1 || write(other.ours, "x", 1) != 1) abort();
#ifdef __linux__
  CHECK(poll(ends, 2, 0) == 1 && ends[1].revents, "what is sent on a shared socket waits for more");
#endif
  engine_sockets_uncork(&sockets);
  CHECK(sockets.corked == 0 && poll(ends, 2, 1000) == 2, "and goes when the socket is uncorked");
  engine_sockets_cork(&sockets);
  pair_close(shared);
  pair_close(other);
  CHECK(sockets.corked == 0, "what is closed is not corked");
  end();
}

#if defined(__linux__) && !defined(DESCRIPTOR_SET_POLL)
static void wakes_the_host_once(void) {
  unsigned others;
  struct pair pair;
  struct pollfd host = {.events = POLLIN};
  begin();
  pair = pair_open();
  host.fd = descriptor_set_descriptor(set);
  engine_sockets_watch(&sockets, pair.ours, DESCRIPTOR_READABLE);
  engine_sockets_watch(&sockets, pair.ours, 0);
  say(pair);
  CHECK(look(&others) == 1 && poll(&host, 1, 0) == 0, "an idle one that stirs wakes the host once at most");
  pair_close(pair);
  end();
}
#else
static void wakes_the_host_once(void) {}
#endif

int main(void) {
  gives_up_an_idle_one_that_stirs();
  leaves_an_idle_one_that_can_be_written_to();
  lets_a_shared_one_hear_its_peer();
  keeps_the_wake_up_registered();
  hides_what_an_unused_one_is_sent();
  corks_shared_ones_in_use();
  wakes_the_host_once();
  return unit_end();
}
