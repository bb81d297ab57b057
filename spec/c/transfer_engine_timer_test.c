/* SPDX-License-Identifier: MIT */
/* Those that no exchange wakes: by their time, or by a descriptor of their own.
 * Each timer is set to a time that has passed: a single step then calls all of them, in their order. */
#include "http/transfer_engine.h"

#include "unit.h"
#include <math.h>
#include <string.h>
#include <unistd.h>

enum { MAX_STEPS = 10000 }; /* a test that needs more of them hangs */

struct named_task {
  struct engine_task task;
  char name;
};

static char called[16];

static void on_call(struct engine_task *task) {
  size_t length = strlen(called);
  called[length] = ((struct named_task *)task)->name;
  called[length + 1] = '\0';
}

static void tasks_create(struct named_task *tasks, int count) {
  for (int i = 0; i < count; i++)
    tasks[i] =
        (struct named_task){.task.timer_due = on_call, .task.readable = on_call, .name = (char)('a' + i)};
  called[0] = '\0';
}

static void set_timer_in_the_past(struct transfer_engine *engine, struct named_task *named) {
  transfer_engine_set_timer(engine, &named->task, -1000 + 100 * (named->name - 'a'));
}

static void tells_the_soonest_first(void) {
  struct transfer_engine *engine = transfer_engine_new(4, 0);
  for (int order = 0; order < 256;
       order++) { /* of the 256 ways to name four of four, the 24 that name each once */
    int place[4] = {order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6 & 3};
    struct named_task tasks[4];
    if ((1 << place[0] | 1 << place[1] | 1 << place[2] | 1 << place[3]) != 15) continue;
    tasks_create(tasks, 4);
    for (int i = 0; i < 4; i++) set_timer_in_the_past(engine, &tasks[place[i]]);
    CHECK(transfer_engine_step(engine, INFINITY) && strcmp(called, "abcd") == 0,
          "timers set as %d%d%d%d are called in order of time (was %s)", place[0], place[1], place[2],
          place[3], called);
  }
  transfer_engine_delete(engine);
}

static void tells_equals_in_turn(void) {
  struct transfer_engine *engine = transfer_engine_new(4, 0);
  struct named_task tasks[5];
  tasks_create(tasks, 5);
  for (int i = 0; i < 5; i++) transfer_engine_set_timer(engine, &tasks[i].task, -1);
  transfer_engine_step(engine, INFINITY);
  CHECK(strcmp(called, "abcde") == 0, "timers of the same delay are called in turn (was %s)", called);
  transfer_engine_delete(engine);
}

static void does_not_tell_those_called_before(void) {
  static const struct {
    const char *early, *rest;
  } rows[] = {{"a", "bcd"}, {"b", "acd"}, {"d", "abc"}, {"ad", "bc"},
              {"bc", "ad"}, {"dcba", ""}, {"abcd", ""}, {"aab", "cd"}};
  EACH(row, rows) {
    struct transfer_engine *engine = transfer_engine_new(4, 0);
    struct named_task tasks[4];
    tasks_create(tasks, 4);
    for (int i = 0; i < 4; i++) set_timer_in_the_past(engine, &tasks[i]);
    for (const char *name = row->early; *name; name++)
      transfer_engine_clear_timer(engine, &tasks[*name - 'a'].task);
    transfer_engine_step(engine, 0);
    transfer_engine_step(engine, 0);
    CHECK(strcmp(called, row->rest) == 0, "without %s it tells '%s' (was '%s')", row->early, row->rest,
          called);
    transfer_engine_delete(engine);
  }
}

static void step_until_called(struct transfer_engine *engine, size_t count) {
  for (int i = 0; i < MAX_STEPS && strlen(called) < count; i++) transfer_engine_step(engine, INFINITY);
}

static void is_set_again_and_again(void) {
  struct transfer_engine *engine = transfer_engine_new(4, 0);
  struct named_task tasks[2];
  tasks_create(tasks, 2);
  transfer_engine_set_timer(engine, &tasks[1].task, 1000);
  for (size_t i = 1; i <= 3; i++) {
    transfer_engine_set_timer(engine, &tasks[0].task, 0.001);
    transfer_engine_step(engine, 0);
    step_until_called(engine, i);
  }
  CHECK(strcmp(called, "aaa") == 0 && !tasks[0].task.timer.is_set,
        "one that was called can be set again (was %s)", called);
  CHECK(tasks[1].task.timer.is_set, "one whose time has not come stays set");
  transfer_engine_clear_timer(engine, &tasks[1].task);
  transfer_engine_delete(engine);
}

static void tells_of_descriptors(void) {
  struct transfer_engine *engine = transfer_engine_new(4, 0);
  struct named_task tasks[3];
  int pipes[3][2];
  tasks_create(tasks, 3);
  for (int i = 0; i < 3; i++)
    CHECK(pipe(pipes[i]) == 0 && transfer_engine_watch(engine, &tasks[i].task, pipes[i][0]), "it watches");
  CHECK(!transfer_engine_step(engine, 0) && strcmp(called, "") == 0, "nothing can be read");
  CHECK(write(pipes[1][1], "", 1) == 1 && transfer_engine_step(engine, INFINITY), "one that can ends a wait");
  CHECK(strcmp(called, "b") == 0 && !tasks[1].task.watches, "its task is told (was %s)", called);
  CHECK(!transfer_engine_step(engine, 0) && strcmp(called, "b") == 0, "once (was %s)", called);
  transfer_engine_unwatch(engine, &tasks[0].task);
  CHECK(write(pipes[0][1], "", 1) == 1 && !transfer_engine_step(engine, 0), "one is not watched any more");
  close(pipes[2][1]);
  CHECK(transfer_engine_step(engine, INFINITY) && strcmp(called, "bc") == 0, "a hang-up is told (was %s)",
        called);
  transfer_engine_unwatch(engine, &tasks[2].task);
  transfer_engine_delete(engine);
}

int main(void) {
  tells_of_descriptors();
  tells_the_soonest_first();
  tells_equals_in_turn();
  does_not_tell_those_called_before();
  is_set_again_and_again();
  return unit_end();
}
