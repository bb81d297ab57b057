/* SPDX-License-Identifier: MIT */
#include "binding/lua_options.h"

#include "base/nearest_name.h"
#include "binding/lua_checks.h"
#include "binding/lua_compat.h"
#include "binding/lua_deadline.h"
#include "binding/lua_raise.h"
#include "binding/lua_slots.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum option_type {
  OPTION_SECONDS,  /* double; least..most */
  OPTION_DEADLINE, /* seconds, or a deadline that calls share */
  OPTION_BYTES,    /* double, whole */
  OPTION_COUNT,    /* unsigned */
  OPTION_BOOLEAN,  /* bool */
  OPTION_TEXT,     /* struct text_buffer */
  OPTION_CHOICE,   /* int, the place in `choices` */
  OPTION_KEY,      /* text or function */
  OPTION_FUNCTION, /* kept in Lua */
  OPTION_HEADERS,
  OPTION_QUERY,
  OPTION_OF_LUA /* read by the Lua modules */
};

enum option_scope { OF_CLIENT, OF_CALL }; /* an option of a call is a setting of the client too */

struct option_row {
  const char *name;
  enum option_type type;
  enum option_scope scope;
  size_t offset; /* in struct client_config or struct call_settings, by scope */
  double least, most;
  const char *const *choices;
  int slot;
};

#define LONGEST_WAIT 1e6 /* seconds; eleven days, and fits any curl's milliseconds */
#define CALL(member) OF_CALL, offsetof(struct call_settings, member)
#define CLIENT(member) OF_CLIENT, offsetof(struct client_config, member)

static const char *const auth_headers[] = {"bearer", "api-key", NULL};

static const struct option_row option_rows[] = {
    {"api_key", OPTION_KEY, CLIENT(api_key), 0, 0, NULL, CLIENT_SLOT_API_KEY},
    {"base_url", OPTION_TEXT, CLIENT(base_url), 0, 0, NULL, 0},
    {"organization", OPTION_TEXT, CLIENT(organization), 0, 0, NULL, 0},
    {"project", OPTION_TEXT, CLIENT(project), 0, 0, NULL, 0},
    {"headers", OPTION_HEADERS, OF_CALL, 0, 0, 0, NULL, 0},
    {"query", OPTION_QUERY, OF_CALL, 0, 0, 0, NULL, 0},
    {"auth_header", OPTION_CHOICE, CLIENT(http.auth_header), 0, 0, auth_headers, 0},
    {"timeout", OPTION_SECONDS, CALL(timeout), 0.001, LONGEST_WAIT, NULL, 0},
    {"connect_timeout", OPTION_SECONDS, CALL(connect_timeout), 0.001, LONGEST_WAIT, NULL, 0},
    {"stall_timeout", OPTION_SECONDS, CALL(stall_timeout), 0.001, LONGEST_WAIT, NULL, 0},
    {"deadline", OPTION_DEADLINE, CALL(deadline), LUA_DEADLINE_MIN_SECONDS, INFINITY, NULL, 0},
    {"max_retries", OPTION_COUNT, CALL(retry.max_retries), 0, 1000, NULL, 0},
    {"patience", OPTION_SECONDS, CALL(retry.patience), 0, LONGEST_WAIT, NULL, 0},
    {"retry_delay", OPTION_SECONDS, CALL(retry.retry_delay), 0, LONGEST_WAIT, NULL, 0},
    {"max_retry_delay", OPTION_SECONDS, CALL(retry.max_retry_delay), 0, LONGEST_WAIT, NULL, 0},
    {"max_retry_after", OPTION_SECONDS, CALL(retry.max_retry_after), 0, LONGEST_WAIT, NULL, 0},
    {"with_response", OPTION_BOOLEAN, CALL(with_response), 0, 0, NULL, 0},
    {"on_retry", OPTION_FUNCTION, OF_CALL, 0, 0, 0, NULL, SLOT_ON_RETRY},
    {"log", OPTION_FUNCTION, OF_CALL, 0, 0, 0, NULL, SLOT_LOG},
    {"max_response_bytes", OPTION_BYTES, CLIENT(http.max_response_bytes), 1, 1 << 30, NULL, 0},
    {"max_connections", OPTION_COUNT, CLIENT(http.max_connections), 1, 10000, NULL, 0},
    {"max_bytes_per_step", OPTION_BYTES, CLIENT(http.max_bytes_per_step), 1024, 1 << 30, NULL, 0},
    {"proxy", OPTION_TEXT, CLIENT(proxy), 0, 0, NULL, 0},
    {"ca_file", OPTION_TEXT, CLIENT(http.ca_file), 0, 0, NULL, 0},
    {"ca_path", OPTION_TEXT, CLIENT(http.ca_path), 0, 0, NULL, 0},
    {"client_cert", OPTION_TEXT, CLIENT(http.client_cert), 0, 0, NULL, 0},
    {"client_key", OPTION_TEXT, CLIENT(http.client_key), 0, 0, NULL, 0},
    {"client_key_password", OPTION_TEXT, CLIENT(http.client_key_password), 0, 0, NULL, 0},
    {"verify_tls", OPTION_BOOLEAN, CLIENT(http.verify_tls), 0, 0, NULL, 0},
    {"allow_plain_http", OPTION_BOOLEAN, CLIENT(allow_plain_http), 0, 0, NULL, 0},
    {"user_agent", OPTION_TEXT, CLIENT(user_agent), 0, 0, NULL, 0},
    {"loop", OPTION_OF_LUA, OF_CLIENT, 0, 0, 0, NULL, 0},
};
enum { OPTION_ROWS = sizeof option_rows / sizeof *option_rows };

