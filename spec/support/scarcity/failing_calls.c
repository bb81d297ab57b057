/* SPDX-License-Identifier: MIT */
/* To be preloaded, and also loaded by Lua as a module. Makes the n-th call of a kind fail in the whole
 * process, alone or with all calls after it. Counts the blocks that our module has not freed and the handles
 * of libcurl. Needs glibc, whose allocator has other names as well. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <link.h>
#include <lua.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

/* --- which call fails --------------------------------------------------------------------------------------
 */

static struct {
  const char *kind; /* NULL: none */
  int error;
  bool keeps_failing;
  atomic_long allowed, refused;
} armed;

static bool refuses(const char *kind) {
  if (!armed.kind || strcmp(armed.kind, kind) != 0 || atomic_fetch_sub(&armed.allowed, 1) > 0) return false;
  if (atomic_fetch_add(&armed.refused, 1) > 0 && !armed.keeps_failing) {
    atomic_fetch_sub(&armed.refused, 1);
    return false;
  }
  errno = armed.error;
  return true;
}

/* --- memory ------------------------------------------------------------------------------------------------
 */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

enum { MAX_BLOCKS = 4096 };
static void *blocks[MAX_BLOCKS]; /* allocated by our module and not freed */
static int block_count;
static pthread_mutex_t block_lock = PTHREAD_MUTEX_INITIALIZER;

/* The code of a shared library. */
struct library {
  const char *name; /* a part of its path */
  uintptr_t first, last;
};
static struct library ours = {"openai_uploads/core", 0, 0}, cjson = {"cjson", 0, 0},
                      libcurl = {"libcurl.so", 0, 0};
/* Those that libcurl alone calls. */
static struct library beneath[] = {{"libssl.so", 0, 0}, {"libcrypto.so", 0, 0}, {"libnghttp2.so", 0, 0}};
enum { BENEATH = sizeof beneath / sizeof beneath[0] };

static bool is_of(const struct library *library, const void *caller) {
  return (uintptr_t)caller >= library->first && (uintptr_t)caller < library->last;
}

static __thread bool keeps_session; /* see keep_session_with_memory */

/* lua-cjson ends the process when it has no memory. */
static bool refuses_memory(const void *caller) {
  return !keeps_session && !is_of(&cjson, caller) && refuses("malloc");
}

static void note_block(void *block, const void *caller) {
  if (!block || !is_of(&ours, caller)) return;
  pthread_mutex_lock(&block_lock);
  if (block_count == MAX_BLOCKS) abort();
  blocks[block_count++] = block;
  pthread_mutex_unlock(&block_lock);
}

static void forget_block(const void *block) {
  if (!block || !ours.last) return;
  pthread_mutex_lock(&block_lock);
  for (int i = block_count - 1; i >= 0; i--) {
    if (blocks[i] != block) continue;
    blocks[i] = blocks[--block_count];
    break;
  }
  pthread_mutex_unlock(&block_lock);
}

#define CALLER __builtin_return_address(0)

void *malloc(size_t size) {
  void *block = refuses_memory(CALLER) ? NULL : __libc_malloc(size);
  note_block(block, CALLER);
  return block;
}

void *calloc(size_t count, size_t size) {
  void *block = refuses_memory(CALLER) ? NULL : __libc_calloc(count, size);
  note_block(block, CALLER);
  return block;
}

void free(void *block) {
  int error = errno;
  forget_block(block);
  __libc_free(block);
  errno = error;
}

/* Lua relies on shrinking a block, so that never fails. */
void *realloc(void *block, size_t size) {
  extern size_t malloc_usable_size(void *);
  bool grows = !block || size > malloc_usable_size(block);
  void *moved;
  if (grows && refuses_memory(CALLER)) return NULL;
  moved = __libc_realloc(block, size);
  if (moved || size == 0) forget_block(block);
  note_block(moved, CALLER);
  return moved;
}

static char *copy_text(const char *text, size_t length, const void *caller) {
  char *copy = refuses_memory(caller) ? NULL : __libc_malloc(length + 1);
  note_block(copy, caller);
  if (!copy) return NULL;
  memcpy(copy, text, length);
  copy[length] = '\0';
  return copy;
}

