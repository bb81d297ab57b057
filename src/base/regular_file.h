/* SPDX-License-Identifier: MIT */
/* A file that is read at any place of it, and whether it still is as it was when it was opened. */
#ifndef BASE_REGULAR_FILE_H
#define BASE_REGULAR_FILE_H

#include "base/failure.h"
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct regular_file {
  int descriptor; /* its own, closed on exec; -1: none */
  int64_t size;   /* as it was opened, like `modified` */
  struct timespec modified;
};

/* Both fill `file`, or leave it without a descriptor and fail with `file`: it is not there, may not be read,
 * is a directory, a pipe or a device. They never wait for another process to open a pipe. */
bool regular_file_open(struct regular_file *file, const char *path, struct failure *failure);

/* The file behind somebody else's descriptor, which may be closed at any time from now on. */
bool regular_file_borrow(struct regular_file *file, int descriptor, struct failure *failure);

/* A second holder of the same, size and time included. */
bool regular_file_share(struct regular_file *file, const struct regular_file *of, struct failure *failure);

/* Reads up to `size` bytes, at least one. 0 with `failure` filled when there are none at that place, or the
 * disk fails. */
size_t regular_file_read(const struct regular_file *file, int64_t offset, void *bytes, size_t size,
                         struct failure *failure);

/* Whether size and time of modification still are what they were. */
bool regular_file_is_unchanged(const struct regular_file *file, struct failure *failure);

/* May be called again, and on a file that could not be opened. */
void regular_file_close(struct regular_file *file);

#endif
