/* SPDX-License-Identifier: MIT */
/* To be preloaded: pread fails as on a broken disk, or reads less than it is asked for, as kernels may.
 * FAILING_READ says how:
 *
 *     error N         from the N-th byte of a file on, EIO
 *     short           one byte at a time
 *     interrupted     every other read is interrupted by a signal before it has read anything
 *
 * Lua and libcurl do not use pread. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

typedef ssize_t reader(int, void *, size_t, off_t);

static ssize_t read_badly(reader *real, int descriptor, void *bytes, size_t size, off_t offset) {
  static atomic_uint reads;
  const char *how = getenv("FAILING_READ");
  if (!how) return real(descriptor, bytes, size, offset);
  if (strncmp(how, "error ", 6) == 0) {
    off_t first_bad = atoll(how + 6);
    if (offset >= first_bad) {
      errno = EIO;
      return -1;
    }
    if ((off_t)size > first_bad - offset) size = (size_t)(first_bad - offset);
  }
  if (strcmp(how, "short") == 0 && size > 1) size = 1;
  if (strcmp(how, "interrupted") == 0 && atomic_fetch_add(&reads, 1) % 2 == 0) {
    errno = EINTR;
    return -1;
  }
  return real(descriptor, bytes, size, offset);
}

ssize_t pread(int descriptor, void *bytes, size_t size, off_t offset) {
  return read_badly((reader *)dlsym(RTLD_NEXT, "pread"), descriptor, bytes, size, offset);
}

ssize_t pread64(int descriptor, void *bytes, size_t size, off_t offset) {
  return read_badly((reader *)dlsym(RTLD_NEXT, "pread64"), descriptor, bytes, size, offset);
}
