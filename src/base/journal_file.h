/* SPDX-License-Identifier: MIT */
/* A file of lines that only grows, used by one program at a time. Appended lines survive when the program is
 * killed. A line that cannot be written whole is removed again. */
#ifndef BASE_JOURNAL_FILE_H
#define BASE_JOURNAL_FILE_H

#include "base/regular_file.h"

struct journal_file {
  struct regular_file file; /* without a descriptor: closed */
  int64_t length;           /* bytes of whole lines; the next line is written behind them */
};

/* Opens the file, or creates an empty one, and locks it until it is closed. On failure, of kind `file`, the
 * message is the rest of a sentence that begins with the path: it cannot be opened, is a directory, a pipe or
 * a device, or it is in use. Never waits. */
bool journal_file_open(struct journal_file *journal, const char *path, struct failure *failure);

/* Appends all bytes or none. */
bool journal_file_append(struct journal_file *journal, const char *bytes, size_t length,
                         struct failure *failure);

/* Truncates the file to `length` bytes. */
bool journal_file_truncate(struct journal_file *journal, int64_t length, struct failure *failure);

/* May be called more than once, and on a file that could not be opened. */
void journal_file_close(struct journal_file *journal);

#endif
