/* SPDX-License-Identifier: MIT */
#include "binding/lua_part.h"

#include "binding/lua_block.h"
#include "binding/lua_compat.h"
#include "binding/lua_fields.h"
#include "binding/lua_file.h"
#include "binding/lua_program.h"
#include "binding/lua_raise.h"
#include "binding/lua_slots.h"
#include "uploads/upload_request.h"

#include <errno.h>
#include <inttypes.h>

enum { OFFSET_UNKNOWN = -1, BYTES_OF_MIB = 1024 * 1024 };

/* in a row: nothing else happens while the function is called */
enum { MAX_EMPTY_CHUNKS = 1000 * 1000 };

static bool check_file(lua_State *L, const struct lua_part *part) {
  if (!lua_isnil(L, part->rewind)) return lua_fields_complain(L, "params.rewind goes with a data function");
  return lua_file_test(L, part->file) || lua_fields_check_text(L, part->file, "file", "a path");
}

static bool check_data(lua_State *L, const struct lua_part *part) {
  FILE *file = NULL;
  bool has_rewind = !lua_isnil(L, part->rewind);
  if (has_rewind && !lua_isfunction(L, part->data))
    return lua_fields_complain(L, "params.rewind goes with a data function");
  if (lua_type(L, part->data) == LUA_TSTRING) return true;
  if (part->offset != OFFSET_UNKNOWN)
    return lua_fields_complain(L, "params.offset goes with a string, or with params.file");
  if (lua_isfunction(L, part->data))
    return !has_rewind || lua_isfunction(L, part->rewind) ||
           lua_fields_complain(L, "params.rewind must be a function");
  if (lua_block_test(L, part->data)) return true;
  if (!compat_is_file(L, part->data, &file)) {
    lua_pushfstring(L, "params.data must be a string, an open file or a function, got %s",
                    luaL_typename(L, part->data));
    return false;
  }
  return file || lua_fields_complain(L, "params.data is a closed file");
}

const char *const lua_part_names[] = {"data", "file", "offset", "length", "rewind", "md5", NULL};

bool lua_part_read(lua_State *L, int index, const char *const names[], int64_t max_bytes,
                   struct lua_part *part) {
  bool has_data, has_file;
  *part = (struct lua_part){.offset = OFFSET_UNKNOWN, .length = BYTE_SOURCE_UNKNOWN, .max_bytes = max_bytes};
  if (!lua_fields_check_names(L, index, names)) return false;
  part->data = lua_fields_push(L, index, "data");
  part->file = lua_fields_push(L, index, "file");
  part->rewind = lua_fields_push(L, index, "rewind");
  if (!lua_fields_read_whole(L, index, "offset", &part->offset) ||
      !lua_fields_read_whole(L, index, "length", &part->length) ||
      !lua_fields_read_boolean(L, index, "md5", &part->md5))
    return false;
  has_data = !lua_isnil(L, part->data);
  has_file = !lua_isnil(L, part->file);
  if (has_data == has_file)
    return lua_fields_complain(L, has_data ? "params.data and params.file exclude each other"
                                           : "params.data is missing, and so is params.file");
  return has_file ? check_file(L, part) : check_data(L, part);
}

/* The number of bytes, when it is known, must fit into one call. */
static void check_size(const struct byte_source *source, int64_t max_bytes, struct failure *problem) {
  if (problem->kind != FAILURE_NONE || byte_source_length(source) <= max_bytes) return;
  failure_set(problem, FAILURE_TOO_LARGE,
              "%s takes at most %" PRId64 " bytes (%" PRId64 " MiB), and this one has %" PRId64,
              max_bytes == UPLOAD_REQUEST_MAX_PART_BYTES ? "a part" : "a file in one call", max_bytes,
              max_bytes / BYTES_OF_MIB, byte_source_length(source));
}

/* `name`: of the whole that the range is taken from. */
static struct byte_range range_of(const struct lua_part *part, const char *name) {
  return (struct byte_range){name, part->offset == OFFSET_UNKNOWN ? 0 : part->offset, part->length};
}

/* Opens a path, or the core's file, which may be closed by now. */
static void open_file(lua_State *L, const struct lua_part *part, struct byte_source *source,
                      struct failure *problem) {
  const struct regular_file *shared = lua_file_test(L, part->file);
  const char *path = lua_tostring(L, part->file);
  const char *name = path ? path : "the file";
  struct regular_file file = {.descriptor = -1};
  bool is_open = shared ? regular_file_share(&file, shared, problem)
                 : path ? regular_file_open(&file, path, problem)
                        : failure_set(problem, FAILURE_FILE, "the file was closed before it could be read");
  if (is_open) byte_source_of_file(source, file, range_of(part, name), problem);
}

