/* SPDX-License-Identifier: MIT */
/* Pipes that are read as far as there is something, and no further. */
#include "base/pipe_reader.h"

#include "unit.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void reads_what_is_there(void) {
  struct failure failure = {0};
  char bytes[8] = {0}, line[16];
  size_t count = 0;
  int ends[2];
  FILE *file;
  if (pipe(ends) != 0 || !(file = fdopen(ends[0], "r"))) abort();
  CHECK(pipe_reader_takes(file), "a pipe is read");
  CHECK(pipe_reader_read(file, bytes, 8, &count, &failure) == PIPE_READER_EMPTY, "nothing is there yet");
  if (write(ends[1], "line\nabcdef", 11) != 11 || !fgets(line, sizeof line, file)) abort();
  CHECK(pipe_reader_has_read_ahead(file), "to read a line reads ahead");
  CHECK(pipe_reader_read(file, bytes, 4, &count, &failure) == PIPE_READER_READ && count == 4 &&
            memcmp(bytes, "abcd", 4) == 0,
        "what was read ahead comes first");
  if (write(ends[1], "gh", 2) != 2) abort();
  CHECK(pipe_reader_read(file, bytes, 8, &count, &failure) == PIPE_READER_READ && count == 2 &&
            memcmp(bytes, "ef", 2) == 0 && !pipe_reader_has_read_ahead(file),
        "then its rest");
  CHECK(pipe_reader_read(file, bytes, 8, &count, &failure) == PIPE_READER_READ && count == 2 &&
            memcmp(bytes, "gh", 2) == 0,
        "then what came since");
  close(ends[1]);
  CHECK(pipe_reader_read(file, bytes, 8, &count, &failure) == PIPE_READER_END, "the writer's end is the end");
  fclose(file);
}

static void leaves_other_files(void) {
  FILE *null = fopen("/dev/null", "r"), *regular = tmpfile();
  if (!null || !regular) abort();
  CHECK(!pipe_reader_takes(null), "a device always has something");
  CHECK(!pipe_reader_takes(regular), "a regular file has its own ways");
  fclose(null);
  fclose(regular);
}

static void tells_why_it_broke(void) {
  struct failure failure = {0};
  char bytes[8];
  size_t count;
  int ends[2];
  FILE *file;
  if (pipe(ends) != 0 || !(file = fdopen(ends[0], "r"))) abort();
  close(ends[0]);
  CHECK(pipe_reader_read(file, bytes, 8, &count, &failure) == PIPE_READER_BROKEN &&
            failure.kind == FAILURE_FILE &&
            strcmp(failure.message, "the data cannot be read: Bad file descriptor") == 0,
        "it says '%s'", failure.message);
  close(ends[1]);
  fclose(file);
}

int main(void) {
  reads_what_is_there();
  leaves_other_files();
  tells_why_it_broke();
  return unit_end();
}
