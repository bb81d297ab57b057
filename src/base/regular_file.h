/* SPDX-License-Identifier: MIT */
/* A file that can be read at any offset, and checked for changes since it was opened. */
#ifndef BASE_REGULAR_FILE_H
#define BASE_REGULAR_FILE_H

#include "base/failure.h"
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct regular_file {
  int descriptor; /* owned, closed on exec; -1: none */
  int64_t size;   /* when it was opened, as is `modified` */
  struct timespec modified;
  char *name;      /* owned, for messages; NULL: only its descriptor is known */
  bool is_private; /* without a name, and ours alone: nobody else can change it */
};

/* Both fill `file`, or leave it without a descriptor and fail with `file`: it does not exist, may not be
 * read, or is a directory, a pipe or a device. They never wait for another process to open a pipe. */
bool regular_file_open(struct regular_file *file, const char *path, struct failure *failure);

/* Duplicates a descriptor of another owner, who may close it at any time afterwards. */
bool regular_file_borrow(struct regular_file *file, int descriptor, struct failure *failure);

/* Duplicates the descriptor and the name of `of`, with the same size and time. */
bool regular_file_share(struct regular_file *file, const struct regular_file *of, struct failure *failure);

/* Reads up to `size` bytes, at least one. Returns 0 with `failure` filled when there are none at that offset,
 * or the disk fails. */
size_t regular_file_read(const struct regular_file *file, int64_t offset, void *bytes, size_t size,
                         struct failure *failure);

/* Whether the size and the time of modification are still the same. */
bool regular_file_is_unchanged(const struct regular_file *file, struct failure *failure);

/* May be called more than once, and on a file that could not be opened. */
void regular_file_close(struct regular_file *file);

#endif
