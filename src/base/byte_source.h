/* SPDX-License-Identifier: MIT */
/* The bytes of a request's body: memory, a block, a range of a file, or chunks that a feeder supplies. Each
 * attempt reads them from their beginning. They are not copied on the way. */
#ifndef BASE_BYTE_SOURCE_H
#define BASE_BYTE_SOURCE_H

#include "base/byte_block.h"
#include "base/md5.h"
#include "base/regular_file.h"

enum { BYTE_SOURCE_UNKNOWN = -1 };

struct byte_source_kind;

/* All zero: no source. The fields are for byte_source.c alone. */
struct byte_source {
  const struct byte_source_kind *kind;
  int64_t length;   /* BYTE_SOURCE_UNKNOWN: as many bytes as the chunks have */
  int64_t position; /* bytes read since the beginning */
  union {
    struct {
      const char *bytes;        /* where the range begins */
      struct byte_block *block; /* a reference to what has them; NULL: the caller has */
    } memory;
    struct {
      struct regular_file file;
      int64_t offset; /* of the range, in the file */
    } range;
    struct {
      int64_t max_bytes; /* of all chunks, where the length is unknown */
      const char *bytes; /* the unread rest of the last chunk */
      size_t left;
      enum { CHUNK_GIVEN, CHUNK_WANTED, CHUNKS_ENDED } state;
      bool was_asked; /* the feeder: before another attempt it must restart */
      bool can_restart;
    } chunks;
  } of;
  bool is_digested;
  struct md5 md5;         /* of the bytes read since the beginning, where it is digested */
  struct failure problem; /* why reading broke; kind NONE as long as it has not */
};

/* The range to read. */
struct byte_range {
  const char *name; /* the name of the whole, for a failure's message */
  int64_t offset;
  int64_t length; /* at most: the range ends where the bytes end. BYTE_SOURCE_UNKNOWN: to their end */
};

/* Reads a range of `size` bytes of memory, which stay the caller's and must not change. Fails with `file`
 * when the range begins behind their end, or at their end although it should have bytes. */
bool byte_source_of_memory(struct byte_source *source, const char *memory, int64_t size,
                           struct byte_range range, struct failure *failure);

/* Reads all of a block, to which it keeps a reference until byte_source_release. */
void byte_source_of_block(struct byte_source *source, struct byte_block *block);

/* The same as byte_source_of_memory for a file. Takes the file, also when it fails. */
bool byte_source_of_file(struct byte_source *source, struct regular_file file, struct byte_range range,
                         struct failure *failure);

/* Chunks are asked for one at a time. With a `length` of BYTE_SOURCE_UNKNOWN as many bytes as come, up to
 * `max_bytes`. `can_restart`: the feeder can begin again for another attempt. */
void byte_source_of_chunks(struct byte_source *source, int64_t length, int64_t max_bytes, bool can_restart);

/* Computes the MD5 of the bytes as they are read. To be called before the first read. */
void byte_source_digest(struct byte_source *source);

/* Fills `hex` with the MD5 of all bytes. False when it is not computed, or not all were read. */
bool byte_source_get_md5(const struct byte_source *source, char hex[MD5_HEX_SIZE]);

/* Closes the file, or drops the block. Nothing can be read afterwards, but the position is still known. */
void byte_source_release(struct byte_source *source);

/* Whether its bytes are chunks that the caller feeds. */
bool byte_source_is_fed(const struct byte_source *source);

/* The number of bytes that it gives; BYTE_SOURCE_UNKNOWN where only the end of the chunks tells. */
int64_t byte_source_length(const struct byte_source *source);

/* The number of bytes read since the beginning. */
int64_t byte_source_position(const struct byte_source *source);

/* Why reading broke; NULL while it has not. */
const struct failure *byte_source_problem(const struct byte_source *source);

enum byte_source_answer { BYTE_SOURCE_READ, BYTE_SOURCE_END, BYTE_SOURCE_WANTS_CHUNK, BYTE_SOURCE_BROKEN };

/* READ: `*count` bytes, at least one. WANTS_CHUNK: none until the feeder supplies one. BROKEN:
 * byte_source_problem has the reason. */
enum byte_source_answer byte_source_read(struct byte_source *source, char *bytes, size_t size, size_t *count);

/* Chunks only. To be called before the feeder is asked for a chunk, for that chunk may get lost. */
void byte_source_note_asked(struct byte_source *source);

/* Chunks only. Gives the next chunk, which stays the caller's and must not change until another one is
 * wanted. byte_source_feed_none: there are no more. */
void byte_source_feed(struct byte_source *source, const char *chunk, size_t length);
void byte_source_feed_none(struct byte_source *source);

/* Whether reading waits for a chunk. */
bool byte_source_wants_chunk(const struct byte_source *source);

/* Whether the feeder must begin again before byte_source_restart. */
bool byte_source_must_refeed(const struct byte_source *source);

/* Whether another attempt can have all bytes again. */
bool byte_source_can_restart(const struct byte_source *source);

/* Whether every byte has been read. True where there is no source. */
bool byte_source_is_exhausted(const struct byte_source *source);

/* Goes back to the beginning within an attempt. False when chunks are lost. */
bool byte_source_rewind(struct byte_source *source);

/* Goes back to the beginning for another attempt. A feeder of chunks has begun again. */
void byte_source_restart(struct byte_source *source);

#endif
