/* SPDX-License-Identifier: MIT */
#include "base/pipe_reader.h"

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined __linux__ && !defined __GLIBC__ && !defined __ANDROID__
#define IS_MUSL
#include <stdio_ext.h>
#endif

/* The bytes that a FILE has read ahead. Standard C has no function for their number. */
#if defined __GLIBC__
enum { KNOWS_READ_AHEAD = true };
static size_t read_ahead(FILE *file) {
  return (size_t)(file->_IO_read_end - file->_IO_read_ptr);
}
#elif defined IS_MUSL
enum { KNOWS_READ_AHEAD = true };
static size_t read_ahead(FILE *file) {
  return __freadahead(file);
}
#elif defined __APPLE__ || defined __FreeBSD__
enum { KNOWS_READ_AHEAD = true };
static size_t read_ahead(FILE *file) {
  return file->_r > 0 ? (size_t)file->_r : 0;
}
#else
enum { KNOWS_READ_AHEAD = false };
static size_t read_ahead(FILE *file) {
  (void)file;
  return 0;
}
#endif

/* Other devices, such as /dev/zero, always have bytes, and epoll does not watch them. */
bool pipe_reader_takes(FILE *file) {
  struct stat status;
  if (!KNOWS_READ_AHEAD || fstat(fileno(file), &status) != 0) return false;
  return S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || isatty(fileno(file));
}

bool pipe_reader_has_read_ahead(FILE *file) {
  return read_ahead(file) > 0;
}

/* The writer's end counts as readable. */
static bool is_readable(int descriptor) {
  struct pollfd entry = {.fd = descriptor, .events = POLLIN};
  return poll(&entry, 1, 0) > 0;
}

enum pipe_reader_answer pipe_reader_read(FILE *file, char *bytes, size_t size, size_t *count,
                                         struct failure *failure) {
  size_t ahead = read_ahead(file);
  ssize_t got;
  if (ahead > 0) {
    *count = fread(bytes, 1, ahead < size ? ahead : size, file);
    return PIPE_READER_READ;
  }
  if (!is_readable(fileno(file))) return PIPE_READER_EMPTY;
  got = read(fileno(file), bytes, size);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return PIPE_READER_EMPTY;
  if (got < 0) {
    failure_set_errno(failure, errno, "the data cannot be read");
    return PIPE_READER_BROKEN;
  }
  *count = (size_t)got;
  return got > 0 ? PIPE_READER_READ : PIPE_READER_END;
}
