/* SPDX-License-Identifier: MIT */
/* Linked with --wrap of what the thread does and of what it is made of, so that each moment of its life can
 * be held as long as a check needs. */
#include "base/file_digest.h"

#include "base/monotonic_clock.h"
#include "unit.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
  PIECE = 256 * 1024,
  LONGEST = 3 * PIECE + 5,
  LONG = 30,      /* seconds to wait for what is to come at once */
  TOO_LONG = 300, /* and for the whole */
};

/* What the thread met, and what it is to meet; for who has the lock. */
static struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool holds_reads, holds_end;          /* a read, or the word that all is done, waits meanwhile */
  bool lets_go_at_join, lets_go_at_nap; /* when the other side has come so far */
  int reads, fails_at, error;           /* the read of that number fails */
  size_t most;                          /* bytes that a read brings; 0: as many as there are */
  int descriptor;                       /* that was read from */
  sigset_t blocked;                     /* in the thread */
  bool is_reading, is_ending;           /* has come to where it may be held */
} stage = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static int allocations_left = -1; /* before one fails; -1: none does */
static int thread_error;          /* why no thread can be started; 0: it can */
static int joins, naps;           /* of the main thread, so far */

ssize_t __real_pread(int descriptor, void *bytes, size_t size, off_t offset);
ssize_t __wrap_pread(int descriptor, void *bytes, size_t size, off_t offset);
ssize_t __wrap_pread64(int descriptor, void *bytes, size_t size, off_t offset);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *data);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *data);
int __real_pthread_join(pthread_t thread, void **result);
int __wrap_pthread_join(pthread_t thread, void **result);
int __real_pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *lock,
                                  const struct timespec *end);
int __wrap_pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *lock,
                                  const struct timespec *end);
int __real_pthread_cond_broadcast(pthread_cond_t *condition);
int __wrap_pthread_cond_broadcast(pthread_cond_t *condition);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

/* Says that something has come to pass, and waits as long as it is to be held there. */
static void reach(bool *place, const bool *is_held) {
  *place = true;
  __real_pthread_cond_broadcast(&stage.changed);
  while (*is_held) pthread_cond_wait(&stage.changed, &stage.lock);
}

static void await(const bool *place) {
  pthread_mutex_lock(&stage.lock);
  while (!*place) pthread_cond_wait(&stage.changed, &stage.lock);
  pthread_mutex_unlock(&stage.lock);
}

static void let_go(void) {
  pthread_mutex_lock(&stage.lock);
  stage.holds_reads = stage.holds_end = false;
  __real_pthread_cond_broadcast(&stage.changed);
  pthread_mutex_unlock(&stage.lock);
}

static void set_stage(void) {
  pthread_mutex_lock(&stage.lock);
  stage.holds_reads = stage.holds_end = stage.lets_go_at_join = stage.lets_go_at_nap = false;
  stage.is_reading = stage.is_ending = false;
  stage.reads = stage.fails_at = stage.error = 0;
  stage.most = 0;
  stage.descriptor = -1;
  pthread_mutex_unlock(&stage.lock);
}

ssize_t __wrap_pread(int descriptor, void *bytes, size_t size, off_t offset) {
  int error = 0;
  pthread_mutex_lock(&stage.lock);
  stage.descriptor = descriptor;
  pthread_sigmask(SIG_BLOCK, NULL, &stage.blocked);
  reach(&stage.is_reading, &stage.holds_reads);
  if (++stage.reads == stage.fails_at) error = stage.error;
  if (stage.most > 0 && size > stage.most) size = stage.most;
  pthread_mutex_unlock(&stage.lock);
  if (!error) return __real_pread(descriptor, bytes, size, offset);
  errno = error;
  return -1;
}

/* As glibc calls it where files may be large. */
ssize_t __wrap_pread64(int descriptor, void *bytes, size_t size, off_t offset) {
  return __wrap_pread(descriptor, bytes, size, offset);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *data) {
  return thread_error ? thread_error : __real_pthread_create(thread, attributes, run, data);
}

