/* SPDX-License-Identifier: MIT */
/* Temporary files without a name: what is appended is read back, and nothing stays in the folder. */
#include "base/spool_file.h"

#include "unit.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char folder[] = "/tmp/spool_file_test.XXXXXX";

static int count_files(void) {
  DIR *directory = opendir(folder);
  int count = -2; /* the folder itself, and the one above */
  while (directory && readdir(directory)) count++;
  if (directory) closedir(directory);
  return count;
}

static void keeps_what_is_appended(void) {
  struct regular_file file, shared;
  struct failure failure = {0};
  char bytes[8] = {0};
  CHECK(spool_file_create(&file, &failure) && file.size == 0, "a new one is empty");
  CHECK(count_files() == 0, "it has no name");
  CHECK(fcntl(file.descriptor, F_GETFD) & FD_CLOEXEC, "no other program is given it");
  CHECK(spool_file_append(&file, "abc", 3, &failure) && spool_file_append(&file, "de", 2, &failure) &&
            spool_file_append(&file, "", 0, &failure) && file.size == 5,
        "it grows by what is appended");
  CHECK(regular_file_share(&shared, &file, &failure) && spool_file_append(&file, "f", 1, &failure),
        "it may grow while it is read");
  CHECK(regular_file_read(&shared, 1, bytes, 3, &failure) == 3 && strcmp(bytes, "bcd") == 0,
        "it is read as other files are");
  CHECK(regular_file_is_unchanged(&shared, &failure), "to grow is no change of the bytes that are there");
  regular_file_close(&shared);
  regular_file_close(&file);
}

static void tells_of_a_full_disk(void) {
  struct rlimit before, limit = {3, RLIM_INFINITY};
  struct regular_file file;
  struct failure failure = {0};
  getrlimit(RLIMIT_FSIZE, &before);
  limit.rlim_max = before.rlim_max;
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &limit);
  CHECK(spool_file_create(&file, &failure) && !spool_file_append(&file, "abcdef", 6, &failure) &&
            failure.kind == FAILURE_FILE &&
            strcmp(failure.message, "the temporary file cannot be written: File too large; TMPDIR names the "
                                    "folder for it") == 0,
        "it says '%s'", failure.message);
  CHECK(file.size == 0, "what was not whole does not count");
  setrlimit(RLIMIT_FSIZE, &before);
  regular_file_close(&file);
}

static void tells_of_a_missing_folder(void) {
  struct regular_file file;
  struct failure failure = {0};
  setenv("TMPDIR", "/nowhere/at/all", 1);
  CHECK(!spool_file_create(&file, &failure) && failure.kind == FAILURE_FILE && file.descriptor < 0 &&
            strstr(failure.message, "cannot be created: No such file or directory"),
        "it says '%s'", failure.message);
  setenv("TMPDIR", "", 1);
  CHECK(spool_file_create(&file, &failure), "an empty TMPDIR means /tmp");
  regular_file_close(&file);
}

int main(void) {
  if (!mkdtemp(folder)) abort();
  setenv("TMPDIR", folder, 1);
  keeps_what_is_appended();
  tells_of_a_full_disk();
  CHECK(count_files() == 0, "nothing is left");
  tells_of_a_missing_folder();
  rmdir(folder);
  return unit_end();
}
