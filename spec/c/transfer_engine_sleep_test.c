/* SPDX-License-Identifier: MIT */
/* Those that no exchange wakes: by their time, or by a descriptor of their own.
 * Who sleeps is put in with a time that has passed: a single step then tells all of them, in their order. */
#include "http/transfer_engine.h"

#include "unit.h"
#include <math.h>
#include <string.h>
#include <unistd.h>

enum { MAX_STEPS = 10000 }; /* a test that needs more of them hangs */

struct sleeper {
  struct engine_task task;
  char name;
};

static char woken[16];

static void on_awake(struct engine_task *task) {
  size_t length = strlen(woken);
  woken[length] = ((struct sleeper *)task)->name;
  woken[length + 1] = '\0';
}

static void sleepers_create(struct sleeper *sleepers, int count) {
  for (int i = 0; i < count; i++)
    sleepers[i] =
        (struct sleeper){.task.awake = on_awake, .task.readable = on_awake, .name = (char)('a' + i)};
  woken[0] = '\0';
}

static void sleep_since_long(struct transfer_engine *engine, struct sleeper *sleeper) {
  transfer_engine_sleep(engine, &sleeper->task, -1000 + 100 * (sleeper->name - 'a'));
}

static void tells_the_soonest_first(void) {
  struct transfer_engine *engine = transfer_engine_new(4, 0);
  for (int order = 0; order < 256;
       order++) { /* of the 256 ways to name four of four, the 24 that name each once */
    int place[4] = {order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6 & 3};
    struct sleeper sleepers[4];
    if ((1 << place[0] | 1 << place[1] | 1 << place[2] | 1 << place[3]) != 15) continue;
    sleepers_create(sleepers, 4);
    for (int i = 0; i < 4; i++) sleep_since_long(engine, &sleepers[place[i]]);
    CHECK(transfer_engine_step(engine, INFINITY) && strcmp(woken, "abcd") == 0,
          "sleepers put in as %d%d%d%d are woken in order of time (was %s)", place[0], place[1], place[2],
          place[3], woken);
  }
  transfer_engine_delete(engine);
}

static void tells_equals_in_turn(void) {
  struct transfer_engine *engine = transfer_engine_new(4, 0);
  struct sleeper sleepers[5];
  sleepers_create(sleepers, 5);
  for (int i = 0; i < 5; i++) transfer_engine_sleep(engine, &sleepers[i].task, -1);
  transfer_engine_step(engine, INFINITY);
  CHECK(strcmp(woken, "abcde") == 0, "sleepers of the same length are woken in turn (was %s)", woken);
  transfer_engine_delete(engine);
}

static void does_not_tell_those_woken_before(void) {
  static const struct {
    const char *early, *rest;
  } rows[] = {{"a", "bcd"}, {"b", "acd"}, {"d", "abc"}, {"ad", "bc"},
              {"bc", "ad"}, {"dcba", ""}, {"abcd", ""}, {"aab", "cd"}};
  EACH(row, rows) {
    struct transfer_engine *engine = transfer_engine_new(4, 0);
    struct sleeper sleepers[4];
    sleepers_create(sleepers, 4);
    for (int i = 0; i < 4; i++) sleep_since_long(engine, &sleepers[i]);
    for (const char *name = row->early; *name; name++)
      transfer_engine_wake(engine, &sleepers[*name - 'a'].task);
    transfer_engine_step(engine, 0);
    transfer_engine_step(engine, 0);
    CHECK(strcmp(woken, row->rest) == 0, "without %s it tells '%s' (was '%s')", row->early, row->rest, woken);
    transfer_engine_delete(engine);
  }
}

static void step_until_woken(struct transfer_engine *engine, size_t count) {
  for (int i = 0; i < MAX_STEPS && strlen(woken) < count; i++) transfer_engine_step(engine, INFINITY);
}

static void sleeps_again_and_again(void) {
  struct transfer_engine *engine = transfer_engine_new(4, 0);
  struct sleeper sleepers[2];
  sleepers_create(sleepers, 2);
  transfer_engine_sleep(engine, &sleepers[1].task, 1000);
  for (size_t i = 1; i <= 3; i++) {
    transfer_engine_sleep(engine, &sleepers[0].task, 0.001);
    transfer_engine_step(engine, 0);
    step_until_woken(engine, i);
  }
  CHECK(strcmp(woken, "aaa") == 0 && !sleepers[0].task.asleep, "one that was woken can sleep again (was %s)",
        woken);
  CHECK(sleepers[1].task.asleep, "one whose time has not come sleeps on");
  transfer_engine_wake(engine, &sleepers[1].task);
  transfer_engine_delete(engine);
}

static void tells_of_descriptors(void) {
  struct transfer_engine *engine = transfer_engine_new(4, 0);
  struct sleeper sleepers[3];
  int pipes[3][2];
  sleepers_create(sleepers, 3);
  for (int i = 0; i < 3; i++)
    CHECK(pipe(pipes[i]) == 0 && transfer_engine_watch(engine, &sleepers[i].task, pipes[i][0]), "it watches");
  CHECK(!transfer_engine_step(engine, 0) && strcmp(woken, "") == 0, "nothing can be read");
  CHECK(write(pipes[1][1], "", 1) == 1 && transfer_engine_step(engine, INFINITY), "one that can ends a wait");
  CHECK(strcmp(woken, "b") == 0 && !sleepers[1].task.watches, "its task is told (was %s)", woken);
  CHECK(!transfer_engine_step(engine, 0) && strcmp(woken, "b") == 0, "once (was %s)", woken);
  transfer_engine_unwatch(engine, &sleepers[0].task);
  CHECK(write(pipes[0][1], "", 1) == 1 && !transfer_engine_step(engine, 0), "one is not watched any more");
  close(pipes[2][1]);
  CHECK(transfer_engine_step(engine, INFINITY) && strcmp(woken, "bc") == 0, "a hang-up is told (was %s)",
        woken);
  transfer_engine_unwatch(engine, &sleepers[2].task);
  transfer_engine_delete(engine);
}

int main(void) {
  tells_of_descriptors();
  tells_the_soonest_first();
  tells_equals_in_turn();
  does_not_tell_those_woken_before();
  sleeps_again_and_again();
  return unit_end();
}