int __wrap_pthread_join(pthread_t thread, void **result) {
  joins++;
  if (stage.lets_go_at_join) let_go();
  return __real_pthread_join(thread, result);
}

int __wrap_pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *lock,
                                  const struct timespec *end) {
  naps++;
  if (stage.lets_go_at_nap) let_go();
  return __real_pthread_cond_timedwait(condition, lock, end);
}

/* The digest's lock is held here. */
int __wrap_pthread_cond_broadcast(pthread_cond_t *condition) {
  pthread_mutex_lock(&stage.lock);
  reach(&stage.is_ending, &stage.holds_end);
  pthread_mutex_unlock(&stage.lock);
  return __real_pthread_cond_broadcast(condition);
}

static bool is_refused(void) {
  return allocations_left >= 0 && allocations_left-- == 0;
}

void *__wrap_malloc(size_t size) {
  return is_refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
  return is_refused() ? NULL : __real_calloc(count, size);
}

/* Bytes that repeat at no power of two, so that each piece is another. */
static unsigned char *pattern(void) {
  static unsigned char bytes[LONGEST];
  for (int i = 0; i < LONGEST; i++) bytes[i] = (unsigned char)(i % 251);
  return bytes;
}

static struct regular_file file_of(size_t size) {
  char name[] = "/tmp/file_digest_test.XXXXXX";
  struct regular_file file = {.descriptor = mkstemp(name), .size = (int64_t)size};
  if (file.descriptor < 0 || unlink(name) != 0 || write(file.descriptor, pattern(), size) != (ssize_t)size)
    abort();
  return file;
}

static struct file_digest *begin(const struct regular_file *file) {
  struct failure failure = {0};
  struct file_digest *digest = file_digest_new_of_file(file, file_digest_whole, &failure);
  if (digest) return digest;
  printf("%s\n", failure.message);
  abort();
}

static bool is_open(int descriptor) {
  return fcntl(descriptor, F_GETFD) >= 0;
}

static int lowest_free_descriptor(void) {
  int descriptor = dup(0);
  close(descriptor);
  return descriptor;
}

static enum file_digest_state look(struct file_digest *digest, double seconds) {
  const char *hex;
  struct failure failure;
  return file_digest_wait(digest, seconds, &hex, &failure);
}

/* Whether it comes to that; deletes it. */
static bool ends_with(struct file_digest *digest, const char *expected) {
  const char *hex = "";
  struct failure failure = {0};
  enum file_digest_state state = digest ? file_digest_wait(digest, LONG, &hex, &failure) : FILE_DIGEST_FAILED;
  bool is_as_expected = state == FILE_DIGEST_READY && strcmp(hex, expected) == 0;
  file_digest_delete(digest);
  return is_as_expected;
}

/* From md5sum(1), of the pattern's first bytes. */
static const struct {
  size_t size;
  const char *hex;
} rows[] = {
    {0, "d41d8cd98f00b204e9800998ecf8427e"},         {1, "93b885adfe0da089cdf634904fd59f71"},
    {PIECE - 1, "f88a0abb23be8dd0c6a0b7bb64842333"}, {PIECE, "f6224c81f6d6b0c9c260a4f677f5db6f"},
    {PIECE + 1, "644ebc1faebf34018d0e30c198b1cc08"}, {LONGEST, "104915724c4eddd8e0a0b4a88a35a418"},
};
static const char *const hex_of_longest = "104915724c4eddd8e0a0b4a88a35a418";