char *strdup(const char *text) {
  return copy_text(text, strlen(text), CALLER);
}

char *strndup(const char *text, size_t most) {
  return copy_text(text, strnlen(text, most), CALLER);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
  if (refuses("malloc")) return ENOMEM;
  *block = __libc_memalign(alignment, size);
  return *block ? 0 : ENOMEM;
}

void *aligned_alloc(size_t alignment, size_t size) {
  return refuses("malloc") ? NULL : __libc_memalign(alignment, size);
}

void *memalign(size_t alignment, size_t size) {
  return refuses("malloc") ? NULL : __libc_memalign(alignment, size);
}

/* --- calls of the system -----------------------------------------------------------------------------------
 */

static void *next(const char *name) {
  return dlsym(RTLD_NEXT, name);
}

/* One of the system's functions, which returns -1 when it fails. */
#define CALL(kind, result, name, parameters, ...)                                                            \
  result name parameters {                                                                                   \
    static result(*real) parameters;                                                                         \
    if (!real) real = next(#name);                                                                           \
    return refuses(kind) ? (result)(-1) : real(__VA_ARGS__);                                                 \
  }

CALL("read", ssize_t, read, (int descriptor, void *bytes, size_t size), descriptor, bytes, size)
CALL("pread", ssize_t, pread, (int descriptor, void *bytes, size_t size, off_t at), descriptor, bytes, size,
     at)
CALL("pread", ssize_t, pread64, (int descriptor, void *bytes, size_t size, off64_t at), descriptor, bytes,
     size, at)
CALL("write", ssize_t, write, (int descriptor, const void *bytes, size_t size), descriptor, bytes, size)

/* A connection that is broken stays so: OpenSSL would send what it could not when it is closed. */
ssize_t send(int descriptor, const void *bytes, size_t size, int flags) {
  static ssize_t (*real)(int, const void *, size_t, int);
  if (!real) real = next("send");
  if (!refuses("send")) return real(descriptor, bytes, size, flags);
  if (errno == EPIPE) {
    shutdown(descriptor, SHUT_RDWR);
    errno = EPIPE;
  }
  return -1;
}

CALL("recv", ssize_t, recv, (int descriptor, void *bytes, size_t size, int flags), descriptor, bytes, size,
     flags)
CALL("connect", int, connect, (int descriptor, const struct sockaddr *address, socklen_t size), descriptor,
     address, size)
CALL("socket", int, socket, (int family, int type, int protocol), family, type, protocol)
CALL("epoll_ctl", int, epoll_ctl, (int set, int what, int descriptor, struct epoll_event *event), set, what,
     descriptor, event)
CALL("epoll_wait", int, epoll_wait, (int set, struct epoll_event *events, int most, int milliseconds), set,
     events, most, milliseconds)
CALL("epoll_create1", int, epoll_create1, (int flags), flags)
CALL("timerfd_create", int, timerfd_create, (int clock, int flags), clock, flags)
CALL("timerfd_settime", int, timerfd_settime,
     (int descriptor, int flags, const struct itimerspec *to, struct itimerspec *from), descriptor, flags, to,
     from)
CALL("fstat", int, fstat, (int descriptor, struct stat *found), descriptor, found)
CALL("fstat", int, fstat64, (int descriptor, struct stat64 *found), descriptor, found)
CALL("fsync", int, fsync, (int descriptor), descriptor)
CALL("rename", int, rename, (const char *from, const char *to), from, to)
CALL("getsockopt", int, getsockopt, (int descriptor, int level, int name, void *value, socklen_t *size),
     descriptor, level, name, value, size)
CALL("setsockopt", int, setsockopt, (int descriptor, int level, int name, const void *value, socklen_t size),
     descriptor, level, name, value, size)
CALL("getsockname", int, getsockname, (int descriptor, struct sockaddr *address, socklen_t *size), descriptor,
     address, size)
CALL("getpeername", int, getpeername, (int descriptor, struct sockaddr *address, socklen_t *size), descriptor,
     address, size)
CALL("pipe", int, pipe, (int ends[2]), ends)
CALL("socketpair", int, socketpair, (int domain, int type, int protocol, int ends[2]), domain, type, protocol,
     ends)
CALL("eventfd", int, eventfd, (unsigned count, int flags), count, flags)

/* Functions with an optional argument. */
#define CALL_OPEN(name)                                                                                      \
  int name(const char *path, int flags, ...) {                                                               \
    static int (*real)(const char *, int, ...);                                                              \
    va_list more;                                                                                            \
    mode_t mode;                                                                                             \
    va_start(more, flags);                                                                                   \
    mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;                                                       \
    va_end(more);                                                                                            \
    if (!real) real = next(#name);                                                                           \
    return refuses("open") ? -1 : real(path, flags, mode);                                                   \
  }
CALL_OPEN(open)
CALL_OPEN(open64)

#define CALL_FOPEN(name)                                                                                     \
  FILE *name(const char *path, const char *mode) {                                                           \
    static FILE *(*real)(const char *, const char *);                                                        \
    if (!real) real = next(#name);                                                                           \
    return refuses("open") ? NULL : real(path, mode);                                                        \
  }
CALL_FOPEN(fopen)
CALL_FOPEN(fopen64)

#define CALL_FCNTL(name)                                                                                     \
  int name(int descriptor, int command, ...) {                                                               \
    static int (*real)(int, int, ...);                                                                       \
    va_list more;                                                                                            \
    void *argument;                                                                                          \
    va_start(more, command);                                                                                 \
    argument = va_arg(more, void *);                                                                         \
    va_end(more);                                                                                            \
    if (!real) real = next(#name);                                                                           \
    return refuses("fcntl") ? -1 : real(descriptor, command, argument);                                      \
  }
CALL_FCNTL(fcntl)
CALL_FCNTL(fcntl64)

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *data) {
  static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  if (!real) real = next("pthread_create");
  return refuses("pthread_create") ? armed.error : real(thread, attributes, body, data);
}

/* --- libcurl's handles -------------------------------------------------------------------------------------
 */

static int handles;
static __thread bool inside; /* libcurl's multi handles and shares have easy ones of their own */

/* Lua loads libcurl with our module, so that neither it nor what it needs is among the libraries that come
 * next. */
static void *function_of(const char *library_name, const char *name) {
  void *library = dlopen(library_name, RTLD_LAZY | RTLD_NOLOAD);
  return library ? dlsym(library, name) : NULL;
}

static void *of_libcurl(const char *name) {
  return function_of("libcurl.so.4", name);
}

#define COUNT_NEW(name)                                                                                      \
  void *name(void) {                                                                                         \
    static void *(*real)(void);                                                                              \
    void *made;                                                                                              \
    if (!real) real = of_libcurl(#name);                                                                     \
    if (inside) return real();                                                                               \
    inside = true;                                                                                           \
    made = real();                                                                                           \
    inside = false;                                                                                          \
    if (made) handles++;                                                                                     \
    return made;                                                                                             \
  }
COUNT_NEW(curl_easy_init)
COUNT_NEW(curl_multi_init)
COUNT_NEW(curl_share_init)

void curl_easy_cleanup(void *easy) {
  static void (*real)(void *);
  if (!real) real = of_libcurl("curl_easy_cleanup");
  if (easy && !inside) handles--;
  real(easy);
}

/* As libcurl 8.20 and later do while they lack the memory to watch a descriptor of their own. */
int curl_multi_socket_action(void *multi, int descriptor, int what, int *running) {
  static int (*real)(void *, int, int, int *);
  enum { CURLM_OUT_OF_MEMORY = 3 };
  if (!real) real = of_libcurl("curl_multi_socket_action");
  return refuses("multi") ? CURLM_OUT_OF_MEMORY : real(multi, descriptor, what, running);
}

#define COUNT_CLEANUP(name)                                                                                  \
  int name(void *handle) {                                                                                   \
    static int (*real)(void *);                                                                              \
    int code;                                                                                                \
    if (!real) real = of_libcurl(#name);                                                                     \
    inside = true;                                                                                           \
    code = real(handle);                                                                                     \
    inside = false;                                                                                          \
    if (handle && code == 0) handles--;                                                                      \
    return code;                                                                                             \
  }
COUNT_CLEANUP(curl_multi_cleanup)
COUNT_CLEANUP(curl_share_cleanup)

void *curl_mime_init(void *easy) {
  static void *(*real)(void *);
  void *made;
  if (!real) real = of_libcurl("curl_mime_init");
  made = real(easy);
  if (made) handles++;
  return made;
}

void curl_mime_free(void *mime) {
  static void (*real)(void *);
  if (!real) real = of_libcurl("curl_mime_free");
  if (mime) handles--;
  real(mime);
}

/* --- libcurl's TLS sessions --------------------------------------------------------------------------------
 */

typedef int session_function(void *connection, void *session);
static session_function *keep_session; /* libcurl's, for each of its contexts the same */

/* The beginning of curl_version_info_data. */
struct about_libcurl {
  int age;
  const char *version;
  unsigned number;
};

/* libcurl before 8.12 frees a block twice where it lacks the memory to keep a session. So it has memory here.
 */
static int keep_session_with_memory(void *connection, void *session) {
  struct about_libcurl *(*about)(int) = of_libcurl("curl_version_info");
  int kept;
  keeps_session = about(0)->number < 0x080c00;
  kept = keep_session(connection, session);
  keeps_session = false;
  return kept;
}

void SSL_CTX_sess_set_new_cb(void *context, session_function *function) {
  static void (*real)(void *, session_function *);
  if (!real) real = function_of("libssl.so.3", "SSL_CTX_sess_set_new_cb");
  if (function) keep_session = function;
  real(context, function ? keep_session_with_memory : NULL);
}

/* --- for Lua -----------------------------------------------------------------------------------------------
 */

static int find_library(struct dl_phdr_info *info, size_t size, void *data) {
  struct library *library = data;
  (void)size;
  if (!strstr(info->dlpi_name, library->name)) return 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    uintptr_t first = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
    if (info->dlpi_phdr[i].p_type != PT_LOAD || !(info->dlpi_phdr[i].p_flags & PF_X)) continue;
    library->first = first;
    library->last = first + info->dlpi_phdr[i].p_memsz;
  }
  return 1;
}

/* arm(kind, allowed, keeps_failing, errno): `allowed` calls of that kind go well before the first that fails
 */
static int calls_arm(lua_State *L) {
  const char *kind = luaL_checkstring(L, 1);
  long allowed = (long)luaL_checkinteger(L, 2);
  bool keeps_failing = lua_toboolean(L, 3);
  int error = (int)luaL_optinteger(L, 4, ENOMEM);
  lua_pushvalue(L, 1);
  lua_rawseti(L, lua_upvalueindex(1), 1); /* the text stays */
  armed.error = error;
  armed.keeps_failing = keeps_failing;
  armed.allowed = allowed;
  armed.refused = 0;
  armed.kind = kind;
  return 0;
}

/* disarm() -> how many calls failed, how many there were. Lua's memory may be out until then. */
static int calls_disarm(lua_State *L) {
  armed.kind = NULL;
  lua_pushinteger(L, (lua_Integer)armed.refused);
  lua_pushinteger(L, (lua_Integer)armed.allowed);
  return 2;
}

/* held() -> blocks that our module has not freed, handles of libcurl */
static int calls_held(lua_State *L) {
  if (!ours.last) {
    dl_iterate_phdr(find_library, &ours);
    dl_iterate_phdr(find_library, &cjson);
    dl_iterate_phdr(find_library, &libcurl);
    for (int i = 0; i < BENEATH; i++) dl_iterate_phdr(find_library, &beneath[i]);
  }
  lua_pushinteger(L, block_count);
  lua_pushinteger(L, handles);
  return 2;
}

enum { EXCUSED = 77 };

static void on_division(int number, siginfo_t *about, void *context) {
  (void)context;
  if (is_of(&libcurl, about->si_addr)) _exit(EXCUSED);
  signal(number, SIG_DFL);
}

/* The instruction that a signal interrupted; NULL where this does not know the machine. */
static const void *instruction_of(const ucontext_t *context) {
#if defined __x86_64__
  return (const void *)context->uc_mcontext.gregs[REG_RIP];
#elif defined __aarch64__
  return (const void *)context->uc_mcontext.pc;
#else
  (void)context;
  return NULL;
#endif
}

static bool is_beneath_libcurl(const void *instruction) {
  for (int i = 0; i < BENEATH; i++)
    if (is_of(&beneath[i], instruction)) return true;
  return false;
}

static void on_bad_address(int number, siginfo_t *about, void *context) {
  enum { FIRST_PAGE = 4096 };
  if ((uintptr_t)about->si_addr < FIRST_PAGE && is_beneath_libcurl(instruction_of(context))) _exit(EXCUSED);
  signal(number, SIG_DFL);
}

/* excuse(): where memory is out, libcurl 7.88 divides by zero, and the libraries beneath it are called with a
 * null pointer, or follow one (OpenSSL 3.5, nghttp2 1.52). Either ends the process with EXCUSED. */
static int calls_excuse(lua_State *L) {
  struct sigaction action = {.sa_sigaction = on_division, .sa_flags = SA_SIGINFO};
  (void)L;
  sigaction(SIGFPE, &action, NULL);
  action.sa_sigaction = on_bad_address;
  sigaction(SIGSEGV, &action, NULL);
  return 0;
}

/* fork() -> 0 in the child, its pid in the parent */
static int calls_fork(lua_State *L) {
  lua_pushinteger(L, fork());
  return 1;
}

/* wait(pid) -> exit status, or nil and the signal that ended it */
static int calls_wait(lua_State *L) {
  int status = 0;
  while (waitpid((pid_t)luaL_checkinteger(L, 1), &status, 0) < 0 && errno == EINTR) continue;
  if (WIFEXITED(status)) {
    lua_pushinteger(L, WEXITSTATUS(status));
    return 1;
  }
  lua_pushnil(L);
  lua_pushinteger(L, WTERMSIG(status));
  return 2;
}

/* leave(status): ends the process at once, without finalizers */
static int calls_leave(lua_State *L) {
  _exit((int)luaL_checkinteger(L, 1));
}

/* alarm(seconds): a signal ends the process then; 0 cancels that */
static int calls_alarm(lua_State *L) {
  alarm((unsigned)luaL_checkinteger(L, 1));
  return 0;
}

/* limit(name, most) */
static int calls_limit(lua_State *L) {
  struct rlimit limit;
  int resource = strcmp(luaL_checkstring(L, 1), "descriptors") == 0 ? RLIMIT_NOFILE : RLIMIT_AS;
  getrlimit(resource, &limit);
  limit.rlim_cur = (rlim_t)luaL_checkinteger(L, 2);
  if (limit.rlim_cur > limit.rlim_max) limit.rlim_cur = limit.rlim_max;
  lua_pushboolean(L, setrlimit(resource, &limit) == 0);
  return 1;
}

/* descriptors() -> how many are open */
static int calls_descriptors(lua_State *L) {
  int count = 0;
  for (int descriptor = 0; descriptor < 256; descriptor++) count += fcntl(descriptor, F_GETFD) >= 0;
  lua_pushinteger(L, count);
  return 1;
}

static const luaL_Reg functions[] = {
    {"excuse", calls_excuse},
    {"arm", calls_arm},
    {"disarm", calls_disarm},
    {"held", calls_held},
    {"fork", calls_fork},
    {"wait", calls_wait},
    {"leave", calls_leave},
    {"alarm", calls_alarm},
    {"limit", calls_limit},
    {"descriptors", calls_descriptors},
    {NULL, NULL},
};

int luaopen_failing_calls(lua_State *L) {
  lua_newtable(L);
  for (const luaL_Reg *function = functions; function->name; function++) {
    lua_newtable(L);
    lua_pushcclosure(L, function->func, 1);
    lua_setfield(L, -2, function->name);
  }
  return 1;
}
