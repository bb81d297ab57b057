/* SPDX-License-Identifier: MIT */
/* Reads from a pipe, a socket or a terminal that a FILE has open, as much as is there and without waiting. */
#ifndef BASE_PIPE_READER_H
#define BASE_PIPE_READER_H

#include "base/failure.h"
#include <stddef.h>
#include <stdio.h>

/* Whether the FILE can be read here: it is one of those, and the C library tells how many bytes it has read
 * ahead. */
bool pipe_reader_takes(FILE *file);

enum pipe_reader_answer { PIPE_READER_READ, PIPE_READER_END, PIPE_READER_EMPTY, PIPE_READER_BROKEN };

/* READ: `*count` bytes, at least one: first those that the FILE has read ahead. EMPTY: none for now. BROKEN:
 * `failure` is filled, with `file`. */
enum pipe_reader_answer pipe_reader_read(FILE *file, char *bytes, size_t size, size_t *count,
                                         struct failure *failure);

/* Whether the FILE has bytes that its descriptor does not show. */
bool pipe_reader_has_read_ahead(FILE *file);

#endif