static void digests_memory_and_files(void) {
  struct failure failure;
  struct regular_file longest = file_of(LONGEST);
  EACH(row, rows) {
    struct regular_file file = file_of(row->size), first = longest;
    first.size = (int64_t)row->size;
    set_stage();
    CHECK(ends_with(file_digest_new_of_memory(pattern(), row->size, file_digest_whole, &failure), row->hex),
          "%zu bytes of memory have %s", row->size, row->hex);
    CHECK(stage.reads == 0, "for which nothing is read");
    CHECK(ends_with(begin(&file), row->hex), "so has a file of %zu", row->size);
    CHECK(ends_with(begin(&first), row->hex), "so have the first %zu of a file that has grown", row->size);
    regular_file_close(&file);
  }
  CHECK(ends_with(file_digest_new_of_memory(NULL, 0, file_digest_whole, &failure), rows[0].hex),
        "so has no memory at all");
  set_stage();
  stage.most = 100001;
  CHECK(ends_with(begin(&longest), hex_of_longest), "so has a file that is read in shorter pieces");
  CHECK(stage.reads == LONGEST / 100001 + 1, "%d of them", stage.reads);
  regular_file_close(&longest);
}

/* Pieces of a size that fits nothing, up to the end and beyond it. */
static void digests_each_piece(void) {
  enum { SIZE = PIECE + 1000, PIECES = 4 }; /* the last has no byte */
  struct regular_file file = file_of(LONGEST);
  struct file_digest_pieces pieces = {.size = SIZE, .count = 0};
  char expected[PIECES * (MD5_HEX_SIZE - 1) + 1] = "";
  struct failure failure = {0};
  set_stage();
  for (int64_t offset = 0; pieces.count < PIECES; offset += SIZE) {
    int64_t left = offset < LONGEST ? LONGEST - offset : 0;
    struct md5 md5;
    md5_create(&md5);
    md5_update(&md5, pattern() + (left ? offset : 0), (size_t)(left < SIZE ? left : SIZE));
    md5_finish_hex(&md5, expected + pieces.count++ * (MD5_HEX_SIZE - 1));
    CHECK(ends_with(file_digest_new_of_file(&file, pieces, &failure), expected), "%zu pieces of a file",
          pieces.count);
    CHECK(ends_with(file_digest_new_of_memory(pattern(), LONGEST, pieces, &failure), expected),
          "%zu pieces of memory", pieces.count);
  }
  regular_file_close(&file);
}

static void reads_by_a_descriptor_of_its_own(void) {
  struct regular_file file = file_of(LONGEST);
  struct file_digest *digest;
  int flags;
  set_stage();
  stage.holds_reads = true;
  digest = begin(&file);
  await(&stage.is_reading);
  flags = fcntl(stage.descriptor, F_GETFD);
  CHECK(stage.descriptor != file.descriptor && flags >= 0 && (flags & FD_CLOEXEC),
        "it reads by a descriptor that no program inherits");
  regular_file_close(&file);
  let_go();
  CHECK(ends_with(digest, hex_of_longest), "the file may be closed meanwhile");
  CHECK(!is_open(stage.descriptor), "its own is closed with it");
}

static void waits_as_long_as_it_is_told(void) {
  struct regular_file file = file_of(LONGEST);
  struct file_digest *digest;
  double start;
  set_stage();
  stage.holds_reads = true;
  digest = begin(&file);
  CHECK(look(digest, 0) == FILE_DIGEST_RUNNING, "while it runs, a look does not wait");
  CHECK(look(digest, -1) == FILE_DIGEST_RUNNING && look(digest, (double)NAN) == FILE_DIGEST_RUNNING,
        "nor do less than no seconds, or none that can be told");
  naps = 0;
  start = monotonic_clock_now();
  CHECK(look(digest, 0.02) == FILE_DIGEST_RUNNING && monotonic_clock_now() - start >= 0.02,
        "a wait is as long as it was told");
  CHECK(naps > 0 && naps < 20, "and sleeps meanwhile: %d times", naps);
  stage.lets_go_at_nap = true;
  CHECK(look(digest, (double)INFINITY) == FILE_DIGEST_READY, "and ends when the digest does");
  CHECK(look(digest, 0) == FILE_DIGEST_READY && look(digest, (double)INFINITY) == FILE_DIGEST_READY,
        "it is ready for good then");
  CHECK(ends_with(digest, hex_of_longest), "and says the same each time");
  regular_file_close(&file);
}

static bool is_readable(int descriptor, int seconds) {
  struct pollfd watched = {.fd = descriptor, .events = POLLIN};
  return poll(&watched, 1, seconds * 1000) == 1;
}

