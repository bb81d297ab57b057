/* SPDX-License-Identifier: MIT */
#include "base/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_TRIES = 8 }; /* when other programs create and remove the file */

static bool fail_for(struct failure *failure, const char *what, int error) {
  return failure_set_errno(failure, error, "cannot be %s", what);
}

static bool fail_for_type(struct failure *failure, mode_t mode) {
  const char *what = S_ISFIFO(mode) ? "a pipe" : S_ISDIR(mode) ? "a directory" : "a device";
  return failure_set(failure, FAILURE_FILE, "is %s, not a regular file", what);
}

static struct flock whole_file(void) {
  return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

/* A second lock, which can tell who has it: flock cannot. It is lost when the process closes the file through
 * another descriptor, so it excludes nobody. */
static void leave_name(int descriptor) {
  struct flock lock = whole_file();
  fcntl(descriptor, F_SETLK, &lock);
}

/* The process that has the file; 0: it is this one, or not known, as where it is on another machine. */
static pid_t find_name(int descriptor) {
  struct flock lock = whole_file();
  return fcntl(descriptor, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? lock.l_pid : 0;
}

static bool fail_for_user(struct failure *failure, int descriptor) {
  pid_t process = find_name(descriptor);
  if (process <= 0)
    return failure_set(failure, FAILURE_FILE,
                       "is in use already: wait until that has ended, or name another file");
  return failure_set(failure, FAILURE_FILE,
                     "is in use by process %ld: wait until that has ended, or name another file",
                     (long)process);
}

/* Where a file system knows no locks, there is none. */
static bool lock(int descriptor, struct failure *failure) {
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    return fail_for_user(failure, descriptor);
  leave_name(descriptor);
  return true;
}

/* The previous owner of the lock may have removed or renamed the file. */
static bool is_still_there(const struct stat *status, const char *path) {
  struct stat now;
  return stat(path, &now) == 0 && now.st_dev == status->st_dev && now.st_ino == status->st_ino;
}

/* Returns false without a failure when the caller must try again. */
static bool try_open(struct journal_file *journal, const char *path, struct failure *failure) {
  const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  struct stat status;
  int descriptor = open(path, flags, 0666);
  if (descriptor < 0) return fail_for(failure, "opened", errno);
  journal->file.descriptor = descriptor;
  if (fstat(descriptor, &status) != 0) return fail_for(failure, "opened", errno);
  if (!S_ISREG(status.st_mode)) return fail_for_type(failure, status.st_mode);
  if (!lock(descriptor, failure) || !is_still_there(&status, path) || fstat(descriptor, &status) != 0)
    return false;
  journal->length = journal->file.size = status.st_size;
  return true;
}

bool journal_file_open(struct journal_file *journal, const char *path, struct failure *failure) {
  *failure = (struct failure){0};
  for (int i = 0; i < MAX_TRIES && failure->kind == FAILURE_NONE; i++) {
    *journal = (struct journal_file){.file.descriptor = -1};
    if (try_open(journal, path, failure)) return true;
    journal_file_close(journal);
  }
  if (failure->kind != FAILURE_NONE) return false;
  return failure_set(failure, FAILURE_FILE,
                     "is created and removed by other programs again and again: name another file");
}

bool journal_file_append(struct journal_file *journal, const char *bytes, size_t length,
                         struct failure *failure) {
  size_t done = 0;
  while (done < length) {
    ssize_t count = pwrite(journal->file.descriptor, bytes + done, length - done,
                           (off_t)(journal->length + (int64_t)done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      int error = count < 0 ? errno : ENOSPC;
      if (ftruncate(journal->file.descriptor, (off_t)journal->length) != 0) error = errno;
      return fail_for(failure, "written", error);
    }
    done += (size_t)count;
  }
  journal->length += (int64_t)length;
  return true;
}

bool journal_file_truncate(struct journal_file *journal, int64_t length, struct failure *failure) {
  if (ftruncate(journal->file.descriptor, (off_t)length) != 0) return fail_for(failure, "written", errno);
  journal->length = length;
  return true;
}

void journal_file_close(struct journal_file *journal) {
  regular_file_close(&journal->file);
}
