/* SPDX-License-Identifier: MIT */
#include "base/waker.h"

#include "unit.h"

#ifdef __linux__

#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
  LONG = 10 * 1000, /* milliseconds to wait for what is to come at once, or within a second */
  SOCKET_KIND = SOCK_STREAM
};

struct pair {
  int ours, other;
};

static struct pair pair_open(void) {
  int descriptors[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, descriptors) != 0) abort();
  return (struct pair){descriptors[0], descriptors[1]};
}

static void pair_close(struct pair pair) {
  close(pair.ours);
  close(pair.other);
}

static void say(struct pair pair) {
  if (write(pair.other, "x", 1) != 1) abort();
}

static struct waker *bell_new(void) {
  struct failure failure = {0};
  struct waker *bell = waker_new(&failure);
  if (!bell) {
    printf("%s\n", failure.message);
    abort();
  }
  return bell;
}

/* A socket of one that might be the host. */
static int visit(const struct waker *bell) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_addr = {htonl(INADDR_LOOPBACK)},
                                .sin_port = htons((uint16_t)waker_port(bell))};
  int visitor = socket(AF_INET, SOCKET_KIND, 0);
  if (visitor < 0 || connect(visitor, (struct sockaddr *)&address, sizeof address) != 0) abort();
  return visitor;
}

static int visit_and_say(const struct waker *bell, const char *words) {
  int visitor = visit(bell);
  if (send(visitor, words, strlen(words), MSG_NOSIGNAL) != (ssize_t)strlen(words)) abort();
  return visitor;
}

static int be_host(const struct waker *bell) {
  return visit_and_say(bell, waker_token(bell));
}

static bool is_readable(int descriptor, int milliseconds) {
  struct pollfd watched = {.fd = descriptor, .events = POLLIN};
  return poll(&watched, 1, milliseconds) == 1;
}

static bool hears(int host) {
  char byte = 0;
  return is_readable(host, LONG) && recv(host, &byte, 1, 0) == 1 && byte == '!';
}

