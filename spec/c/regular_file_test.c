/* SPDX-License-Identifier: MIT */
/* Files as they were when they were opened: what may be opened, who holds them, and what has changed since.
 */
#include "base/regular_file.h"

#include "guard_page.h"
#include "unit.h"
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[] = "/tmp/regular_file_test.XXXXXX";

static const char *path_of(const char *name) {
  static char path[64];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static void write_file(const char *name, const char *text) {
  FILE *file = fopen(path_of(name), "wb");
  if (!file || fputs(text, file) < 0 || fclose(file) != 0) abort();
}

static bool is_open(int descriptor) {
  return fcntl(descriptor, F_GETFD) >= 0;
}

static int lowest_free(void) {
  int descriptor = dup(0);
  close(descriptor);
  return descriptor;
}

static void reads_at_any_place(void) {
  static const struct {
    int64_t offset;
    size_t size;
    const char *expected;
  } rows[] = {{0, 10, "0123456789"}, {0, 1, "0"},    {3, 4, "3456"},
              {9, 1, "9"},           {8, 100, "89"}, {0, 11, "0123456789"}};
  struct failure failure = {0};
  struct regular_file file;
  write_file("digits", "0123456789");
  CHECK(regular_file_open(&file, path_of("digits"), &failure) && file.size == 10, "a file has its size");
  CHECK(fcntl(file.descriptor, F_GETFD) & FD_CLOEXEC, "no other program is given it");
  EACH(row, rows) {
    char blank[100] = {0};
    char *bytes = (char *)(void *)guard_page_copy(blank, row->size); /* not one byte more may be written */
    size_t count = regular_file_read(&file, row->offset, bytes, row->size, &failure);
    CHECK(count == strlen(row->expected) && memcmp(bytes, row->expected, count) == 0,
          "%zu bytes at %d are '%s'", row->size, (int)row->offset, row->expected);
  }
  CHECK(failure.kind == FAILURE_NONE, "all is well so far");
  CHECK(regular_file_read(&file, 10, folder, 1, &failure) == 0 && failure.kind == FAILURE_FILE &&
            strstr(failure.message, "/digits has shrunk: it ends before byte 10"),
        "there is nothing at the end");
  regular_file_close(&file);
  CHECK(file.descriptor == -1, "a closed file has no descriptor");
  regular_file_close(&file);
  failure.kind = FAILURE_NONE;
  CHECK(regular_file_read(&file, 0, folder, 1, &failure) == 0 && failure.kind == FAILURE_FILE &&
            strstr(failure.message, "cannot read the file: "),
        "nothing is read from a closed file");
}

static void refuses(const char *path, const char *expected) {
  struct failure failure = {0};
  struct regular_file file;
  int before = lowest_free();
  CHECK(!regular_file_open(&file, path, &failure) && failure.kind == FAILURE_FILE, "%s is not opened", path);
  CHECK(strstr(failure.message, expected), "'%s' says '%s'", failure.message, expected);
  CHECK(file.descriptor == -1 && lowest_free() == before, "%s leaves no descriptor", path);
  regular_file_close(&file);
}

static void opens_regular_files_only(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path_of("socket"));
  bind(listener, (struct sockaddr *)&address, sizeof address);
  mkfifo(path_of("pipe"), 0600);
  refuses(folder, " is a directory, not a regular file");
  refuses("/dev/null", "/dev/null is a device, not a regular file");
  refuses(path_of("pipe"), " is a pipe, not a regular file"); /* and nobody waits for who writes to it */
  refuses(path_of("socket"), "cannot open ");
  refuses(path_of("missing"), ": No such file or directory");
  close(listener);
  unlink(path_of("socket"));
  unlink(path_of("pipe"));
}

static void borrows(void) {
  struct failure failure = {0};
  struct regular_file file;
  char byte = 0;
  int ends[2], before;
  int own = open(path_of("digits"), O_RDONLY);
  CHECK(regular_file_borrow(&file, own, &failure) && file.size == 10, "a descriptor can be borrowed");
  CHECK(file.descriptor != own && fcntl(file.descriptor, F_GETFD) & FD_CLOEXEC, "and gets a second one");
  close(own);
  CHECK(regular_file_read(&file, 4, &byte, 1, &failure) == 1 && byte == '4', "that outlives the first");
  regular_file_close(&file);
  before = lowest_free();
  CHECK(!regular_file_borrow(&file, own, &failure) && file.descriptor == -1, "a closed one cannot");
  if (pipe(ends) != 0) abort();
  failure.kind = FAILURE_NONE;
  CHECK(!regular_file_borrow(&file, ends[0], &failure) && file.descriptor == -1 && is_open(ends[0]) &&
            strcmp(failure.message, "the file is a pipe, not a regular file") == 0,
        "nor can a pipe, which stays open");
  close(ends[0]);
  close(ends[1]);
  CHECK(lowest_free() == before, "neither leaves a descriptor");
}

static void shares(void) {
  struct failure failure = {0};
  struct regular_file file, other;
  char byte = 0;
  regular_file_open(&file, path_of("digits"), &failure);
  write_file("digits", "0123456789ab");
  CHECK(regular_file_share(&other, &file, &failure), "a file can be shared");
  CHECK(other.size == 10 && other.descriptor != file.descriptor, "as it was when it was opened");
  regular_file_close(&file);
  CHECK(regular_file_read(&other, 11, &byte, 1, &failure) == 1 && byte == 'b',
        "it outlives the first holder");
  CHECK(!regular_file_is_unchanged(&other, &failure), "and knows what has changed since");
  regular_file_close(&other);
  failure.kind = FAILURE_NONE;
  CHECK(!regular_file_share(&other, &file, &failure) && failure.kind == FAILURE_FILE && other.descriptor < 0,
        "a closed one cannot be shared");
}

static void touch(const char *name, time_t seconds, long nanoseconds) {
  const struct timespec times[2] = {{seconds, nanoseconds}, {seconds, nanoseconds}};
  utimensat(AT_FDCWD, path_of(name), times, 0);
}

static void knows_changes(void) {
  struct failure failure = {0};
  struct regular_file file;
  write_file("changing", "0123456789");
  touch("changing", 1000, 5);
  regular_file_open(&file, path_of("changing"), &failure);
  CHECK(file.modified.tv_sec == 1000 && file.modified.tv_nsec == 5, "a file has its time");
  CHECK(regular_file_is_unchanged(&file, &failure), "a file is as it was");
  touch("changing", 1000, 6);
  CHECK(!regular_file_is_unchanged(&file, &failure) && strstr(failure.message, "it was written to"),
        "a nanosecond later it is not");
  touch("changing", 1001, 5);
  CHECK(!regular_file_is_unchanged(&file, &failure), "nor a second");
  touch("changing", 1000, 5);
  CHECK(regular_file_is_unchanged(&file, &failure), "only what is there counts");
  write_file("changing", "0123456789a");
  touch("changing", 1000, 5);
  CHECK(!regular_file_is_unchanged(&file, &failure) && strstr(failure.message, "it had 10 bytes, and has 11"),
        "a byte more is a change, whatever the time");
  unlink(path_of("changing"));
  regular_file_close(&file);
  CHECK(!regular_file_is_unchanged(&file, &failure) && failure.kind == FAILURE_FILE, "a closed one is not");
}

int main(void) {
  if (!mkdtemp(folder)) return 1;
  reads_at_any_place();
  opens_regular_files_only();
  borrows();
  shares();
  knows_changes();
  unlink(path_of("digits"));
  rmdir(folder);
  return unit_end();
}
