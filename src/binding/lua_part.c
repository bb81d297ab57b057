/* SPDX-License-Identifier: MIT */
#include "binding/lua_part.h"

#include "binding/lua_compat.h"
#include "binding/lua_failure.h"
#include "binding/lua_file.h"
#include "binding/lua_options.h"
#include "client/upload_request.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

static const int64_t most_bytes = UPLOAD_REQUEST_MAX_PART_BYTES;

static bool complain(lua_State *L, const char *what) {
  lua_pushstring(L, what);
  return false;
}

/* Whether the key at `index`, which is a string, is a name that we know. */
static bool is_known(lua_State *L, int index) {
  static const char *const names[] = {"data", "file", "offset", "length", "rewind", "md5"};
  size_t length;
  const char *name = lua_tolstring(L, index, &length);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i]) == 0 && strlen(name) == length) return true;
  return false;
}

static bool check_names(lua_State *L, int index) {
  lua_pushnil(L);
  while (lua_next(L, index)) {
    if (lua_type(L, -2) != LUA_TSTRING || !is_known(L, -2)) {
      lua_pushfstring(L, "params has an unknown field '%s'",
                      lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : luaL_typename(L, -2));
      return false;
    }
    lua_pop(L, 1);
  }
  return true;
}

/* Pushes the field; complains where it is there and no whole number. */
static bool check_whole(lua_State *L, int index, const char *name) {
  lua_Number number;
  lua_getfield(L, index, name);
  if (lua_isnil(L, -1)) return true;
  number = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
  if (number >= 0 && number == floor(number) && number <= 9e15) return true;
  lua_pushfstring(L, "params.%s must be a whole number that is not negative", name);
  return false;
}

static bool check_file(lua_State *L, int index) {
  lua_getfield(L, index, "file");
  if (lua_type(L, -1) == LUA_TSTRING) {
    size_t length;
    const char *path = lua_tolstring(L, -1, &length);
    return (length > 0 && strlen(path) == length) ||
           complain(L, length ? "params.file contains a NUL byte" : "params.file is empty");
  }
  if (!lua_file_test(L, -1)) {
    lua_pushfstring(L, "params.file must be a path, got %s", luaL_typename(L, -1));
    return false;
  }
  return true;
}

static bool check_data(lua_State *L, int index, bool has_offset, bool has_rewind) {
  FILE *file = NULL;
  lua_getfield(L, index, "data");
  if (has_rewind && !lua_isfunction(L, -1)) return complain(L, "params.rewind goes with a data function");
  if (lua_type(L, -1) == LUA_TSTRING) return true;
  if (has_offset) return complain(L, "params.offset goes with a string, or with params.file");
  if (lua_isfunction(L, -1)) return true;
  if (!compat_is_file(L, -1, &file)) {
    lua_pushfstring(L, "params.data must be a string, an open file or a function, got %s",
                    luaL_typename(L, -1));
    return false;
  }
  return file || complain(L, "params.data is a closed file");
}

static bool has_field(lua_State *L, int index, const char *name) {
  bool has;
  lua_getfield(L, index, name);
  has = !lua_isnil(L, -1);
  lua_pop(L, 1);
  return has;
}

static bool check_md5(lua_State *L, int index) {
  lua_getfield(L, index, "md5");
  return lua_isnil(L, -1) || lua_isboolean(L, -1) || complain(L, "params.md5 must be a boolean");
}

bool lua_part_check(lua_State *L, int index) {
  int top = lua_gettop(L);
  bool has_data = has_field(L, index, "data"), has_file = has_field(L, index, "file");
  bool has_rewind = has_field(L, index, "rewind"), fine;
  if (!check_names(L, index) || !check_whole(L, index, "offset") || !check_whole(L, index, "length") ||
      !check_md5(L, index))
    return false;
  if (has_data == has_file)
    return complain(L, has_data ? "params.data and params.file exclude each other"
                                : "params.data is missing, and so is params.file");
  if (has_file)
    fine = check_file(L, index) && (!has_rewind || complain(L, "params.rewind goes with a data function"));
  else
    fine = check_data(L, index, !lua_isnil(L, top + 1), has_rewind);
  if (fine && has_rewind) {
    lua_getfield(L, index, "rewind");
    fine = lua_isfunction(L, -1) || complain(L, "params.rewind must be a function");
  }
  if (fine) lua_settop(L, top);
  return fine;
}

static int64_t get_whole(lua_State *L, int index, const char *name, int64_t otherwise) {
  int64_t number = otherwise;
  lua_getfield(L, index, name);
  if (!lua_isnil(L, -1)) number = (int64_t)lua_tonumber(L, -1);
  lua_pop(L, 1);
  return number;
}

/* What the source will give, where that is known, must fit into a part. */
static void check_size(const struct byte_source *source, struct failure *problem) {
  if (problem->kind != FAILURE_NONE || source->length <= most_bytes) return;
  failure_set(problem, FAILURE_TOO_LARGE,
              "a part takes at most %" PRId64 " bytes (64 MiB), and this one has %" PRId64, most_bytes,
              source->length);
}

/* `name`: of what the piece is taken from. */
static struct byte_range range_of(lua_State *L, int index, const char *name, int64_t offset) {
  return (struct byte_range){name, offset, get_whole(L, index, "length", BYTE_SOURCE_UNKNOWN)};
}

