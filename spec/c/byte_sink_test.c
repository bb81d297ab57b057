/* SPDX-License-Identifier: MIT */
/* Bytes into files and to readers: in order, whole or not at all, and from the beginning again. */
#include "base/byte_sink.h"

#include "unit.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/byte_sink_test.XXXXXX";
static char path[sizeof folder + 8];

/* The file's text, "" where there is none. */
static const char *stored(void) {
  static char text[64];
  int descriptor = open(path, O_RDONLY);
  ssize_t count = descriptor < 0 ? 0 : read(descriptor, text, sizeof text - 1);
  if (descriptor >= 0) close(descriptor);
  text[count > 0 ? count : 0] = '\0';
  return text;
}

static int count_files(void) {
  char command[128];
  FILE *pipe;
  int count = -1;
  snprintf(command, sizeof command, "ls -A %s | wc -l", folder);
  pipe = popen(command, "r");
  if (!pipe || fscanf(pipe, "%d", &count) != 1) count = -1;
  if (pipe) pclose(pipe);
  return count;
}

static enum byte_sink_answer take(struct byte_sink *sink, const char *text) {
  return byte_sink_take(sink, text, strlen(text));
}

static void gives_a_file_its_name_when_it_is_whole(void) {
  struct failure failure = {0};
  struct byte_sink sink;
  CHECK(byte_sink_to_path(&sink, path, BYTE_SINK_UNLIMITED, &failure), "a path is opened: %s",
        failure.message);
  CHECK(take(&sink, "hel") == BYTE_SINK_TAKEN && take(&sink, "lo") == BYTE_SINK_TAKEN, "bytes are taken");
  CHECK(access(path, F_OK) != 0 && count_files() == 1, "until then it has another name");
  CHECK(byte_sink_finish(&sink, &failure), "it is finished: %s", failure.message);
  CHECK(strcmp(stored(), "hello") == 0 && count_files() == 1, "then it is there: %s", stored());
  CHECK(byte_sink_taken(&sink) == 5, "it counts the bytes");
  byte_sink_release(&sink);
  byte_sink_release(&sink);
  CHECK(strcmp(stored(), "hello") == 0, "and it stays");
}

static void leaves_nothing_when_it_is_released_before(void) {
  struct failure failure = {0};
  struct byte_sink sink;
  byte_sink_to_path(&sink, path, BYTE_SINK_UNLIMITED, &failure);
  take(&sink, "half");
  byte_sink_release(&sink);
  CHECK(strcmp(stored(), "hello") == 0 && count_files() == 1, "the older file stays alone");
  byte_sink_to_path(&sink, path, BYTE_SINK_UNLIMITED, &failure);
  byte_sink_abandon(&sink);
  CHECK(count_files() == 2, "a forked process leaves the other's file");
}

static void begins_again(void) {
  struct failure failure = {0};
  struct byte_sink sink;
  char many[BYTE_SINK_BUFFER_BYTES];
  memset(many, 'x', sizeof many);
  byte_sink_to_path(&sink, path, BYTE_SINK_UNLIMITED, &failure);
  CHECK(byte_sink_take(&sink, many, sizeof many) == BYTE_SINK_TAKEN, "as many as it gathers are taken");
  CHECK(take(&sink, "y") == BYTE_SINK_TAKEN && sink.has_given, "one more has them written");
  CHECK(byte_sink_can_restart(&sink) && byte_sink_restart(&sink, &failure), "a file can be written again");
  take(&sink, "short");
  CHECK(byte_sink_finish(&sink, &failure) && strcmp(stored(), "short") == 0, "nothing is left of before: %s",
        stored());
  byte_sink_release(&sink);
}

static void cannot_begin_again_in_a_pipe(void) {
  struct failure failure = {0};
  struct byte_sink sink;
  int ends[2];
  if (pipe(ends) != 0) return;
  CHECK(byte_sink_to_descriptor(&sink, ends[1], BYTE_SINK_UNLIMITED, &failure), "a pipe is a sink");
  take(&sink, "hello");
  CHECK(byte_sink_can_restart(&sink), "what is gathered can be forgotten");
  close(ends[0]);
  CHECK(!byte_sink_finish(&sink, &failure), "a pipe without a reader is a failure, and no signal");
  CHECK(strcmp(failure.message, "cannot write to the file: Broken pipe") == 0, "it says so: %s",
        failure.message);
  CHECK(!byte_sink_can_restart(&sink), "what was written cannot");
  byte_sink_release(&sink);
  close(ends[1]);
}

static void has_a_limit(void) {
  struct failure failure = {0};
  struct byte_sink sink;
  byte_sink_to_path(&sink, path, 5, &failure);
  CHECK(take(&sink, "hello") == BYTE_SINK_TAKEN, "as many as the limit are taken");
  CHECK(take(&sink, "!") == BYTE_SINK_BROKEN && byte_sink_problem(&sink)->kind == FAILURE_TOO_LARGE,
        "one more is too large");
  CHECK(take(&sink, "") == BYTE_SINK_BROKEN, "it stays broken");
  byte_sink_release(&sink);
}

static void keeps_bytes_for_a_reader(void) {
  struct failure failure = {0};
  struct byte_sink sink;
  char many[BYTE_SINK_BUFFER_BYTES];
  memset(many, 'x', sizeof many);
  byte_sink_to_reader(&sink, BYTE_SINK_UNLIMITED);
  CHECK(!byte_sink_has_unread(&sink), "at first there is nothing to read");
  CHECK(take(&sink, "hello") == BYTE_SINK_TAKEN && byte_sink_has_unread(&sink), "then there is");
  CHECK(sink.length == 5 && memcmp(sink.gathered, "hello", 5) == 0, "the bytes that came");
  CHECK(byte_sink_take(&sink, many, sizeof many) == BYTE_SINK_FULL, "what has no room is refused");
  CHECK(byte_sink_taken(&sink) == 5, "and not counted");
  CHECK(byte_sink_can_restart(&sink), "what nobody has read can be forgotten");
  byte_sink_note_read(&sink);
  CHECK(byte_sink_take(&sink, many, sizeof many) == BYTE_SINK_TAKEN, "once read, there is room");
  CHECK(!byte_sink_can_restart(&sink), "what was read cannot be taken back");
  CHECK(byte_sink_finish(&sink, &failure), "a reader has nothing to finish");
  byte_sink_release(&sink);
}

static void refuses_what_cannot_be_written(void) {
  static const struct row {
    const char *path, *says;
  } rows[] = {
      {"/", "cannot write to /: Is a directory"},
      {"/none/a", "cannot write to /none/a: No such file or directory"},
  };
  EACH(row, rows) {
    struct failure failure = {0};
    struct byte_sink sink;
    CHECK(!byte_sink_to_path(&sink, row->path, 1, &failure), "%s is refused", row->path);
    CHECK(strcmp(failure.message, row->says) == 0, "it says why: %s", failure.message);
    byte_sink_release(&sink);
  }
}

int main(void) {
  char command[64];
  if (!mkdtemp(folder)) return 1;
  snprintf(path, sizeof path, "%s/file", folder);
  gives_a_file_its_name_when_it_is_whole();
  leaves_nothing_when_it_is_released_before();
  begins_again();
  cannot_begin_again_in_a_pipe();
  has_a_limit();
  keeps_bytes_for_a_reader();
  refuses_what_cannot_be_written();
  snprintf(command, sizeof command, "rm -r %s", folder);
  if (system(command) != 0) return 1;
  return unit_end();
}