static void is_readable_once_it_has_ended(void) {
  struct regular_file file = file_of(LONGEST);
  struct file_digest *digest;
  int descriptor;
  set_stage();
  stage.holds_end = true;
  digest = begin(&file);
  descriptor = file_digest_descriptor(digest);
  await(&stage.is_ending);
  CHECK(!is_readable(descriptor, 0), "nothing is there to read before its end");
  let_go();
  CHECK(is_readable(descriptor, LONG), "and then there is");
  CHECK(look(digest, 0) == FILE_DIGEST_READY, "when it is ready");
  CHECK(ends_with(digest, hex_of_longest) && !is_open(descriptor), "it is closed with the digest");
  set_stage();
  stage.fails_at = 1;
  stage.error = EIO;
  digest = begin(&file);
  CHECK(is_readable(file_digest_descriptor(digest), LONG) && look(digest, 0) == FILE_DIGEST_FAILED,
        "so it is when the digest has failed");
  file_digest_delete(digest);
  regular_file_close(&file);
}

/* Deletes the digest. */
static void check_failure(struct file_digest *digest, const char *message, const char *why) {
  const char *hex = "untouched";
  for (int i = 0; i < 2; i++) {
    struct failure failure = {0};
    enum file_digest_state state = file_digest_wait(digest, LONG, &hex, &failure);
    CHECK(state == FILE_DIGEST_FAILED && failure.kind == FAILURE_FILE &&
              strncmp(failure.message, message, strlen(message)) == 0 && strcmp(hex, "untouched") == 0,
          "%s: %s", why, failure.message);
  }
  file_digest_delete(digest);
}

static void tells_of_what_cannot_be_read(void) {
  struct regular_file file = file_of(LONGEST);
  for (int at = 1; at <= 4; at++) {
    set_stage();
    stage.fails_at = at;
    stage.error = EIO;
    check_failure(begin(&file), "cannot read the file: Input/output error", "a disk may fail");
    CHECK(stage.reads == at, "after which it reads no more");
    set_stage();
    stage.fails_at = at;
    stage.error = EINTR;
    CHECK(ends_with(begin(&file), hex_of_longest), "a read that was interrupted is done again");
  }
  set_stage();
  file.size++;
  check_failure(begin(&file), "the file has shrunk", "a file may lose a byte");
  if (ftruncate(file.descriptor, 0) != 0) abort();
  check_failure(begin(&file), "the file has shrunk", "or all of them");
  regular_file_close(&file);
}

static void stops_when_it_is_deleted(void) {
  enum { SIZE = 32 * 1024 * 1024 };
  struct regular_file file = file_of(LONGEST);
  struct file_digest *digest;
  struct failure failure;
  char *bytes;
  set_stage();
  stage.holds_reads = stage.lets_go_at_join = true;
  digest = begin(&file);
  await(&stage.is_reading);
  file_digest_delete(digest);
  CHECK(stage.reads == 1, "after the piece at hand: %d were read", stage.reads);
  CHECK(!is_open(stage.descriptor), "and its descriptor is closed");
  for (int i = 0; i < 100; i++) file_digest_delete(begin(&file));
  bytes = calloc(1, SIZE);
  if (!bytes) abort();
  for (int i = 0; i < 10; i++)
    file_digest_delete(file_digest_new_of_memory(bytes, SIZE, file_digest_whole, &failure));
  free(bytes); /* sanitizers see whoever still looks at it */
  file_digest_delete(NULL);
  regular_file_close(&file);
}

