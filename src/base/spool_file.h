/* SPDX-License-Identifier: MIT */
/* A temporary file without a name: bytes are appended to it and read back as from every regular file. The
 * system removes it when its last descriptor is closed, also when the process dies. */
#ifndef BASE_SPOOL_FILE_H
#define BASE_SPOOL_FILE_H

#include "base/regular_file.h"

/* Creates the file in the folder that TMPDIR names, else in /tmp. Fails with `file`. */
bool spool_file_create(struct regular_file *file, struct failure *failure);

/* Appends all of the bytes; or fails with `file`, and leaves the size as it was. */
bool spool_file_append(struct regular_file *file, const char *bytes, size_t length, struct failure *failure);

#endif
