/* SPDX-License-Identifier: MIT */
/* Built twice: with epoll, and with its twin for systems that have poll(2) alone (-DDESCRIPTOR_SET_POLL). */
#include "base/descriptor_set.h"

#include "unit.h"
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { CAPACITY = 64 };

struct pair {
  int ours, other;
};

static struct pair pair_open(void) {
  int descriptors[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, descriptors) != 0) abort();
  return (struct pair){descriptors[0], descriptors[1]};
}

static void pair_close(struct pair pair) {
  close(pair.ours);
  close(pair.other);
}

static void say(struct pair pair) {
  if (write(pair.other, "x", 1) != 1) abort();
}

static void hear(struct pair pair) {
  char byte;
  if (read(pair.ours, &byte, 1) != 1) abort();
}

/* What one look that does not wait tells of `descriptor`; 0 for nothing. Counts all events in *count. */
static unsigned look(struct descriptor_set *set, int descriptor, int *count) {
  struct descriptor_event events[CAPACITY];
  unsigned readiness = 0;
  *count = descriptor_set_wait(set, 0, events, CAPACITY);
  for (int i = 0; i < *count; i++)
    if (events[i].descriptor == descriptor) readiness = events[i].readiness;
  return readiness;
}

static unsigned readiness(struct descriptor_set *set, int descriptor) {
  int count;
  return look(set, descriptor, &count);
}

static void waits_with_nothing_watched(void) {
  struct descriptor_set *set = descriptor_set_new();
  struct descriptor_event events[1];
  CHECK(descriptor_set_wait(set, 0, events, 1) == 0, "an empty set that shall not wait tells nothing");
  CHECK(descriptor_set_wait(set, 0.001, events, 1) == 0, "an empty set's wait ends by the time given");
  CHECK(descriptor_set_wait(set, -5, events, 1) == 0, "a time that has passed means no wait");
  descriptor_set_delete(set);
  descriptor_set_delete(NULL);
}

static void tells_what_it_was_told_to_watch(void) {
  struct descriptor_set *set = descriptor_set_new();
  struct pair pair = pair_open();
  CHECK(descriptor_set_watch(set, pair.ours, DESCRIPTOR_READABLE) && readiness(set, pair.ours) == 0,
        "nothing said, nothing told");
  say(pair);
  CHECK(readiness(set, pair.ours) == DESCRIPTOR_READABLE, "what can be read is told");
  CHECK(readiness(set, pair.ours) == DESCRIPTOR_READABLE, "and told again until it was read");
  CHECK(descriptor_set_watch(set, pair.ours, DESCRIPTOR_WRITABLE) &&
            readiness(set, pair.ours) == DESCRIPTOR_WRITABLE,
        "the interest can be changed to writing");
  CHECK(descriptor_set_watch(set, pair.ours, DESCRIPTOR_READABLE | DESCRIPTOR_WRITABLE) &&
            readiness(set, pair.ours) == (DESCRIPTOR_READABLE | DESCRIPTOR_WRITABLE),
        "and to both");
  hear(pair);
  CHECK(readiness(set, pair.ours) == DESCRIPTOR_WRITABLE, "what has been read is no longer told");
  CHECK(descriptor_set_watch(set, pair.ours, 0) && readiness(set, pair.ours) == 0,
        "what was taken out is not told");
  CHECK(descriptor_set_watch(set, pair.ours, 0), "taking out what is not in is allowed");
  CHECK(descriptor_set_watch(set, pair.ours, DESCRIPTOR_WRITABLE) &&
            readiness(set, pair.ours) == DESCRIPTOR_WRITABLE,
        "what was taken out can be put in again");
  descriptor_set_delete(set);
  CHECK(write(pair.ours, "x", 1) == 1, "deleting the set closes nothing that it watched");
  pair_close(pair);
}

static void tells_hang_ups_as_both(void) {
  struct descriptor_set *set = descriptor_set_new();
  struct pair pair = pair_open();
  descriptor_set_watch(set, pair.ours, DESCRIPTOR_READABLE);
  close(pair.other);
  CHECK(readiness(set, pair.ours) == (DESCRIPTOR_READABLE | DESCRIPTOR_WRITABLE | DESCRIPTOR_ENDED),
        "a hang-up is told as readable and writable, and as the end");
  descriptor_set_delete(set);
  close(pair.ours);
}

static void mutes(void) {
  struct descriptor_set *set = descriptor_set_new();
  struct pair pair = pair_open();
  int count;
  descriptor_set_mute(set, pair.ours);
  CHECK(look(set, pair.ours, &count) == 0 && count == 0, "muting what is not in puts it in as little");
  descriptor_set_watch(set, pair.ours, DESCRIPTOR_WRITABLE);
  descriptor_set_mute(set, pair.ours);
  descriptor_set_mute(set, pair.ours);
  CHECK(look(set, pair.ours, &count) == 0 && count == 0, "that a muted one can be written to is not told");
  say(pair);
  CHECK(readiness(set, pair.ours) == DESCRIPTOR_READABLE, "what comes on it is told");
  CHECK(descriptor_set_watch(set, pair.ours, DESCRIPTOR_WRITABLE) &&
            readiness(set, pair.ours) == DESCRIPTOR_WRITABLE,
        "it can be watched for writing again");
  descriptor_set_watch(set, pair.ours, DESCRIPTOR_ENDED);
  descriptor_set_mute(set, pair.ours);
  CHECK(look(set, pair.ours, &count) == 0 && count == 0,
        "one that is watched for its end alone may have something to read");
  shutdown(pair.other, SHUT_WR);
  CHECK(readiness(set, pair.ours) == (DESCRIPTOR_READABLE | DESCRIPTOR_ENDED), "its end is told");
  descriptor_set_delete(set);
  pair_close(pair);
}

