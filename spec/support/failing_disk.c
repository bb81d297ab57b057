/* SPDX-License-Identifier: MIT */
/* To be preloaded: every other read or write at a place is interrupted, none has more than 10000 bytes, from
 * byte FAILING_DISK_AT of a file on the disk is broken, and from byte FULL_DISK_AT on it is full. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/types.h>

enum { MOST = 10000 };

/* How many of so many bytes a call may have at that place; -1 and errno where it fails. `limit` names the
 * variable that says from where on it fails with `error`. */
static ssize_t allowed(const char *limit, int error, bool *interrupted, size_t size, off64_t offset) {
  const char *at = getenv(limit);
  long long left = at ? atoll(at) - offset : MOST;
  *interrupted = !*interrupted;
  if (*interrupted || left <= 0) {
    errno = *interrupted ? EINTR : error;
    return -1;
  }
  if (left > MOST) left = MOST;
  return size < (size_t)left ? (ssize_t)size : (ssize_t)left;
}

static ssize_t read_or_fail(int descriptor, void *bytes, size_t size, off64_t offset) {
  typedef ssize_t reader(int, void *, size_t, off64_t);
  static bool interrupted;
  ssize_t most = allowed("FAILING_DISK_AT", EIO, &interrupted, size, offset);
  if (most < 0) return -1;
  return ((reader *)dlsym(RTLD_NEXT, "pread64"))(descriptor, bytes, (size_t)most, offset);
}

static ssize_t write_or_fail(int descriptor, const void *bytes, size_t size, off64_t offset) {
  typedef ssize_t writer(int, const void *, size_t, off64_t);
  static bool interrupted;
  ssize_t most = allowed("FULL_DISK_AT", ENOSPC, &interrupted, size, offset);
  if (most < 0) return -1;
  return ((writer *)dlsym(RTLD_NEXT, "pwrite64"))(descriptor, bytes, (size_t)most, offset);
}

ssize_t pread(int descriptor, void *bytes, size_t size, off_t offset) {
  return read_or_fail(descriptor, bytes, size, offset);
}

ssize_t pread64(int descriptor, void *bytes, size_t size, off64_t offset) {
  return read_or_fail(descriptor, bytes, size, offset);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t offset) {
  return write_or_fail(descriptor, bytes, size, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off64_t offset) {
  return write_or_fail(descriptor, bytes, size, offset);
}
