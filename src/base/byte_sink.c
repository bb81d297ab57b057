/* SPDX-License-Identifier: MIT */
#include "base/byte_sink.h"

#include "base/process_id.h"
#include "base/sigpipe_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_TEMPORARY_NAMES = 100, CANNOT_REWRITE = -1 };

/* --- opening a file --- */

/* Fills `start`: a pipe, and a file that is appended to, keep what was written. */
static void find_start(struct byte_sink_file *file) {
  struct stat status;
  int flags = fcntl(file->descriptor, F_GETFL);
  bool can_seek =
      fstat(file->descriptor, &status) == 0 && S_ISREG(status.st_mode) && flags >= 0 && !(flags & O_APPEND);
  file->start = can_seek ? lseek(file->descriptor, 0, SEEK_CUR) : CANNOT_REWRITE;
}

bool byte_sink_to_descriptor(struct byte_sink *sink, int descriptor, int64_t max_bytes,
                             struct failure *failure) {
  *sink = (struct byte_sink){.kind = SINK_FILE, .max_bytes = max_bytes};
  sink->file.descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  sink->file.is_stdout = descriptor == STDOUT_FILENO;
  if (sink->file.descriptor < 0) return failure_set_errno(failure, errno, "cannot write to the file");
  find_start(&sink->file);
  return true;
}

/* Whether the path names a pipe or a device, which another file must not replace. */
static bool open_special(struct byte_sink_file *file, const char *path, mode_t mode) {
  if (S_ISREG(mode) || S_ISDIR(mode)) return false;
  file->descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  file->start = CANNOT_REWRITE;
  return true;
}

/* Opens a file beside `path` that did not exist. `mode`: of the older file; 0: there is none. */
static bool open_temporary(struct byte_sink_file *file, mode_t mode) {
  size_t size = strlen(file->path) + 40; /* two numbers, and ".part" */
  file->temporary = malloc(size);
  if (!file->temporary) return false;
  for (int i = 0; i < MAX_TEMPORARY_NAMES; i++) {
    snprintf(file->temporary, size, "%s.%ld-%d.part", file->path, (long)process_id_get(), i);
    file->descriptor = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file->descriptor >= 0 || errno != EEXIST) break;
  }
  if (file->descriptor >= 0 && mode) fchmod(file->descriptor, mode & 07777);
  return true;
}

/* An older file that may not be written to is not replaced, although its folder would allow that. False when
 * memory ran out; no descriptor: errno has the reason. */
static bool open_file(struct byte_sink_file *file, const char *path) {
  struct stat status = {0};
  char target[PATH_MAX];
  bool exists = stat(path, &status) == 0;
  if (exists && open_special(file, path, status.st_mode)) return true;
  if (exists && S_ISDIR(status.st_mode)) errno = EISDIR;
  if (exists && (S_ISDIR(status.st_mode) || access(path, W_OK) != 0)) return true;
  if (exists && !realpath(path, target)) return true; /* of a link, what it leads to is replaced */
  file->path = strdup(exists ? target : path);
  return file->path && open_temporary(file, exists ? status.st_mode : 0);
}

bool byte_sink_to_path(struct byte_sink *sink, const char *path, int64_t max_bytes, struct failure *failure) {
  bool has_memory;
  *sink = (struct byte_sink){.kind = SINK_FILE, .max_bytes = max_bytes, .file = {.descriptor = -1}};
  has_memory = open_file(&sink->file, path);
  if (has_memory && sink->file.descriptor >= 0) return true;
  if (has_memory)
    failure_set_errno(failure, errno, "cannot write to %s", path);
  else
    failure_set_out_of_memory(failure);
  byte_sink_abandon(sink);
  return false;
}

void byte_sink_to_reader(struct byte_sink *sink, int64_t max_bytes) {
  *sink = (struct byte_sink){.kind = SINK_READER, .max_bytes = max_bytes, .file = {.descriptor = -1}};
}

/* --- writing to it --- */

/* Waits for as long as it takes: the bytes cannot go anywhere else. */
static void wait_for_room(int descriptor) {
  struct pollfd wanted = {.fd = descriptor, .events = POLLOUT};
  poll(&wanted, 1, -1);
}