static void forgets_before_a_number_comes_again(void) {
  struct descriptor_set *set = descriptor_set_new();
  struct pair pair = pair_open(), fresh = pair_open();
  int number = pair.ours;
  descriptor_set_watch(set, number, DESCRIPTOR_READABLE);
  descriptor_set_mute(set, number);
  descriptor_set_watch(set, number, 0);
  if (dup2(fresh.ours, number) != number) abort(); /* closes the one of old */
  CHECK(readiness(set, number) == 0, "a new descriptor of an old number is not watched by itself");
  CHECK(descriptor_set_watch(set, number, DESCRIPTOR_READABLE) && readiness(set, number) == 0,
        "it can be watched, and is quiet");
  say(fresh);
  CHECK(readiness(set, number) == DESCRIPTOR_READABLE, "and tells of itself");
  descriptor_set_watch(set, number, 0);
  pair_close(pair);
  pair_close(fresh);
  descriptor_set_delete(set);
}

static void watches_many(void) {
  enum { MANY = 200 };
  static struct pair pairs[MANY];
  struct descriptor_set *set = descriptor_set_new();
  struct descriptor_event events[CAPACITY];
  bool watched = true;
  for (int i = 0; i < MANY; i++) {
    pairs[i] = pair_open();
    watched &= descriptor_set_watch(set, pairs[i].ours, DESCRIPTOR_READABLE);
    say(pairs[i]);
  }
  CHECK(watched, "%d descriptors can be watched", MANY);
  CHECK(descriptor_set_wait(set, 0, events, 3) == 3, "no more events are filled in than there is room for");
  for (int i = 0; i < MANY; i++)
    if (i != 150) descriptor_set_watch(set, pairs[i].ours, 0);
  CHECK(descriptor_set_wait(set, 0, events, CAPACITY) == 1 && events[0].descriptor == pairs[150].ours,
        "of many that were taken out the one that stays is told");
  for (int i = 0; i < MANY; i++) pair_close(pairs[i]);
  descriptor_set_delete(set);
}

static void ignore_alarm(int number) {
  (void)number;
}

static void tells_of_signals(void) {
  struct descriptor_set *set = descriptor_set_new();
  struct descriptor_event events[1];
  struct sigaction action = {.sa_handler = ignore_alarm};
  struct itimerval often = {{0, 5000}, {0, 5000}}, never = {{0, 0}, {0, 0}};
  int count;
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &often, NULL); /* comes again, should the first come before the wait begins */
  count = descriptor_set_wait(set, INFINITY, events, 1);
  setitimer(ITIMER_REAL, &never, NULL);
  CHECK(count == 0, "a signal ends a wait without end");
  descriptor_set_delete(set);
}

static bool is_readable(int descriptor, int milliseconds) {
  struct pollfd watched = {.fd = descriptor, .events = POLLIN};
  return poll(&watched, 1, milliseconds) == 1;
}

enum { LONG = 60 * 1000 }; /* milliseconds to wait for what is to come within one */

#if defined(__linux__) && !defined(DESCRIPTOR_SET_POLL)
static void is_one_descriptor(void) {
  struct descriptor_set *set = descriptor_set_new();
  struct pair pair = pair_open();
  int descriptor, count;
  descriptor_set_set_due(set, 0); /* nobody asked for the descriptor yet: must do no harm */
  descriptor = descriptor_set_descriptor(set);
  CHECK(descriptor >= 0 && descriptor_set_descriptor(set) == descriptor, "the set has one descriptor");
  CHECK(!is_readable(descriptor, 0), "which is quiet while nothing is to be told");
  descriptor_set_watch(set, pair.ours, DESCRIPTOR_READABLE);
  CHECK(!is_readable(descriptor, 0), "watching alone does not make it readable");
  say(pair);
  CHECK(is_readable(descriptor, LONG), "it becomes readable with what it watches");
  hear(pair);
  CHECK(!is_readable(descriptor, 0), "and quiet with it");
  descriptor_set_set_due(set, 0.001);
  CHECK(is_readable(descriptor, LONG), "it becomes readable at the due time");
  CHECK(look(set, pair.ours, &count) == 0 && count == 0, "the due time is no event");
  descriptor_set_set_due(set, INFINITY);
  CHECK(!is_readable(descriptor, 0), "a due time can be taken back");
  descriptor_set_set_due(set, 0);
  CHECK(is_readable(descriptor, LONG), "a due time of now is now");
  descriptor_set_set_due(set, 1000);
  CHECK(!is_readable(descriptor, 0), "a later due time replaces an earlier one");
  descriptor_set_set_due(set, -3);
  CHECK(is_readable(descriptor, LONG), "a due time that has passed is now");
  descriptor_set_delete(set);
  pair_close(pair);
}
#else
static void is_one_descriptor(void) {
  struct descriptor_set *set = descriptor_set_new();
  CHECK(descriptor_set_descriptor(set) == -1, "with poll alone there is no one descriptor");
  descriptor_set_set_due(set, 1);
  CHECK(!is_readable(descriptor_set_descriptor(set), 0), "and a due time does no harm");
  descriptor_set_delete(set);
}
#endif

int main(void) {
  waits_with_nothing_watched();
  tells_what_it_was_told_to_watch();
  tells_hang_ups_as_both();
  mutes();
  forgets_before_a_number_comes_again();
  watches_many();
  tells_of_signals();
  is_one_descriptor();
  return unit_end();
}