/* How many rings are there to be heard. */
static int count_rings(int host) {
  char bytes[1000];
  int count = 0;
  ssize_t length;
  while ((length = recv(host, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) count += (int)length;
  return count;
}

static int count_entries(const char *path) {
  DIR *folder = opendir(path);
  int count = 0;
  if (!folder) abort();
  while (readdir(folder)) count++;
  closedir(folder);
  return count;
}

static int count_threads(void) {
  return count_entries("/proc/self/task");
}

static int count_descriptors(void) {
  return count_entries("/proc/self/fd");
}

/* A thread that was joined may be seen for a moment still. */
static bool has_threads(int wanted) {
  for (int i = 0; i < 1000 && count_threads() != wanted; i++) poll(NULL, 0, 1);
  return count_threads() == wanted;
}

static void rings_once_and_then_each_second(void) {
  struct waker *bell = bell_new();
  struct pair pair = pair_open();
  int host = be_host(bell);
  CHECK(waker_arm(bell, pair.ours), "a descriptor can be watched");
  say(pair);
  CHECK(hears(host), "it rings when the descriptor becomes readable");
  CHECK(hears(host), "it rings once more when a second has passed");
  CHECK(count_rings(host) < 3, "but not for each look at a descriptor that stays readable");
  CHECK(waker_arm(bell, pair.ours) && hears(host), "it rings at once for one that is readable already");
  CHECK(hears(host) && count_rings(host) < 3, "and for that, too, but once");
  waker_delete(bell);
  close(host);
  pair_close(pair);
}

static void rings_again_when_armed_again(void) {
  struct waker *bell = bell_new();
  struct pair pair = pair_open();
  int host = be_host(bell), rings = 0;
  while (rings < 100) {
    char byte;
    waker_arm(bell, pair.ours);
    say(pair);
    if (!hears(host)) break;
    rings++;
    if (read(pair.ours, &byte, 1) != 1) abort();
  }
  CHECK(rings == 100, "it rings each time it was armed, %d of 100", rings);
  waker_delete(bell);
  close(host);
  pair_close(pair);
}

static void listens_to_who_knows_the_token(void) {
  int descriptors = count_descriptors();
  struct waker *bell = bell_new(), *another = bell_new();
  struct pair pair = pair_open();
  char longer[100];
  int strangers[5], host, rings = 0;
  CHECK(strlen(waker_token(bell)) == 32 && strspn(waker_token(bell), "0123456789abcdef") == 32,
        "a token is 128 bits in hexadecimal digits");
  CHECK(strcmp(waker_token(bell), waker_token(another)) != 0, "each bell has its own");
  snprintf(longer, sizeof longer, "%s0", waker_token(bell));
  strangers[0] = visit(bell);
  strangers[1] = visit_and_say(bell, waker_token(another));
  strangers[2] = visit_and_say(bell, longer);
  strangers[3] = visit_and_say(bell, "x");
  say(pair);
  waker_arm(bell, pair.ours);
  host = be_host(bell);
  CHECK(hears(host), "the host is heard among strangers");
  strangers[4] = be_host(bell);
  while (rings < 100 && waker_arm(bell, pair.ours) && hears(host)) rings++;
  CHECK(rings == 100, "and after one more has come who knows the token");
  EACH(stranger, strangers) {
    CHECK(count_rings(*stranger) == 0, "nobody else hears the bell");
    close(*stranger);
  }
  waker_delete(bell);
  waker_delete(another);
  close(host);
  pair_close(pair);
  CHECK(count_descriptors() == descriptors, "and of strangers nothing is kept");
}

/* Each bell rings when a second has passed. The younger one rings before the older only for what it was armed
 * with; a machine that sleeps for that long gets another try. */
static bool owed_ring_comes_first(void) {
  enum { DISTANCE = 300 }; /* milliseconds */
  struct waker *older = bell_new(), *bell;
  struct pair pair = pair_open();
  int older_host = be_host(older), host;
  bool came_first;
  poll(NULL, 0, DISTANCE);
  bell = bell_new();
  say(pair);
  waker_arm(bell, pair.ours);
  host = be_host(bell);
  came_first = is_readable(host, LONG) && !is_readable(older_host, 0);
  waker_delete(bell);
  waker_delete(older);
  close(host);
  close(older_host);
  pair_close(pair);
  return came_first;
}

static void rings_for_a_host_that_comes_late(void) {
  bool came_first = false;
  for (int i = 0; i < 5 && !came_first; i++) came_first = owed_ring_comes_first();
  CHECK(came_first, "a ring from before the host's hello is made up for");
}

static void bears_the_end_of_what_it_watches(void) {
  struct waker *bell = bell_new();
  struct pair pair = pair_open(), fresh = pair_open();
  int host = be_host(bell);
  waker_arm(bell, pair.ours);
  if (dup2(fresh.ours, pair.ours) != pair.ours) abort(); /* closes the one of old */
  say(fresh);
  CHECK(waker_arm(bell, pair.ours) && hears(host), "a new descriptor of an old number can be watched");
  close(pair.ours);
  CHECK(!waker_arm(bell, pair.ours), "a closed one cannot");
  CHECK(!waker_arm(bell, -1), "nor can none");
  waker_arm(bell, fresh.ours);
  CHECK(hears(host), "and the bell goes on");
  waker_delete(bell);
  close(host);
  close(pair.other);
  pair_close(fresh);
}

static void bears_the_end_of_its_host(void) {
  struct waker *bell = bell_new();
  struct pair pair = pair_open();
  close(be_host(bell));
  say(pair);
  for (int i = 0; i < 100; i++) waker_arm(bell, pair.ours);
  waker_delete(bell);
  pair_close(pair);
  CHECK(true, "nobody need listen");
}

static void leaves_nothing_behind(void) {
  int threads = count_threads(), descriptors = count_descriptors();
  struct pair pair = pair_open();
  waker_delete(NULL);
  for (int i = 0; i < 100; i++) {
    struct waker *bell = bell_new();
    int visitor = i % 3 == 0 ? visit(bell) : be_host(bell);
    waker_arm(bell, pair.ours);
    if (i % 2 == 0) say(pair);
    waker_delete(bell);
    close(visitor);
  }
  pair_close(pair);
  CHECK(has_threads(threads), "its thread has ended when it is deleted");
  CHECK(count_descriptors() == descriptors, "and its descriptors are closed");
}

static void is_the_parents(void) {
  struct waker *bell = bell_new();
  struct pair pair = pair_open();
  int host = be_host(bell), status = -1;
  pid_t child;
  waker_arm(bell, pair.ours);
  say(pair);
  CHECK(hears(host), "a parent hears its bell");
  child = fork();
  if (child == 0) {
    int descriptors = count_descriptors();
    waker_delete(bell);
    _exit(count_descriptors() < descriptors ? 0 : 1);
  }
  CHECK(waitpid(child, &status, 0) == child && status == 0, "a forked child gives up what it inherited");
  CHECK(waker_arm(bell, pair.ours) && hears(host), "which leaves the parent's bell alone");
  waker_delete(bell);
  close(host);
  pair_close(pair);
}

/* The mask of blocked signals of the only other thread. */
static unsigned long long signals_blocked_beside(void) {
  DIR *folder = opendir("/proc/self/task");
  struct dirent *entry;
  unsigned long long blocked = 0;
  while (folder && (entry = readdir(folder))) {
    char path[300], line[200];
    FILE *file;
    if (*entry->d_name == '.' || atoi(entry->d_name) == getpid()) continue;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
    file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) sscanf(line, "SigBlk: %llx", &blocked);
    if (file) fclose(file);
  }
  if (folder) closedir(folder);
  return blocked;
}

static void takes_no_signals(void) {
  static const int signals[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGALRM, SIGTERM,
                                SIGCHLD, SIGUSR1, SIGUSR2, SIGWINCH};
  struct waker *bell = bell_new();
  struct pair pair = pair_open();
  int host = be_host(bell);
  unsigned long long blocked;
  sigset_t ours;
  say(pair);
  CHECK(waker_arm(bell, pair.ours) && hears(host), "its thread is at work");
  blocked = signals_blocked_beside();
  EACH(signal, signals)
  CHECK(blocked >> (*signal - 1) & 1, "its thread leaves signal %d to the host", *signal);
  sigprocmask(SIG_BLOCK, NULL, &ours);
  CHECK(sigismember(&ours, SIGTERM) == 0, "who goes on to take them");
  waker_delete(bell);
  close(host);
  pair_close(pair);
}

static void tells_of_want(void) {
  struct failure failure = {0};
  struct rlimit before, none;
  struct waker *bell;
  int descriptors = count_descriptors(), highest = dup(0);
  getrlimit(RLIMIT_NOFILE, &before);
  close(highest);
  for (int room = 0; room < 3; room++) {
    none = (struct rlimit){(rlim_t)(highest + room), before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    bell = waker_new(&failure);
    setrlimit(RLIMIT_NOFILE, &before);
    CHECK(!bell && strcmp(failure.message, "the waker could not be made: Too many open files") == 0,
          "with room for %d descriptors there is no bell: %s", room, failure.message);
    CHECK(count_descriptors() == descriptors, "and nothing of it");
  }
}

int main(void) {
  rings_once_and_then_each_second();
  rings_again_when_armed_again();
  listens_to_who_knows_the_token();
  rings_for_a_host_that_comes_late();
  bears_the_end_of_what_it_watches();
  bears_the_end_of_its_host();
  leaves_nothing_behind();
  is_the_parents();
  takes_no_signals();
  tells_of_want();
  return unit_end();
}

#else

int main(void) {
  struct failure failure = {0};
  CHECK(!waker_new(&failure) && failure.kind == FAILURE_CONNECTION, "there is no bell on this system");
  waker_delete(NULL);
  return unit_end();
}

#endif
