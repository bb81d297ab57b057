/* SPDX-License-Identifier: MIT */
/* To be preloaded: every other read or write at a place is interrupted, none has more than 10000 bytes, from
 * byte FAILING_DISK_AT of a file on the disk is broken, and from byte FULL_DISK_AT on it is full. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/types.h>

typedef ssize_t reader(int, void *, size_t, off64_t);

static ssize_t read_or_fail(int descriptor, void *bytes, size_t size, off64_t offset) {
  reader *real = (reader *)dlsym(RTLD_NEXT, "pread64");
  const char *at = getenv("FAILING_DISK_AT");
  long long left = at ? atoll(at) - offset : 10000;
  static int interrupted;
  if ((interrupted = !interrupted)) {
    errno = EINTR;
    return -1;
  }
  if (left <= 0) {
    errno = EIO;
    return -1;
  }
  if (left > 10000) left = 10000;
  return real(descriptor, bytes, size < (size_t)left ? size : (size_t)left, offset);
}

ssize_t pread(int descriptor, void *bytes, size_t size, off_t offset) {
  return read_or_fail(descriptor, bytes, size, offset);
}

ssize_t pread64(int descriptor, void *bytes, size_t size, off64_t offset) {
  return read_or_fail(descriptor, bytes, size, offset);
}

typedef ssize_t writer(int, const void *, size_t, off64_t);

static ssize_t write_or_fail(int descriptor, const void *bytes, size_t size, off64_t offset) {
  writer *real = (writer *)dlsym(RTLD_NEXT, "pwrite64");
  const char *at = getenv("FULL_DISK_AT");
  long long left = at ? atoll(at) - offset : 10000;
  static int interrupted;
  if ((interrupted = !interrupted)) {
    errno = EINTR;
    return -1;
  }
  if (left <= 0) {
    errno = ENOSPC;
    return -1;
  }
  if (left > 10000) left = 10000;
  return real(descriptor, bytes, size < (size_t)left ? size : (size_t)left, offset);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t offset) {
  return write_or_fail(descriptor, bytes, size, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off64_t offset) {
  return write_or_fail(descriptor, bytes, size, offset);
}