/* Forks while the thread has the lock, which is then locked for ever in the child. */
static void is_the_parents(void) {
  struct regular_file file = file_of(LONGEST);
  struct file_digest *digest;
  int status = -1;
  pid_t child;
  set_stage();
  stage.holds_end = true;
  digest = begin(&file);
  await(&stage.is_ending);
  joins = 0;
  child = fork();
  if (child == 0) {
    const char *hex;
    struct failure failure = {0};
    bool was_open = is_open(stage.descriptor);
    enum file_digest_state state;
    alarm(LONG);
    state = file_digest_wait(digest, (double)INFINITY, &hex, &failure);
    file_digest_delete(digest);
    if (state != FILE_DIGEST_FAILED || failure.kind != FAILURE_ABORTED) _exit(1);
    _exit(was_open && !is_open(stage.descriptor) && joins == 0 ? 0 : 2);
  }
  CHECK(waitpid(child, &status, 0) == child && status == 0,
        "a forked child has no digest, and gives up what it inherited: %d", status);
  let_go();
  CHECK(ends_with(digest, hex_of_longest), "which leaves the parent's alone");
  regular_file_close(&file);
}

static void takes_no_signals(void) {
  static const int signals[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGALRM, SIGTERM,
                                SIGCHLD, SIGUSR1, SIGUSR2, SIGWINCH};
  struct regular_file file = file_of(1);
  sigset_t ours;
  set_stage();
  CHECK(ends_with(begin(&file), rows[1].hex), "its thread has been at work");
  EACH(signal, signals)
  CHECK(sigismember(&stage.blocked, *signal) == 1, "its thread leaves signal %d to the host", *signal);
  sigprocmask(SIG_BLOCK, NULL, &ours);
  CHECK(sigismember(&ours, SIGTERM) == 0, "who goes on to take them");
  regular_file_close(&file);
}

static void check_want(const struct regular_file *file, enum failure_kind kind, const char *message) {
  int descriptor = lowest_free_descriptor();
  struct failure failure = {0};
  CHECK(!file_digest_new_of_file(file, file_digest_whole, &failure) && failure.kind == kind &&
            strcmp(failure.message, message) == 0,
        "there is no digest: %s", failure.message);
  CHECK(lowest_free_descriptor() == descriptor, "and nothing of it");
}

static void tells_of_want(void) {
  static const char no_memory[] = "not enough memory";
  static const char no_thread[] = "no thread could be started for its MD5: Resource temporarily unavailable";
  struct regular_file file = file_of(LONGEST);
  struct failure failure = {0};
  struct rlimit before, none;
  set_stage();
  for (int i = 0; i < 3; i++) {
    allocations_left = i;
    check_want(&file, FAILURE_OUT_OF_MEMORY, no_memory);
  }
  allocations_left = 0;
  CHECK(!file_digest_new_of_memory("", 1, file_digest_whole, &failure) &&
            failure.kind == FAILURE_OUT_OF_MEMORY,
        "nor one of memory: %s", failure.message);
  allocations_left = -1;
  thread_error = EAGAIN;
  check_want(&file, FAILURE_FILE, no_thread);
  CHECK(!file_digest_new_of_memory("", 1, file_digest_whole, &failure) &&
            strcmp(failure.message, no_thread) == 0,
        "nor one of memory: %s", failure.message);
  thread_error = 0;
  getrlimit(RLIMIT_NOFILE, &before);
  none = (struct rlimit){(rlim_t)lowest_free_descriptor(), before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  CHECK(!file_digest_new_of_file(&file, file_digest_whole, &failure) && failure.kind == FAILURE_FILE &&
            strcmp(failure.message, "cannot read the file: Too many open files") == 0,
        "there is no digest without a descriptor: %s", failure.message);
  none.rlim_cur++;
  setrlimit(RLIMIT_NOFILE, &none);
  check_want(&file, FAILURE_FILE, "no pipe could be made for its MD5: Too many open files");
  setrlimit(RLIMIT_NOFILE, &before);
  regular_file_close(&file);
}

int main(void) {
  alarm(TOO_LONG);
  digests_memory_and_files();
  digests_each_piece();
  reads_by_a_descriptor_of_its_own();
  waits_as_long_as_it_is_told();
  is_readable_once_it_has_ended();
  tells_of_what_cannot_be_read();
  stops_when_it_is_deleted();
  is_the_parents();
  takes_no_signals();
  tells_of_want();
  return unit_end();
}
