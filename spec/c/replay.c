/* SPDX-License-Identifier: MIT */
/* replay FILE...: runs a fuzzer's function on each file, without libFuzzer. A finding ends the program. */
#include "fuzz.h"
#include "unit.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { LARGEST_FILE = 1024 * 1024, LONGEST_RUN = 10 /* seconds for one file */ };

static const char *current;

/* Names the culprit, then lets the signal do its work. */
static void on_end(int number) {
  const char *words = number == SIGALRM ? ": does not end\n" : ": breaks\n";
  ssize_t written = write(STDOUT_FILENO, current, strlen(current));
  written += write(STDOUT_FILENO, words, strlen(words));
  (void)written;
  raise(number);
}

static bool replay(const char *path) {
  static uint8_t room[LARGEST_FILE];
  FILE *file = fopen(path, "rb");
  size_t size = file ? fread(room, 1, sizeof room, file) : 0;
  bool is_read = file && size < sizeof room;
  uint8_t *bytes =
      malloc(size ? size : 1); /* of the file's own size, so that reading past its end is noticed */
  if (file) fclose(file);
  if (is_read) {
    memcpy(bytes, room, size);
    LLVMFuzzerTestOneInput(bytes, size);
  }
  free(bytes);
  return is_read;
}

int main(int count, char **paths) {
  struct sigaction action = {.sa_handler = on_end, .sa_flags = (int)SA_RESETHAND};
  sigaction(SIGALRM, &action, NULL);
  sigaction(SIGABRT, &action, NULL);
  CHECK(count > 1, "there are files to replay");
  for (int i = 1; i < count; i++) {
    current = paths[i];
    alarm(LONGEST_RUN);
    CHECK(replay(current), "%s can be read", current);
  }
  return unit_end();
}
