/* SPDX-License-Identifier: MIT */
#include "binding/lua_journal.h"

#include "base/journal_file.h"
#include "binding/lua_compat.h"
#include "binding/lua_failure.h"

static const char journal_type[] = "openai_uploads.journal";

static struct journal_file *check_journal(lua_State *L) {
  struct journal_file *journal = luaL_checkudata(L, 1, journal_type);
  if (journal->file.descriptor < 0) luaL_error(L, "the journal is closed");
  return journal;
}

static int push_result(lua_State *L, bool is_done, const struct failure *failure) {
  if (is_done) {
    lua_pushboolean(L, true);
    return 1;
  }
  lua_pushnil(L);
  lua_failure_push_plain(L, failure);
  return 2;
}

static int journal_read(lua_State *L) {
  const struct journal_file *journal = check_journal(L);
  lua_Number most = luaL_checknumber(L, 2);
  struct failure failure = {0};
  luaL_Buffer text;
  luaL_buffinit(L, &text);
  if ((lua_Number)journal->length > most) {
    failure_set(&failure, FAILURE_FILE, "is longer than %.0f bytes", most);
    return push_result(L, false, &failure);
  }
  for (int64_t at = 0; at < journal->length;) {
    char bytes[4096];
    int64_t left = journal->length - at;
    size_t size = left < (int64_t)sizeof bytes ? (size_t)left : sizeof bytes;
    size_t count = regular_file_read(&journal->file, at, bytes, size, &failure);
    if (count == 0) return push_result(L, false, &failure);
    luaL_addlstring(&text, bytes, count);
    at += (int64_t)count;
  }
  luaL_pushresult(&text);
  return 1;
}

static int journal_append(lua_State *L) {
  struct journal_file *journal = check_journal(L);
  struct failure failure = {0};
  size_t length;
  const char *text = luaL_checklstring(L, 2, &length);
  return push_result(L, journal_file_append(journal, text, length, &failure), &failure);
}

static int journal_truncate(lua_State *L) {
  struct journal_file *journal = check_journal(L);
  struct failure failure = {0};
  int64_t length = (int64_t)luaL_checknumber(L, 2);
  luaL_argcheck(L, length >= 0 && length <= journal->length, 2, "a journal can only be made shorter");
  return push_result(L, journal_file_truncate(journal, length, &failure), &failure);
}

static int journal_close(lua_State *L) {
  journal_file_close(luaL_checkudata(L, 1, journal_type));
  return 0;
}

static const luaL_Reg journal_methods[] = {
    {"read", journal_read},   {"append", journal_append}, {"truncate", journal_truncate},
    {"close", journal_close}, {"__gc", journal_close},    {NULL, NULL},
};

void lua_journal_open(lua_State *L) {
  compat_newtype(L, journal_type, journal_methods);
}

int lua_journal_new(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  struct journal_file *journal = compat_newuserdata(L, sizeof *journal);
  struct failure failure = {0};
  *journal = (struct journal_file){.file.descriptor = -1};
  compat_setmetatable(L, journal_type);
  if (journal_file_open(journal, path, &failure)) return 1;
  lua_pushnil(L);
  lua_failure_push_plain(L, &failure);
  return 2;
}
