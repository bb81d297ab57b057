/* SPDX-License-Identifier: MIT */
/* private_lua LIBRARY SCRIPT: runs a script in the Lua of that shared library, which it keeps to itself, as
 * VLC, WirePlumber and Traffic Server do. It prints the script's error. */
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static void *library;

/* The first of two names that the library has. */
static void *function(const char *name, const char *older) {
  void *found = dlsym(library, name);
  if (!found) found = dlsym(library, older);
  if (found) return found;
  fprintf(stderr, "%s: no function %s\n", older, name);
  exit(2);
}

int main(int count, char **words) {
  void *(*new_state)(void);
  void (*open_libraries)(void *);
  int (*load_file)(void *, const char *, const char *);
  int (*call)(void *, int, int, int, ptrdiff_t, void *); /* lua_pcall takes the first four */
  const char *(*text_of)(void *, int, size_t *);
  void *state;
  if (count != 3 || !(library = dlopen(words[1], RTLD_NOW | RTLD_LOCAL))) return 2;
  *(void **)&new_state = function("luaL_newstate", "luaL_newstate");
  *(void **)&open_libraries = function("luaL_openlibs", "luaL_openlibs");
  *(void **)&load_file = function("luaL_loadfilex", "luaL_loadfile");
  *(void **)&call = function("lua_pcallk", "lua_pcall");
  *(void **)&text_of = function("lua_tolstring", "lua_tolstring");
  state = new_state();
  open_libraries(state);
  if (load_file(state, words[2], NULL) == 0 && call(state, 0, 0, 0, 0, NULL) == 0) return 0;
  printf("%s\n", text_of(state, -1, NULL));
  return 1;
}