/* Flushes Lua's buffer first, and duplicates the descriptor, because Lua may close the file meanwhile. */
static void open_io_file(const struct lua_part *part, FILE *stream, struct byte_source *source,
                         struct failure *problem) {
  struct byte_range range = range_of(part, "the file");
  struct regular_file file;
  off_t position;
  if (!stream) { /* a finalizer, which may run whenever Lua takes memory, has closed it */
    failure_set(problem, FAILURE_FILE, "the file was closed before it could be read");
    return;
  }
  if (fflush(stream) != 0) {
    failure_set_errno(problem, errno, "what was written to the file did not get into it");
    return;
  }
  position = ftello(stream);
  range.offset = position > 0 ? (int64_t)position : 0;
  if (regular_file_borrow(&file, fileno(stream), problem)) byte_source_of_file(source, file, range, problem);
}

static void open_data(lua_State *L, const struct lua_part *part, struct byte_source *source,
                      struct failure *problem) {
  FILE *stream;
  size_t length;
  const char *text = lua_tolstring(L, part->data, &length);
  struct byte_block *block = lua_block_test(L, part->data);
  if (block)
    byte_source_of_block(source, block);
  else if (text)
    byte_source_of_memory(source, text, (int64_t)length, range_of(part, "the data"), problem);
  else if (compat_is_file(L, part->data, &stream))
    open_io_file(part, stream, source, problem);
  else
    byte_source_of_chunks(source, part->length, part->max_bytes, !lua_isnil(L, part->rewind));
}

static void keep(lua_State *L, int value, int call_slots, enum call_slot slot) {
  lua_pushvalue(L, value);
  lua_rawseti(L, call_slots, slot);
}

void lua_part_open(lua_State *L, const struct lua_part *part, struct byte_source *source, int call_slots,
                   struct failure *problem) {
  keep(L, part->data, call_slots, CALL_SLOT_DATA);
  keep(L, part->rewind, call_slots, CALL_SLOT_REWIND);
  if (lua_isnil(L, part->file))
    open_data(L, part, source, problem);
  else
    open_file(L, part, source, problem);
  if (part->md5) byte_source_digest(source);
  check_size(source, part->max_bytes, problem);
}

/* The two results of the data function are on top of the stack. */
static bool check_chunk(lua_State *L, struct failure *failure) {
  if (lua_type(L, -2) == LUA_TSTRING || (lua_isnil(L, -2) && lua_isnil(L, -1))) return true;
  if (!lua_isnil(L, -2))
    return failure_set(failure, FAILURE_ABORTED, "the data function gave a %s where a string was expected",
                       luaL_typename(L, -2));
  lua_raise_describe(L);
  return failure_set(failure, FAILURE_ABORTED, "the data function gave up: %s", lua_tostring(L, -1));
}

/* The function may have stepped the client. Then its chunk does not belong to an attempt that began since. */
static bool wants_it(const struct lua_transfer *holder, unsigned attempt) {
  const struct transfer *transfer = holder->transfer;
  return transfer && transfer->attempts == attempt && transfer_wants_chunk(transfer);
}

void lua_part_feed(lua_State *L, int call_slots, const struct lua_transfer *holder) {
  struct transfer *transfer = holder->transfer;
  struct failure failure = {0};
  const char *chunk = NULL;
  size_t length = 0;
  unsigned attempt = transfer->attempts;
  int top = lua_gettop(L);
  int empty = 0;
  bool given;
  byte_source_note_asked(transfer->request.source);
  do { /* an empty chunk is not the end */
    lua_settop(L, top);
    lua_rawgeti(L, call_slots, CALL_SLOT_DATA);
    given = lua_program_ask(L, transfer->client, "data", 0, 2, NULL, &failure) && check_chunk(L, &failure);
    chunk = given ? lua_tolstring(L, -2, &length) : NULL;
    if (chunk && length == 0 && ++empty > MAX_EMPTY_CHUNKS)
      given = failure_set(&failure, FAILURE_ABORTED,
                          "the data function gave %d empty strings in a row: return nil at the end",
                          MAX_EMPTY_CHUNKS);
  } while (given && chunk && length == 0 && wants_it(holder, attempt));
  if (!given) {
    if (!lua_transfer_is_spent(holder) && transfer->state != TRANSFER_DONE)
      transfer_fail(transfer, failure.kind, failure.message);
    return;
  }
  if (!wants_it(holder, attempt)) return;
  lua_pushvalue(L, -2);
  lua_rawseti(L, call_slots, CALL_SLOT_CHUNK);
  transfer_feed(transfer, chunk, length);
}

void lua_part_forget(lua_State *L, int call_slots) {
  static const enum call_slot values[] = {CALL_SLOT_DATA, CALL_SLOT_REWIND, CALL_SLOT_CHUNK};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    lua_pushnil(L);
    lua_rawseti(L, call_slots, values[i]);
  }
}

bool lua_part_rewind(lua_State *L, int call_slots, const struct transfer *transfer, struct failure *failure) {
  const struct byte_source *source = transfer->request.source;
  if (!source || !byte_source_must_refeed(source)) return true;
  lua_rawgeti(L, call_slots, CALL_SLOT_REWIND);
  return lua_program_ask(L, transfer->client, "rewind", 0, 0, NULL, failure);
}
