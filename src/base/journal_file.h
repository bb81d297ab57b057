/* SPDX-License-Identifier: MIT */
/* A file of lines that only grows, for one program at a time. What was appended is there when the program is
 * killed; what could not be appended as a whole is taken back. */
#ifndef BASE_JOURNAL_FILE_H
#define BASE_JOURNAL_FILE_H

#include "base/regular_file.h"

struct journal_file {
  struct regular_file file; /* without a descriptor: closed */
  int64_t length;           /* bytes that are whole lines; the next is written behind them */
};

/* Opens the file, or makes an empty one, and locks it until it is closed. `failure`, of kind `file`, says how
 * the sentence "PATH ..." goes on: it cannot be opened, is a directory, a pipe or a device, or another
 * program has it. Never waits. */
bool journal_file_open(struct journal_file *journal, const char *path, struct failure *failure);

/* All or nothing. */
bool journal_file_append(struct journal_file *journal, const char *bytes, size_t length,
                         struct failure *failure);

/* Keeps the first `length` bytes only. */
bool journal_file_truncate(struct journal_file *journal, int64_t length, struct failure *failure);

/* May be called again, and on one that could not be opened. */
void journal_file_close(struct journal_file *journal);

#endif
