/* SPDX-License-Identifier: MIT */
#include "base/regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __APPLE__
#define st_mtim st_mtimespec
#endif

static bool fail_for(struct failure *failure, const char *what, const char *name, int error) {
  return failure_set_errno(failure, error, "cannot %s %s", what, name);
}

static const char *name_of(const struct regular_file *file) {
  return file->name ? file->name : "the file";
}

/* Closes the file when there is no memory for its name. */
static bool keep_name(struct regular_file *file, const char *name, struct failure *failure) {
  file->name = strdup(name);
  if (file->name) return true;
  regular_file_close(file);
  return failure_set_out_of_memory(failure);
}

static const char *name_of_type(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

/* Reads the file's properties, and closes the descriptor when it is not a regular file. */
static bool take_stock(struct regular_file *file, const char *name, struct failure *failure) {
  struct stat status;
  if (fstat(file->descriptor, &status) != 0) {
    fail_for(failure, "read", name, errno);
  } else if (!S_ISREG(status.st_mode)) {
    failure_set(failure, FAILURE_FILE, "%s is %s, not a regular file", name, name_of_type(status.st_mode));
  } else {
    file->size = status.st_size;
    file->modified = status.st_mtim;
    return true;
  }
  regular_file_close(file);
  return false;
}

bool regular_file_open(struct regular_file *file, const char *path, struct failure *failure) {
  *file = (struct regular_file){.descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  if (file->descriptor < 0) return fail_for(failure, "open", path, errno);
  return take_stock(file, path, failure) && keep_name(file, path, failure);
}

bool regular_file_borrow(struct regular_file *file, int descriptor, struct failure *failure) {
  *file = (struct regular_file){.descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)};
  if (file->descriptor < 0) return fail_for(failure, "read", "the file", errno);
  return take_stock(file, "the file", failure);
}

bool regular_file_share(struct regular_file *file, const struct regular_file *of, struct failure *failure) {
  *file = *of;
  file->name = NULL;
  file->descriptor = fcntl(of->descriptor, F_DUPFD_CLOEXEC, 0);
  if (file->descriptor < 0) return fail_for(failure, "read", name_of(of), errno);
  return !of->name || keep_name(file, of->name, failure);
}

size_t regular_file_read(const struct regular_file *file, int64_t offset, void *bytes, size_t size,
                         struct failure *failure) {
  ssize_t count;
  do count = pread(file->descriptor, bytes, size, offset);
  while (count < 0 && errno == EINTR);
  if (count > 0) return (size_t)count;
  if (count < 0)
    fail_for(failure, "read", name_of(file), errno);
  else
    failure_set(failure, FAILURE_FILE, "%s has shrunk: it ends before byte %" PRId64, name_of(file), offset);
  return 0;
}

bool regular_file_is_unchanged(const struct regular_file *file, struct failure *failure) {
  struct stat status;
  if (file->is_private) return true;
  if (fstat(file->descriptor, &status) != 0) return fail_for(failure, "read", name_of(file), errno);
  if (status.st_size != file->size)
    return failure_set(failure, FAILURE_FILE,
                       "%s has changed meanwhile: it had %" PRId64 " bytes, and has %" PRId64, name_of(file),
                       file->size, (int64_t)status.st_size);
  if (status.st_mtim.tv_sec != file->modified.tv_sec || status.st_mtim.tv_nsec != file->modified.tv_nsec)
    return failure_set(failure, FAILURE_FILE, "%s has changed meanwhile: it was written to", name_of(file));
  return true;
}

void regular_file_close(struct regular_file *file) {
  if (file->descriptor >= 0) close(file->descriptor);
  file->descriptor = -1;
  free(file->name);
  file->name = NULL;
}