/* The destination of the values of one table. */
struct option_target {
  lua_State *L;
  struct client_config *config; /* NULL for the options of one call */
  struct call_settings *settings;
  struct request_additions *additions;
  struct failure *problem;
  int slots; /* the table for functions: client_slots or call_slots */
};

static bool is_option_of_call(const char *name) {
  for (int i = 0; i < OPTION_ROWS; i++)
    if (strcmp(name, option_rows[i].name) == 0) return option_rows[i].scope == OF_CALL;
  return false;
}

void lua_options_push_stray(lua_State *L, int index, const char *nearest) {
  const char *name = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : luaL_typename(L, index);
  if (nearest && !is_option_of_call(name))
    lua_pushfstring(L, "params has an unknown field '%s' (did you mean '%s'?)", name, nearest);
  else
    lua_pushfstring(L, "params has an unknown field '%s'%s", name,
                    is_option_of_call(name) ? ": it is an option, and goes into the table behind params"
                                            : "");
}

int lua_options_is_option(lua_State *L) {
  lua_pushboolean(L, is_option_of_call(luaL_checkstring(L, 1)));
  return 1;
}

static int raise_unknown(lua_State *L, const char *name, bool of_call) {
  struct nearest_name nearest = nearest_name_of(name);
  for (int i = 0; i < OPTION_ROWS; i++) {
    const struct option_row *row = &option_rows[i];
    if (!of_call || row->scope != OF_CLIENT)
      nearest_name_offer(&nearest, row->name);
    else if (strcmp(name, row->name) == 0)
      return luaL_error(L, "option '%s' is a setting of a whole client: pass it to new", name);
  }
  if (nearest.found) return luaL_error(L, "unknown option '%s' (did you mean '%s'?)", name, nearest.found);
  return luaL_error(L, "unknown option '%s'", name);
}

static int raise_type(lua_State *L, const struct option_row *row, const char *expected) {
  return luaL_error(L, "bad option '%s' (%s expected, got %s)", row->name, expected, luaL_typename(L, -1));
}

/* The number is on top of the stack. */
static void raise_range(lua_State *L, const struct option_row *row) {
  char limits[64];
  if (isinf(row->most))
    snprintf(limits, sizeof limits, "at least %.10g", row->least);
  else
    snprintf(limits, sizeof limits, "from %.10g to %.10g", row->least, row->most);
  luaL_error(L, "bad option '%s' (it must be %s, got %s)", row->name, limits, lua_tostring(L, -1));
}

