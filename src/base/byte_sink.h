/* SPDX-License-Identifier: MIT */
/* Where the bytes of an answer go: to a file, or to a reader that takes them out of a buffer. Either gathers
 * up to BYTE_SINK_BUFFER_BYTES: a file is then written in larger pieces than it is received in, and for a
 * reader the sink is full. A struct is made in place by one of the first three functions; a zeroed one is no
 * sink. */
#ifndef BASE_BYTE_SINK_H
#define BASE_BYTE_SINK_H

#include "base/failure.h"
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { BYTE_SINK_BUFFER_BYTES = 256 * 1024, BYTE_SINK_UNLIMITED = -1 };

struct byte_sink_file {
  int descriptor;  /* owned, closed on exec; -1: none */
  off_t start;     /* where the first byte goes; negative: the file cannot be written again from there */
  char *path;      /* what it will be called once it is whole, owned; NULL: it has its name */
  char *temporary; /* what it is called until then, owned */
  bool is_stdout;  /* of the process */
};

struct byte_sink {
  enum { SINK_NONE, SINK_FILE, SINK_READER } kind;
  int64_t max_bytes; /* BYTE_SINK_UNLIMITED: no limit */
  int64_t taken;     /* bytes of this attempt */
  bool has_given;    /* bytes of this attempt were written, or read */
  char *gathered;    /* BYTE_SINK_BUFFER_BYTES, owned; NULL before the first byte */
  size_t length;     /* of them, the bytes that are not written, or read, yet */
  struct byte_sink_file file;
  struct failure problem; /* why it took no more; kind NONE as long as it has */
};

/* To a file that gets its name once it is whole: until then its bytes are in another one beside it, and an
 * older file of that name stays. A pipe or a device is written to as it is. Fails with `file`. */
bool byte_sink_to_path(struct byte_sink *sink, const char *path, int64_t max_bytes, struct failure *failure);

/* To another owner's descriptor, from its present position; it is duplicated. */
bool byte_sink_to_descriptor(struct byte_sink *sink, int descriptor, int64_t max_bytes,
                             struct failure *failure);

void byte_sink_to_reader(struct byte_sink *sink, int64_t max_bytes);

enum byte_sink_answer { BYTE_SINK_TAKEN, BYTE_SINK_FULL, BYTE_SINK_BROKEN };

/* TAKEN: all bytes. FULL: none, until the reader has taken some. BROKEN: byte_sink_problem has the reason. At
 * most BYTE_SINK_BUFFER_BYTES at once. */
enum byte_sink_answer byte_sink_take(struct byte_sink *sink, const char *bytes, size_t count);

/* Bytes taken since the beginning. */
int64_t byte_sink_taken(const struct byte_sink *sink);

/* Why it took no more; NULL while it does. */
const struct failure *byte_sink_problem(const struct byte_sink *sink);

/* Whether a reader has bytes to take, as many as `length` says. */
bool byte_sink_has_unread(const struct byte_sink *sink);

/* To be called once a reader has a copy of the bytes gathered: they are not given again. */
void byte_sink_note_read(struct byte_sink *sink);

/* Whether another attempt can begin from the first byte: no byte has left, or the file can be written again.
 */
bool byte_sink_can_restart(const struct byte_sink *sink);

/* Begins from the first byte. */
bool byte_sink_restart(struct byte_sink *sink, struct failure *failure);

/* All bytes were taken: writes what is gathered, and gives a file its name. Of a reader, does nothing. */
bool byte_sink_finish(struct byte_sink *sink, struct failure *failure);

/* Frees all, and removes a file that is not whole. May be called more than once. */
void byte_sink_release(struct byte_sink *sink);

/* The same, but leaves the file: it is that of the process that forked this one. */
void byte_sink_abandon(struct byte_sink *sink);

#endif
