/* SPDX-License-Identifier: MIT */
#include "base/file_digest.h"

#include "base/monotonic_clock.h"
#include "base/process_id.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_SIZE = 256 * 1024, LONGEST_NAP = 3600 /* seconds */ };

struct file_digest {
  pthread_t thread;
  bool has_thread;
  pid_t process;
  int end_seen, end_told;  /* a pipe, into which the thread writes as it ends */
  atomic_bool is_unwanted; /* the thread looks at it before each read */
  /* as they are from its birth on; one or the other */
  struct regular_file file; /* without a descriptor: it is memory's */
  const unsigned char *bytes;
  int64_t size;
  struct file_digest_pieces pieces;
  /* for the thread alone, as long as it runs */
  unsigned char *room; /* for what is read of the file */
  char *hex;
  struct failure failure;
  /* for who has the lock */
  pthread_mutex_t lock;
  pthread_cond_t has_ended;
  enum file_digest_state state;
};

const struct file_digest_pieces file_digest_whole = {.size = INT64_MAX, .count = 1};

/* How many of the bytes from `offset` up to `end` are at `bytes` now; 0 when that failed. */
static size_t read_some(struct file_digest *digest, int64_t offset, int64_t end,
                        const unsigned char **bytes) {
  int64_t left = end - offset;
  size_t size = left < READ_SIZE ? (size_t)left : READ_SIZE;
  *bytes = digest->room;
  if (digest->room) return regular_file_read(&digest->file, offset, digest->room, size, &digest->failure);
  *bytes = digest->bytes + offset;
  return size;
}

static bool compute_piece(struct file_digest *digest, int64_t offset, int64_t end, char *hex) {
  struct md5 md5;
  md5_create(&md5);
  while (offset < end) {
    const unsigned char *bytes;
    size_t length;
    if (atomic_load(&digest->is_unwanted))
      return failure_set(&digest->failure, FAILURE_ABORTED, "the digest was deleted");
    length = read_some(digest, offset, end, &bytes);
    if (length == 0) return false;
    md5_update(&md5, bytes, length);
    offset += (int64_t)length;
  }
  md5_finish_hex(&md5, hex);
  return true;
}

static bool compute(struct file_digest *digest) {
  int64_t offset = 0;
  for (size_t i = 0; i < digest->pieces.count; i++) {
    int64_t left = digest->size - offset;
    int64_t end = offset + (left < digest->pieces.size ? left : digest->pieces.size);
    if (!compute_piece(digest, offset, end, digest->hex + i * (MD5_HEX_SIZE - 1))) return false;
    offset = end;
  }
  return true;
}

static void *run(void *data) {
  struct file_digest *digest = data;
  bool computed = compute(digest);
  pthread_mutex_lock(&digest->lock);
  digest->state = computed ? FILE_DIGEST_READY : FILE_DIGEST_FAILED;
  pthread_cond_broadcast(&digest->has_ended);
  pthread_mutex_unlock(&digest->lock);
  while (write(digest->end_told, "", 1) < 0 && errno == EINTR) continue;
  return NULL;
}

/* Neither of the two can fail where there is memory for the digest itself. */
static void make_lock(struct file_digest *digest) {
  pthread_condattr_t attributes;
  pthread_mutex_init(&digest->lock, NULL);
  pthread_condattr_init(&attributes);
#ifndef __APPLE__ /* where a nap's length is told, not its end */
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
#endif
  pthread_cond_init(&digest->has_ended, &attributes);
  pthread_condattr_destroy(&attributes);
}

static bool open_pipe(struct file_digest *digest, struct failure *failure) {
  int ends[2];
  if (pipe(ends) != 0)
    return failure_set(failure, FAILURE_FILE, "no pipe could be made for its MD5: %s", strerror(errno));
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  digest->end_seen = ends[0];
  digest->end_told = ends[1];
  return true;
}

static struct file_digest *file_digest_new(struct file_digest_pieces pieces, struct failure *failure) {
  struct file_digest *digest = calloc(1, sizeof *digest);
  char *hex = calloc(pieces.count, MD5_HEX_SIZE);
  if (!digest || !hex) {
    free(digest);
    free(hex);
    failure_set_out_of_memory(failure);
    return NULL;
  }
  digest->pieces = pieces;
  digest->hex = hex;
  digest->file.descriptor = digest->end_seen = digest->end_told = -1;
  digest->process = process_id_get();
  atomic_init(&digest->is_unwanted, false);
  make_lock(digest);
  return digest;
}