static double check_number(lua_State *L, const struct option_row *row, bool whole) {
  double number;
  if (lua_type(L, -1) != LUA_TNUMBER) raise_type(L, row, "number");
  number = lua_tonumber(L, -1);
  if (!(number >= row->least && number <= row->most)) raise_range(L, row);
  if (whole && !lua_checks_whole(number, row->least, row->most))
    luaL_error(L, "bad option '%s' (%f is not a whole number)", row->name, number);
  return number;
}

/* The calls of a whole client share none: its setting is one for each of them. */
static void read_deadline(struct option_target *target, const struct option_row *row) {
  struct call_settings *settings = target->settings;
  if (!target->config && lua_deadline_read(target->L, -1, settings)) return;
  if (!target->config && lua_type(target->L, -1) != LUA_TNUMBER)
    raise_type(target->L, row, "number or deadline");
  settings->deadline = check_number(target->L, row, false);
  settings->deadline_at = 0;
}

static int check_choice(lua_State *L, const struct option_row *row) {
  const char *text;
  size_t length;
  if (lua_type(L, -1) != LUA_TSTRING) raise_type(L, row, "string");
  text = lua_tolstring(L, -1, &length);
  for (int i = 0; row->choices[i]; i++)
    if (strcmp(text, row->choices[i]) == 0) return i;
  lua_pushstring(L, row->choices[0]);
  for (int i = 1; row->choices[i]; i++) lua_pushfstring(L, "%s, %s", lua_tostring(L, -1), row->choices[i]);
  if (length > CLIENT_CONFIG_MAX_QUOTED_BYTES) /* a key may have been put into the wrong setting */
    return luaL_error(L, "bad option '%s' (it is none of: %s)", row->name, lua_tostring(L, -1));
  return luaL_error(L, "bad option '%s' ('%s' is none of: %s)", row->name, text, lua_tostring(L, -1));
}

static void check_type(lua_State *L, const struct option_row *row, int type) {
  if (lua_type(L, -1) != type) raise_type(L, row, lua_typename(L, type));
}

static void read_text(struct option_target *target, const struct option_row *row,
                      struct text_buffer *setting) {
  size_t length;
  const char *text;
  check_type(target->L, row, LUA_TSTRING);
  text = lua_tolstring(target->L, -1, &length);
  if (!client_config_set_text(target->config, setting, row->name, text, length))
    lua_raise_out_of_memory(target->L);
}

static void read_function(struct option_target *target, const struct option_row *row) {
  check_type(target->L, row, LUA_TFUNCTION);
  lua_pushvalue(target->L, -1);
  lua_rawseti(target->L, target->slots, row->slot);
}

/* A function replaces the key: the environment is not read. */
static void read_key(struct option_target *target, const struct option_row *row,
                     struct text_buffer *setting) {
  if (lua_type(target->L, -1) != LUA_TFUNCTION) {
    if (lua_type(target->L, -1) != LUA_TSTRING) raise_type(target->L, row, "string or function");
    read_text(target, row, setting);
    return;
  }
  read_function(target, row);
  client_config_set_text(target->config, setting, row->name, "", 0); /* cannot fail: nothing to copy */
}

/* Reads one pair of `headers` or `query`: the value is on top of the stack, the name below it. The value
 * `false` means that the header is not sent. */
