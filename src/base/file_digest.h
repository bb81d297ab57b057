/* SPDX-License-Identifier: MIT */
/* The MD5 of many bytes, computed by a thread of its own, so that a host can go on meanwhile. The thread
 * touches nothing but the digest it belongs to, and leaves signals to the host's threads. */
#ifndef BASE_FILE_DIGEST_H
#define BASE_FILE_DIGEST_H

#include "base/failure.h"
#include "base/md5.h"
#include "base/regular_file.h"

#include <stddef.h>

struct file_digest;

enum file_digest_state { FILE_DIGEST_RUNNING, FILE_DIGEST_READY, FILE_DIGEST_FAILED };

/* Of what an MD5 is wanted: of each of the first `count` pieces of `size` bytes, the last of which may be
 * shorter or have no byte. */
struct file_digest_pieces {
  int64_t size;
  size_t count;
};

/* One piece: all of it. */
extern const struct file_digest_pieces file_digest_whole;

/* Of the file's first `size` bytes, as many as it had when it was opened. It may be closed at any time from
 * now on. NULL, with `failure` saying why, when memory, descriptors or threads run out. */
struct file_digest *file_digest_new_of_file(const struct regular_file *file, struct file_digest_pieces pieces,
                                            struct failure *failure);

/* The same of bytes that the caller keeps as they are until file_digest_delete. */
struct file_digest *file_digest_new_of_memory(const void *bytes, size_t length,
                                              struct file_digest_pieces pieces, struct failure *failure);

/* Waits at most so many seconds for its end; 0 only looks. Once it is ready, `*hex` are the digits of the
 * pieces' MD5s, one behind the other, the digest's own; where it failed, `failure` is filled: the file cannot
 * be read or has shrunk, or this process was forked since by the one that began. */
enum file_digest_state file_digest_wait(struct file_digest *digest, double seconds, const char **hex,
                                        struct failure *failure);

/* Becomes readable once it has ended, whatever came of it. The digest's own. */
int file_digest_descriptor(const struct file_digest *digest);

/* Ends the thread, ready or not, and waits for that: as long as it takes to read one piece at most. In a
 * process forked since, gives up what was inherited. */
void file_digest_delete(struct file_digest *digest);

#endif
