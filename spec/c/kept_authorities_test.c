/* SPDX-License-Identifier: MIT */
/* What is kept of a file of authorities. Linked with --wrap=malloc, so that memory can run out. */
#include "http/kept_authorities.h"

#include "unit.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/kept_authorities_test.XXXXXX";
static bool memory_is_out;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size) {
  return memory_is_out ? NULL : __real_malloc(size);
}

static const char *path_of(const char *name) {
  static char path[64];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static const char *file_with(const char *name, const char *text, off_t length) {
  FILE *file = fopen(path_of(name), "wb");
  if (!file || fputs(text, file) < 0 || fclose(file) != 0) abort();
  if (truncate(path_of(name), length) != 0) abort();
  return path_of(name);
}

static void keeps_the_whole_file(void) {
  struct kept_authorities kept;
  CHECK(kept_authorities_read(&kept, file_with("whole", "certificates", 12)), "a file can be read");
  CHECK(kept.length == 12 && memcmp(kept.bytes, "certificates", 12) == 0, "and all of it is kept");
  kept_authorities_destroy(&kept);
  CHECK(kept.length == 0 && !kept.bytes, "until it is destroyed");
  kept_authorities_destroy(&kept);
}

static void keeps_nothing(const char *path, const char *what) {
  struct kept_authorities kept;
  CHECK(kept_authorities_read(&kept, path) && kept.length == 0, "nothing is kept of %s", what);
  kept_authorities_destroy(&kept);
}

static void tells_that_memory_ran_out(void) {
  struct kept_authorities kept;
  const char *path = file_with("whole", "certificates", 12);
  memory_is_out = true;
  CHECK(!kept_authorities_read(&kept, path) && kept.length == 0, "memory that ran out is told");
  memory_is_out = false;
  kept_authorities_destroy(&kept);
}

int main(void) {
  if (!mkdtemp(folder)) abort();
  keeps_the_whole_file();
  keeps_nothing(path_of("missing"), "a file that is not there");
  keeps_nothing(folder, "a folder");
  keeps_nothing("/dev/null", "a device");
  keeps_nothing(file_with("empty", "", 0), "an empty file");
  keeps_nothing(file_with("huge", "", (off_t)1 << 32), "a file of 4 GiB");
  tells_that_memory_ran_out();
  unlink(path_of("whole"));
  unlink(path_of("empty"));
  unlink(path_of("huge"));
  rmdir(folder);
  return unit_end();
}
