/* SPDX-License-Identifier: MIT */
#include "base/process_id.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

/* In a page that a forked process gets empty: 0, until this process has asked. NULL where the system has
 * none. */
static atomic_int *known;

/* An emulator may report success for any advice, so one that nobody knows is tried first. */
static bool is_wiped_on_fork(void *page, size_t size) {
#ifdef MADV_WIPEONFORK
  enum { UNKNOWN_ADVICE = -1 };
  return madvise(page, size, UNKNOWN_ADVICE) != 0 && madvise(page, size, MADV_WIPEONFORK) == 0;
#else
  (void)page;
  (void)size;
  return false;
#endif
}

static void make_page(void) {
  size_t size = (size_t)sysconf(_SC_PAGESIZE);
  void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return;
  if (is_wiped_on_fork(page, size))
    known = page;
  else
    munmap(page, size);
}

/* A host may unload the module. */
__attribute__((destructor)) static void remove_page(void) {
  if (known) munmap(known, (size_t)sysconf(_SC_PAGESIZE));
  known = NULL;
}

pid_t process_id_get(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  int id;
  pthread_once(&once, make_page);
  id = known ? atomic_load_explicit(known, memory_order_relaxed) : 0;
  if (id) return id;
  id = getpid();
  if (known) atomic_store_explicit(known, id, memory_order_relaxed);
  return id;
}
