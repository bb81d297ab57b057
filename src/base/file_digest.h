/* SPDX-License-Identifier: MIT */
/* The MD5 of many bytes, computed by a thread, so that the host can continue meanwhile. The thread uses only
 * its digest, and leaves signals to the host's threads. */
#ifndef BASE_FILE_DIGEST_H
#define BASE_FILE_DIGEST_H

#include "base/failure.h"
#include "base/md5.h"
#include "base/regular_file.h"

#include <stddef.h>

struct file_digest;

enum file_digest_state { FILE_DIGEST_RUNNING, FILE_DIGEST_READY, FILE_DIGEST_FAILED };

/* The pieces: one MD5 for each of the first `count` pieces of `size` bytes. The last one may be shorter or
 * empty. */
struct file_digest_pieces {
  int64_t size;
  size_t count;
};

/* One piece: the whole. */
extern const struct file_digest_pieces file_digest_whole;

/* Digests the bytes that the file had when it was opened. The file may be closed at any time afterwards.
 * NULL, with `failure` filled, when memory, descriptors or threads have run out. */
struct file_digest *file_digest_new_of_file(const struct regular_file *file, struct file_digest_pieces pieces,
                                            struct failure *failure);

/* The same for bytes that the caller must not change until file_digest_delete. */
struct file_digest *file_digest_new_of_memory(const void *bytes, size_t length,
                                              struct file_digest_pieces pieces, struct failure *failure);

/* Waits for its end for at most that many seconds; 0: does not wait. When it is ready, `*hex` has the digits
 * of the pieces' MD5s in a row, which stay the digest's. When it failed, `failure` is filled: the file cannot
 * be read or has shrunk, or this process was forked since. */
enum file_digest_state file_digest_wait(struct file_digest *digest, double seconds, const char **hex,
                                        struct failure *failure);

/* Returns a descriptor that becomes readable when it has ended, with or without success. It stays the
 * digest's. */
int file_digest_descriptor(const struct file_digest *digest);

/* Ends the thread, ready or not, and waits for its end: at most as long as it takes to read one piece. In a
 * forked process, leaves what was inherited as it is. */
void file_digest_delete(struct file_digest *digest);

#endif