static void read_pair(struct option_target *target, const struct option_row *row) {
  lua_State *L = target->L;
  struct failure problem = {0};
  size_t name_length, value_length = 0;
  const char *name, *value;
  int type = lua_type(L, -1);
  bool removed = row->type == OPTION_HEADERS && type == LUA_TBOOLEAN && !lua_toboolean(L, -1);
  bool added;
  if (lua_type(L, -2) != LUA_TSTRING) luaL_error(L, "bad option '%s' (its keys must be strings)", row->name);
  name = lua_tolstring(L, -2, &name_length);
  if (type == LUA_TBOOLEAN && !removed)
    lua_pushstring(L, lua_toboolean(L, -1) ? "true" : "false");
  else
    lua_pushvalue(L, -1);
  value =
      removed ? NULL : lua_tolstring(L, -1, &value_length); /* a copy: a key must not change under lua_next */
  if (!value && !removed)
    luaL_error(L, "bad option '%s' (value of '%s' is a %s)", row->name, name, luaL_typename(L, -1));
  added =
      row->type == OPTION_HEADERS
          ? request_additions_set_header(target->additions, name, name_length, value, value_length, &problem)
          : request_additions_add_query(target->additions, name, name_length, value, value_length, &problem);
  lua_pop(L, 1);
  if (added) return;
  if (problem.kind == FAILURE_OUT_OF_MEMORY) lua_raise_out_of_memory(L);
  if (target->problem->kind == FAILURE_NONE) *target->problem = problem;
}

static void read_pairs(struct option_target *target, const struct option_row *row) {
  lua_State *L = target->L;
  check_type(L, row, LUA_TTABLE);
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    read_pair(target, row);
    lua_pop(L, 1);
  }
}

/* The value is on top of the stack. */
static void read_option(struct option_target *target, const struct option_row *row) {
  lua_State *L = target->L;
  char *base = row->scope == OF_CALL ? (char *)target->settings : (char *)target->config;
  void *member;
  if (!base) return; /* cannot happen: find_row returns no row of the client's for a call */
  member = base + row->offset;
  switch (row->type) {
  case OPTION_SECONDS: *(double *)member = check_number(L, row, false); break;
  case OPTION_DEADLINE: read_deadline(target, row); break;
  case OPTION_BYTES: *(double *)member = check_number(L, row, true); break;
  case OPTION_COUNT: *(unsigned *)member = (unsigned)check_number(L, row, true); break;
  case OPTION_CHOICE: *(int *)member = check_choice(L, row); break;
  case OPTION_BOOLEAN:
    check_type(L, row, LUA_TBOOLEAN);
    *(bool *)member = lua_toboolean(L, -1);
    break;
  case OPTION_TEXT: read_text(target, row, member); break;
  case OPTION_KEY: read_key(target, row, member); break;
  case OPTION_FUNCTION: read_function(target, row); break;
  case OPTION_HEADERS:
  case OPTION_QUERY: read_pairs(target, row); break;
  case OPTION_OF_LUA: break;
  }
}

static const struct option_row *find_row(const char *name, size_t length, bool of_call) {
  if (strlen(name) != length) return NULL; /* a NUL in it */
  for (int i = 0; i < OPTION_ROWS; i++)
    if (strcmp(option_rows[i].name, name) == 0 && !(of_call && option_rows[i].scope == OF_CLIENT))
      return &option_rows[i];
  return NULL;
}

static void read_options(struct option_target *target, int index) {
  lua_State *L = target->L;
  bool of_call = target->config == NULL;
  luaL_checkstack(L, 8, "too many options");
  lua_pushnil(L);
  while (lua_next(L, index)) {
    const struct option_row *row;
    size_t length;
    const char *name;
    if (lua_type(L, -2) != LUA_TSTRING)
      luaL_error(L, "unknown option: a %s is no option's name", luaL_typename(L, -2));
    name = lua_tolstring(L, -2, &length);
    row = find_row(name, length, of_call);
    if (row)
      read_option(target, row);
    else
      raise_unknown(L, name, of_call);
    lua_pop(L, 1);
  }
}

void lua_options_read_client(lua_State *L, int index, struct client_config *config, int client_slots) {
  struct failure problem = {0};
  struct option_target target = {L,        config,      &config->http.call, &config->http.additions,
                                 &problem, client_slots};
  read_options(&target, index);
  if (problem.kind != FAILURE_NONE) client_config_set_problem(config, &problem);
}

void lua_options_read_call(lua_State *L, int index, struct call_settings *settings,
                           struct request_additions *additions, int call_slots, struct failure *problem) {
  struct option_target target = {L, NULL, settings, additions, problem, call_slots};
  read_options(&target, index);
}