/* Returns errno, 0 when all was written. */
static int write_all(int descriptor, const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = write(descriptor, bytes, count);
    if (written >= 0) {
      bytes += written;
      count -= (size_t)written;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      wait_for_room(descriptor);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

static const char *name_of(const struct byte_sink_file *file) {
  return file->path ? file->path : file->is_stdout ? "standard output" : "the file";
}

static bool fail_to_write(struct byte_sink *sink, int error) {
  return failure_set_errno(&sink->problem, error, "cannot write to %s", name_of(&sink->file));
}

/* Writes what is gathered. Only a pipe can raise SIGPIPE. */
static bool flush(struct byte_sink *sink) {
  struct sigpipe_guard guard;
  int error;
  if (sink->length == 0) return true;
  sigpipe_guard_enter(&guard, sink->file.start < 0);
  error = write_all(sink->file.descriptor, sink->gathered, sink->length);
  sigpipe_guard_leave(&guard);
  sink->has_given = true;
  sink->length = 0;
  return error == 0 || fail_to_write(sink, error);
}

/* --- every kind --- */

static bool check_limit(struct byte_sink *sink, size_t count) {
  if (sink->max_bytes == BYTE_SINK_UNLIMITED || (int64_t)count <= sink->max_bytes - sink->taken) return true;
  return failure_set(&sink->problem, FAILURE_TOO_LARGE, "the content is larger than max_bytes (%" PRId64 ")",
                     sink->max_bytes);
}

static bool has_buffer(struct byte_sink *sink) {
  if (!sink->gathered) sink->gathered = malloc(BYTE_SINK_BUFFER_BYTES);
  return sink->gathered || failure_set_out_of_memory(&sink->problem);
}

enum byte_sink_answer byte_sink_take(struct byte_sink *sink, const char *bytes, size_t count) {
  if (byte_sink_problem(sink) || !check_limit(sink, count) || !has_buffer(sink)) return BYTE_SINK_BROKEN;
  if (count > BYTE_SINK_BUFFER_BYTES - sink->length) {
    if (sink->kind == SINK_READER) return BYTE_SINK_FULL;
    if (!flush(sink)) return BYTE_SINK_BROKEN;
  }
  memcpy(sink->gathered + sink->length, bytes, count);
  sink->length += count;
  sink->taken += (int64_t)count;
  return BYTE_SINK_TAKEN;
}

int64_t byte_sink_taken(const struct byte_sink *sink) {
  return sink->taken;
}

const struct failure *byte_sink_problem(const struct byte_sink *sink) {
  return sink->problem.kind == FAILURE_NONE ? NULL : &sink->problem;
}

bool byte_sink_has_unread(const struct byte_sink *sink) {
  return sink->kind == SINK_READER && sink->length > 0;
}

void byte_sink_note_read(struct byte_sink *sink) {
  sink->length = 0;
  sink->has_given = true;
}

bool byte_sink_can_restart(const struct byte_sink *sink) {
  return !sink->has_given || (sink->kind == SINK_FILE && sink->file.start >= 0);
}

/* A file of our own is emptied. In one that the program opened, more may follow that is not ours. */
static bool rewind_file(const struct byte_sink_file *file) {
  if (lseek(file->descriptor, file->start, SEEK_SET) < 0) return false;
  return !file->temporary || ftruncate(file->descriptor, 0) == 0;
}

bool byte_sink_restart(struct byte_sink *sink, struct failure *failure) {
  if (sink->has_given && !rewind_file(&sink->file)) {
    fail_to_write(sink, errno);
    *failure = sink->problem;
    return false;
  }
  sink->has_given = false;
  sink->length = 0;
  sink->taken = 0;
  sink->problem = (struct failure){0};
  return true;
}

/* Some file systems tell only now that there was no room. */
static bool close_file(struct byte_sink *sink) {
  int descriptor = sink->file.descriptor;
  sink->file.descriptor = -1;
  return close(descriptor) == 0 || fail_to_write(sink, errno);
}

static bool name_file(struct byte_sink *sink) {
  struct byte_sink_file *file = &sink->file;
  if (!file->temporary) return true;
  if (rename(file->temporary, file->path) != 0) return fail_to_write(sink, errno);
  free(file->temporary);
  file->temporary = NULL;
  return true;
}

bool byte_sink_finish(struct byte_sink *sink, struct failure *failure) {
  if (sink->kind == SINK_READER) return true;
  if (flush(sink) && close_file(sink) && name_file(sink)) return true;
  *failure = sink->problem;
  return false;
}

void byte_sink_abandon(struct byte_sink *sink) {
  struct byte_sink_file *file = &sink->file;
  if (sink->kind == SINK_NONE) return;
  if (file->descriptor >= 0) close(file->descriptor);
  file->descriptor = -1;
  free(file->path);
  free(file->temporary);
  free(sink->gathered);
  file->path = file->temporary = sink->gathered = NULL;
  sink->length = 0;
}

void byte_sink_release(struct byte_sink *sink) {
  if (sink->kind == SINK_FILE && sink->file.temporary) unlink(sink->file.temporary);
  byte_sink_abandon(sink);
}
