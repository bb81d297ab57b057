/* SPDX-License-Identifier: MIT */
/* Line coverage of the Lua modules: `require "line_hook"` starts it, in that state and all coroutines that
 * come after. A Lua hook would not do: coroutines that a library creates in C inherit C hooks alone. The
 * first time that a process runs a line, this appends "FILE LINE" to the file LINES, at once, because some
 * processes are killed. */
#include <fcntl.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_FILES = 128, MAX_LINES = 1024, MAX_NAME = 128 };

static struct {
  char name[MAX_NAME];
  bool has_run[MAX_LINES];
} files[MAX_FILES];
static int descriptor = -1;

/* The path from the checkout on: "lua/openai_uploads/init.lua"; NULL for what is not ours. */
static const char *own_name(const char *source) {
  const char *name = strstr(source, "lua/openai_uploads/");
  return source[0] == '@' && name && strlen(name) < MAX_NAME ? name : NULL;
}

static bool *lines_of(const char *name) {
  int index = 0;
  while (index < MAX_FILES - 1 && files[index].name[0] && strcmp(files[index].name, name) != 0) index++;
  strcpy(files[index].name, name);
  return files[index].has_run;
}

/* Silent where it fails: some specs leave a process no room to write, and look at all it says. */
static bool note(const char *name, int line) {
  char text[MAX_NAME + 16];
  int length = snprintf(text, sizeof text, "%s %d\n", name, line);
  return write(descriptor, text, (size_t)length) == length;
}

static void hook(lua_State *L, lua_Debug *event) {
  lua_getinfo(L, "S", event);
  const char *name = own_name(event->source);
  if (!name || event->currentline < 0 || event->currentline >= MAX_LINES) return;
  bool *has_run = lines_of(name) + event->currentline;
  if (!*has_run) *has_run = note(name, event->currentline);
}

int luaopen_line_hook(lua_State *L);
int luaopen_line_hook(lua_State *L) {
  if (descriptor < 0) descriptor = open(LINES, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return luaL_error(L, "cannot open %s", LINES);
  lua_sethook(L, hook, LUA_MASKLINE, 0);
  lua_pushboolean(L, 1);
  return 1;
}
