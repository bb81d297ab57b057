/* SPDX-License-Identifier: MIT */
/* Where the bytes of a request's body come from: memory, a range of a file, or chunks that somebody feeds.
 * They are read once an attempt, from their beginning, and never copied on the way. */
#ifndef BASE_BYTE_SOURCE_H
#define BASE_BYTE_SOURCE_H

#include "base/md5.h"
#include "base/regular_file.h"

enum byte_source_kind { BYTE_SOURCE_NONE, BYTE_SOURCE_MEMORY, BYTE_SOURCE_FILE, BYTE_SOURCE_CHUNKS };

enum { BYTE_SOURCE_UNKNOWN = -1 };

/* All zero: no source. Reading is for the functions below. */
struct byte_source {
  enum byte_source_kind kind;
  int64_t length;      /* BYTE_SOURCE_UNKNOWN: as many bytes as the chunks have */
  int64_t most;        /* chunks of more bytes than these are a problem */
  int64_t position;    /* bytes read since the beginning */
  const char *memory;  /* all of it; of chunks, what is left of the last one */
  size_t chunk_left;   /* bytes at `memory`, of chunks */
  bool wants_chunk;    /* reading stands still until there is another one */
  bool was_asked;      /* whoever feeds the chunks, who must begin anew for another attempt */
  bool can_restart;    /* whoever feeds the chunks can begin anew */
  bool has_all_chunks; /* there will be no more */
  struct regular_file file;
  int64_t offset;   /* in the file */
  bool is_digested; /* `md5` is of the bytes read since the beginning */
  struct md5 md5;
  struct failure problem; /* why reading broke; kind NONE as long as it has not */
};

/* The piece that is wanted. */
struct byte_range {
  const char *name; /* of what it is a piece of, for a failure's message */
  int64_t offset;
  int64_t length; /* at most: a piece ends where the bytes end. BYTE_SOURCE_UNKNOWN: all that follow */
};

/* A range of `size` bytes of memory, which stay the caller's, and must stay as they are. Fails with `file`
 * where the range begins beyond their end, or at it though it should have bytes. */
bool byte_source_of_memory(struct byte_source *source, const char *memory, int64_t size,
                           struct byte_range range, struct failure *failure);

/* The same of a file, which it takes, also when it fails. */
bool byte_source_of_file(struct byte_source *source, struct regular_file file, struct byte_range range,
                         struct failure *failure);

/* Chunks are asked for one at a time. `length` BYTE_SOURCE_UNKNOWN: as many bytes as come, up to `most`. */
void byte_source_of_chunks(struct byte_source *source, int64_t length, int64_t most, bool can_restart);

/* From now on the MD5 of what is read is kept. To be called before anything is read. */
void byte_source_digest(struct byte_source *source);

/* The MD5 of all bytes, as they were read. False where it is not kept, or not all were read. */
bool byte_source_get_md5(const struct byte_source *source, char hex[MD5_HEX_SIZE]);

/* Lets go of the file; nothing is read any more, but how far reading came is still known. */
void byte_source_release(struct byte_source *source);

enum byte_source_answer { BYTE_SOURCE_READ, BYTE_SOURCE_END, BYTE_SOURCE_WANTS_CHUNK, BYTE_SOURCE_BROKEN };

/* READ: `*count` bytes, at least one. WANTS_CHUNK: none until somebody feeds one. BROKEN: `problem` says why.
 */
enum byte_source_answer byte_source_read(struct byte_source *source, char *bytes, size_t size, size_t *count);

/* To be called before somebody is asked for a chunk, which may be lost when it comes too late. */
void byte_source_note_asked(struct byte_source *source);

/* The next chunk, which stays the caller's and must stay as it is until another one is wanted; none: that was
 * all of it. */
void byte_source_feed(struct byte_source *source, const char *chunk, size_t length);
void byte_source_feed_none(struct byte_source *source);

/* Whether reading stands still for want of a chunk. */
bool byte_source_wants_chunk(const struct byte_source *source);

/* Whether every byte has been read. */
bool byte_source_is_exhausted(const struct byte_source *source);

/* Goes back to the beginning within an attempt. False when chunks are gone. */
bool byte_source_rewind(struct byte_source *source);

/* For another attempt: the beginning again. Whoever feeds chunks has begun anew. */
void byte_source_restart(struct byte_source *source);

#endif