/* Signals are the host's: its own thread shall get them. */
static bool start_thread(struct file_digest *digest, struct failure *failure) {
  sigset_t all, before;
  int error;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  error = pthread_create(&digest->thread, NULL, run, digest);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  digest->has_thread = error == 0;
  return digest->has_thread ||
         failure_set(failure, FAILURE_FILE, "no thread could be started for its MD5: %s", strerror(error));
}

static bool hold_file(struct file_digest *digest, const struct regular_file *file, struct failure *failure) {
  digest->size = file->size;
  digest->room = malloc(READ_SIZE);
  if (!digest->room) return failure_set_out_of_memory(failure);
  return regular_file_share(&digest->file, file, failure);
}

struct file_digest *file_digest_new_of_file(const struct regular_file *file, struct file_digest_pieces pieces,
                                            struct failure *failure) {
  struct file_digest *digest = file_digest_new(pieces, failure);
  if (!digest) return NULL;
  if (hold_file(digest, file, failure) && open_pipe(digest, failure) && start_thread(digest, failure))
    return digest;
  file_digest_delete(digest);
  return NULL;
}

struct file_digest *file_digest_new_of_memory(const void *bytes, size_t length,
                                              struct file_digest_pieces pieces, struct failure *failure) {
  struct file_digest *digest = file_digest_new(pieces, failure);
  if (!digest) return NULL;
  digest->bytes = bytes;
  digest->size = (int64_t)length;
  if (open_pipe(digest, failure) && start_thread(digest, failure)) return digest;
  file_digest_delete(digest);
  return NULL;
}

/* With the lock, which the thread can have meanwhile. May end early. */
static void nap(struct file_digest *digest, double seconds) {
  double length = seconds < LONGEST_NAP ? seconds : LONGEST_NAP;
  struct timespec span = {.tv_sec = (time_t)length};
  span.tv_nsec = (long)((length - (double)span.tv_sec) * 1e9);
#ifdef __APPLE__
  pthread_cond_timedwait_relative_np(&digest->has_ended, &digest->lock, &span);
#else
  struct timespec end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_sec += span.tv_sec;
  end.tv_nsec += span.tv_nsec;
  if (end.tv_nsec >= 1000000000) end.tv_sec++, end.tv_nsec -= 1000000000;
  pthread_cond_timedwait(&digest->has_ended, &digest->lock, &end);
#endif
}

enum file_digest_state file_digest_wait(struct file_digest *digest, double seconds, const char **hex,
                                        struct failure *failure) {
  double end = monotonic_clock_now() + seconds, left = seconds;
  enum file_digest_state state;
  if (digest->process != process_id_get()) {
    failure_set(failure, FAILURE_ABORTED, "the process that began this digest was forked");
    return FILE_DIGEST_FAILED;
  }
  pthread_mutex_lock(&digest->lock);
  for (; digest->state == FILE_DIGEST_RUNNING && left > 0; left = end - monotonic_clock_now())
    nap(digest, left);
  state = digest->state;
  pthread_mutex_unlock(&digest->lock);
  if (state == FILE_DIGEST_READY) *hex = digest->hex;
  if (state == FILE_DIGEST_FAILED) *failure = digest->failure;
  return state;
}

int file_digest_descriptor(const struct file_digest *digest) {
  return digest->end_seen;
}

/* A forked child does not have the thread, and the lock may be held for ever. */
void file_digest_delete(struct file_digest *digest) {
  if (!digest) return;
  if (digest->process == process_id_get()) {
    atomic_store(&digest->is_unwanted, true);
    if (digest->has_thread) pthread_join(digest->thread, NULL);
    pthread_cond_destroy(&digest->has_ended);
    pthread_mutex_destroy(&digest->lock);
  }
  if (digest->end_seen >= 0) close(digest->end_seen);
  if (digest->end_told >= 0) close(digest->end_told);
  regular_file_close(&digest->file);
  free(digest->room);
  free(digest->hex);
  free(digest);
}
