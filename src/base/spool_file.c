/* SPDX-License-Identifier: MIT */
#include "base/spool_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool fail_for(struct failure *failure, const char *what, int error) {
  char text[FAILURE_ERRNO_TEXT_SIZE];
  return failure_set(failure, FAILURE_FILE,
                     "the temporary file cannot be %s: %s; TMPDIR names the folder for it", what,
                     failure_errno_text(error, text));
}

static const char *folder(void) {
  const char *named = getenv("TMPDIR");
  return named && *named ? named : "/tmp";
}

/* For systems and file systems that cannot create a file without a name. */
static int open_and_unlink(void) {
  char path[PATH_MAX];
  int descriptor;
  if (snprintf(path, sizeof path, "%s/lua-spool.XXXXXX", folder()) >= (int)sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  descriptor = mkstemp(path);
  if (descriptor < 0) return -1;
  unlink(path);
  fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  return descriptor;
}

static int open_unnamed(void) {
#ifdef O_TMPFILE
  int descriptor = open(folder(), O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor >= 0) return descriptor;
#endif
  return open_and_unlink();
}

bool spool_file_create(struct regular_file *file, struct failure *failure) {
  *file = (struct regular_file){.descriptor = open_unnamed(), .is_private = true};
  return file->descriptor >= 0 || fail_for(failure, "created", errno);
}

bool spool_file_append(struct regular_file *file, const char *bytes, size_t length, struct failure *failure) {
  size_t done = 0;
  while (done < length) {
    ssize_t count =
        pwrite(file->descriptor, bytes + done, length - done, (off_t)(file->size + (int64_t)done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return fail_for(failure, "written", count < 0 ? errno : ENOSPC);
    done += (size_t)count;
  }
  file->size += (int64_t)length;
  return true;
}