/* The path or the core's file is on top of the stack. */
static void open_file(lua_State *L, int index, struct byte_source *source, struct failure *problem) {
  const struct regular_file *shared = lua_file_test(L, -1);
  const char *name = shared ? "the file" : lua_tostring(L, -1);
  struct regular_file file;
  if (shared ? regular_file_share(&file, shared, problem) : regular_file_open(&file, name, problem))
    byte_source_of_file(source, file, range_of(L, index, name, get_whole(L, index, "offset", 0)), problem);
}

/* What Lua has written to the file so far shall be in it; and Lua may close it while we read. */
static void open_io_file(lua_State *L, int index, FILE *stream, struct byte_source *source,
                         struct failure *problem) {
  struct regular_file file;
  off_t position;
  if (fflush(stream) != 0) {
    failure_set(problem, FAILURE_FILE, "what was written to the file did not get into it: %s",
                strerror(errno));
    return;
  }
  position = ftello(stream);
  if (regular_file_borrow(&file, fileno(stream), problem))
    byte_source_of_file(source, file, range_of(L, index, "the file", position > 0 ? (int64_t)position : 0),
                        problem);
}

/* The data is on top of the stack. */
static void open_data(lua_State *L, int index, struct byte_source *source, int kept,
                      struct failure *problem) {
  FILE *stream;
  size_t length;
  const char *text = lua_tolstring(L, -1, &length);
  if (text) {
    byte_source_of_memory(source, text, (int64_t)length,
                          range_of(L, index, "the data", get_whole(L, index, "offset", 0)), problem);
  } else if (compat_is_file(L, -1, &stream)) {
    open_io_file(L, index, stream, source, problem);
  } else {
    byte_source_of_chunks(source, get_whole(L, index, "length", BYTE_SOURCE_UNKNOWN), most_bytes,
                          has_field(L, index, "rewind"));
    lua_getfield(L, index, "rewind");
    lua_rawseti(L, kept, LUA_CALLBACK_REWIND);
  }
}

void lua_part_open(lua_State *L, int index, struct byte_source *source, int kept, struct failure *problem) {
  lua_getfield(L, index, "file");
  if (lua_isnil(L, -1)) {
    lua_getfield(L, index, "data");
    lua_pushvalue(L, -1);
    lua_rawseti(L, kept, LUA_CALLBACK_DATA);
    open_data(L, index, source, kept, problem);
    lua_pop(L, 1);
  } else {
    open_file(L, index, source, problem);
  }
  lua_getfield(L, index, "md5");
  if (lua_toboolean(L, -1)) byte_source_digest(source);
  lua_pop(L, 2);
  check_size(source, problem);
}

/* Calls the function on top of the stack, for so many results. False with the failure told when it raises. */
static bool call_program(lua_State *L, const char *name, int results, struct failure *failure) {
  int status = lua_pcall(L, 0, results, 0);
  if (status == 0) return true;
  if (status == LUA_ERRMEM) lua_error(L);
  lua_failure_describe_raised(L);
  return failure_set(failure, FAILURE_ABORTED, "the %s function raised an error: %s", name,
                     lua_tostring(L, -1));
}

/* What the data function gave is on top of the stack, below it its first value. */
static bool check_chunk(lua_State *L, struct failure *failure) {
  if (lua_type(L, -2) == LUA_TSTRING || (lua_isnil(L, -2) && lua_isnil(L, -1))) return true;
  if (!lua_isnil(L, -2))
    return failure_set(failure, FAILURE_ABORTED, "the data function gave a %s where a string was expected",
                       luaL_typename(L, -2));
  lua_failure_describe_raised(L);
  return failure_set(failure, FAILURE_ABORTED, "the data function gave up: %s", lua_tostring(L, -1));
}

/* The function may have stepped the client meanwhile. Then its chunk is not for an attempt that began since.
 */
static bool wants_it(const struct lua_transfer *holder, unsigned attempt) {
  const struct transfer *transfer = holder->transfer;
  return transfer && transfer->attempts == attempt && transfer_wants_chunk(transfer);
}

void lua_part_feed(lua_State *L, int kept, const struct lua_transfer *holder) {
  struct transfer *transfer = holder->transfer;
  struct failure failure = {0};
  const char *chunk = NULL;
  size_t length = 0;
  unsigned attempt = transfer->attempts;
  int top = lua_gettop(L);
  bool given;
  byte_source_note_asked(transfer->request.source);
  do { /* an empty chunk is none, and not the end */
    lua_settop(L, top);
    lua_rawgeti(L, kept, LUA_CALLBACK_DATA);
    given = call_program(L, "data", 2, &failure) && check_chunk(L, &failure);
    chunk = given ? lua_tolstring(L, -2, &length) : NULL;
  } while (chunk && length == 0 && wants_it(holder, attempt));
  if (!given) {
    if (holder->transfer && transfer->state != TRANSFER_DONE)
      transfer_fail(transfer, failure.kind, failure.message);
    return;
  }
  if (!wants_it(holder, attempt)) return;
  lua_pushvalue(L, -2);
  lua_rawseti(L, kept, LUA_CALLBACK_CHUNK);
  transfer_feed(transfer, chunk, length);
}

void lua_part_forget(lua_State *L, int kept) {
  static const enum lua_callback values[] = {LUA_CALLBACK_DATA, LUA_CALLBACK_REWIND, LUA_CALLBACK_CHUNK};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    lua_pushnil(L);
    lua_rawseti(L, kept, values[i]);
  }
}

bool lua_part_rewind(lua_State *L, int kept, const struct transfer *transfer, struct failure *failure) {
  const struct byte_source *source = transfer->request.source;
  if (!source || !source->was_asked) return true;
  lua_rawgeti(L, kept, LUA_CALLBACK_REWIND);
  return call_program(L, "rewind", 0, failure);
}
