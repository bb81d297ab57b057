/* SPDX-License-Identifier: MIT */
#include "binding/lua_client.h"

#include "binding/lua_arguments.h"
#include "binding/lua_compat.h"
#include "binding/lua_dispatch.h"
#include "binding/lua_known_transfers.h"
#include "binding/lua_options.h"
#include "binding/lua_raise.h"
#include "binding/lua_result.h"
#include "binding/lua_service_calls.h"
#include "binding/lua_slots.h"
#include "binding/lua_transfer.h"

#include <math.h>
#include <stdlib.h>

static const char client_type[] = "openai_uploads.client";

/* Its user value is client_slots. */
struct lua_client {
  struct client_config *config; /* while it is set up */
  struct http_client *client;   /* NULL before the first use */
  bool closed;                  /* finalized; another finalizer may still use it */
};

static int client_gc(lua_State *L) {
  struct lua_client *holder = luaL_checkudata(L, 1, client_type);
  struct http_client *client = holder->client;
  holder->client = NULL;
  holder->closed = true;
  if (client) http_client_unref(client);
  client_config_delete(holder->config);
  holder->config = NULL;
  return 0;
}

static void raise(lua_State *L, const struct failure *failure) {
  if (failure->kind == FAILURE_OUT_OF_MEMORY) lua_raise_out_of_memory(L);
  luaL_error(L, "%s", failure->message);
}

/* `settings`: stack index of their table; 0: the environment has all of them. */
static void set_up(lua_State *L, struct lua_client *holder, int settings, int client_slots) {
  struct failure failure = {0};
  struct client_config *config;
  client_config_delete(holder->config); /* of a first use in which memory ran out */
  config = holder->config = client_config_new();
  if (!config) lua_raise_out_of_memory(L);
  if (settings) lua_options_read_client(L, settings, config, client_slots);
  if (!client_config_complete(config, LUA_VERSION)) lua_raise_out_of_memory(L);
  holder->config = NULL; /* http_client_new takes it, also when it fails */
  holder->client = http_client_new(&config->http, &failure);
  if (!holder->client) raise(L, &failure);
}

/* To be called first by each function of a client. Pushes client_slots. */
static struct http_client *enter(lua_State *L) {
  struct lua_client *holder = lua_touserdata(L, lua_upvalueindex(1));
  struct failure failure = {0};
  if (holder->closed) luaL_error(L, "the client is closed");
  compat_getuservalue(L, lua_upvalueindex(1));
  if (!holder->client) set_up(L, holder, 0, lua_gettop(L));
  if (!transfer_enter(holder->client, &failure)) raise(L, &failure);
  return holder->client;
}

/* Reads the options at `options` (0: none). Functions among them go into the user value of the userdata at
 * `index`. */
static void read_options(lua_State *L, int options, struct lua_transfer *holder, int index,
                         struct call_settings *settings, struct failure *problem) {
  if (!options) return;
  compat_getuservalue(L, index);
  lua_options_read_call(L, options, settings, &holder->additions, lua_gettop(L), problem);
  lua_pop(L, 1);
}

static bool has_source(const struct service_call *call) {
  return call->params == PARAMS_PART || call->params == PARAMS_FORM;
}

/* Opens the source of the bytes to send, which the userdata at `index` owns. */
static void open_part(lua_State *L, const struct service_call *call, struct lua_transfer *holder, int index,
                      struct lua_arguments *arguments, struct failure *problem) {
  if (!has_source(call) || problem->kind != FAILURE_NONE) return;
  arguments->of_request.source = holder->source = calloc(1, sizeof *holder->source);
  if (!holder->source) lua_raise_out_of_memory(L);
  compat_getuservalue(L, index);
  lua_part_open(L, &arguments->part, holder->source, lua_gettop(L), problem);
  lua_pop(L, 1);
}

/* The same for the sink of its answer. */
static void open_receiver(lua_State *L, const struct service_call *call, struct lua_transfer *holder,
                          int index, struct lua_arguments *arguments, struct failure *problem) {
  if (call->params != PARAMS_RECEIVER || problem->kind != FAILURE_NONE) return;
  arguments->of_request.sink = holder->sink = calloc(1, sizeof *holder->sink);
  if (!holder->sink) lua_raise_out_of_memory(L);
  compat_getuservalue(L, index);
  lua_receiver_open(L, &arguments->receiver, holder->sink, lua_gettop(L), problem);
  lua_pop(L, 1);
}

static bool needs_slots(const struct service_call *call) {
  return has_source(call) || call->params == PARAMS_RECEIVER;
}

/* A finalizer of the program, which may run whenever Lua allocates, may have closed the client since it was
 * entered. From here until the transfer is submitted, nothing may call Lua. */
static struct transfer *new_transfer(lua_State *L, struct http_client *client,
                                     const struct call_settings *settings,
                                     const struct request_additions *additions) {
  struct failure failure = {0};
  struct transfer *transfer;
  if (!http_client_open(client, &failure)) raise(L, &failure);
  transfer = transfer_new(client, settings, additions);
  if (!transfer) lua_raise_out_of_memory(L);
  return transfer;
}

/* Pushes the userdata of a transfer that was begun, or has failed already. Nothing may raise after it is
 * created: it would run until it is collected. */
static struct lua_transfer *begin(lua_State *L, struct http_client *client, const struct service_call *call,
                                  struct lua_arguments *arguments, bool with_user_value) {
  int options = arguments->options;
  struct lua_transfer *holder = lua_transfer_push(L, with_user_value || options || needs_slots(call));
  int index = lua_gettop(L);
  struct call_settings settings = client->settings->call;
  struct failure problem = client_config_of(client->settings)->problem;
  struct transfer *transfer;
  read_options(L, options, holder, index, &settings, &problem);
  if (problem.kind == FAILURE_NONE) lua_arguments_add_query(L, call, arguments, &holder->additions, &problem);
  if (settings.timeout == 0) settings.timeout = call->usual_timeout;
  open_part(L, call, holder, index, arguments, &problem);
  open_receiver(L, call, holder, index, arguments, &problem);
  transfer = holder->transfer = new_transfer(L, client, &settings, &holder->additions);
  if (!call->build(&transfer->request, &arguments->of_request) && problem.kind == FAILURE_NONE)
    failure_set_out_of_memory(&problem);
  if (problem.kind == FAILURE_NONE || problem.kind == FAILURE_OUT_OF_MEMORY)
    http_request_seal(&transfer->request, client->settings, &holder->additions, &problem);
  if (problem.kind == FAILURE_NONE)
    transfer_submit(transfer);
  else
    transfer_fail(transfer, problem.kind, problem.message);
  return holder;
}

/* cancel(upload_id [, options]), create(params [, options]), ... */
static int client_call(lua_State *L) {
  const struct service_call *call = lua_service_calls_current(L);
  struct lua_arguments arguments = {0};
  struct http_client *client;
  struct lua_transfer *holder;
  int client_slots, count;
  lua_arguments_read(L, call, &arguments);
  client = enter(L);
  client_slots = lua_gettop(L);
  holder = begin(L, client, call, &arguments, false);
  lua_dispatch_finish(L, client_slots, holder);
  count = lua_result_take(L, client_slots + 1);
  lua_known_transfers_forget(L, client_slots, holder);
  lua_transfer_close(holder);
  return count;
}

static int start(lua_State *L, bool announces) {
  const struct service_call *call = lua_service_calls_current(L);
  struct lua_arguments arguments = {0};
  struct http_client *client;
  int client_slots;
  lua_arguments_read(L, call, &arguments);
  client = enter(L);
  client_slots = lua_gettop(L);
  begin(L, client, call, &arguments, true);
  lua_dispatch_start(L, client_slots, lua_upvalueindex(1), announces);
  return 1;
}

/* start.cancel(upload_id [, options]), ...: the same without waiting. */
static int client_start(lua_State *L) {
  return start(L, true);
}

/* The same for callers that wait at once, and ask for timeout() before. */
static int client_begin(lua_State *L) {
  return start(L, false);
}

/* await(descriptor, options [, seconds]) -> a transfer that sends nothing, and comes to true once the
 * descriptor (-1: none) is readable or the seconds have passed. A host can wait for work between calls of the
 * service as it waits for calls. Of the options, the deadline counts, for that of a client is one of its
 * calls'. All are checked as those of a call. */
static int client_await(lua_State *L) {
  int descriptor = (int)luaL_checkinteger(L, 1);
  struct http_client *client;
  struct lua_transfer *holder;
  struct call_settings settings;
  struct failure unused = {0};
  int client_slots;
  double seconds = luaL_optnumber(L, 3, INFINITY);
  luaL_checktype(L, 2, LUA_TTABLE);
  client = enter(L);
  settings = client->settings->call;
  settings.deadline = INFINITY;
  client_slots = lua_gettop(L);
  holder = lua_transfer_push(L, true);
  read_options(L, 2, holder, lua_gettop(L), &settings, &unused);
  holder->transfer = new_transfer(L, client, &settings, NULL);
  transfer_await(holder->transfer, descriptor, seconds);
  lua_dispatch_start(L, client_slots, lua_upvalueindex(1), true);
  return 1;
}

/* step([seconds]) -> the number of running transfers */
static int client_step(lua_State *L) {
  double seconds = luaL_optnumber(L, 1, 0);
  struct http_client *client;
  luaL_argcheck(L, seconds >= 0, 1, "seconds must not be negative");
  client = enter(L);
  lua_dispatch_step(L, lua_gettop(L), client, seconds);
  lua_pushinteger(L, (lua_Integer)client->running);
  return 1;
}

/* fd() -> a descriptor that is readable when a step has something to do; nil where the system has none */
static int client_fd(lua_State *L) {
  int descriptor = transfer_engine_descriptor(enter(L)->engine);
  if (descriptor >= 0)
    lua_pushinteger(L, descriptor);
  else
    lua_pushnil(L);
  return 1;
}

/* timeout() -> seconds until a step is due; nil when only descriptors count */
static int client_timeout(lua_State *L) {
  double seconds = transfer_engine_due_in(enter(L)->engine);
  if (isfinite(seconds))
    lua_pushnumber(L, seconds);
  else
    lua_pushnil(L);
  return 1;
}

/* close(): ends all running transfers as `aborted`; a later call opens the client again */
static int client_close(lua_State *L) {
  struct http_client *client = enter(L);
  transfer_close_all(client);
  lua_dispatch_step(L, lua_gettop(L), client, 0);
  return 0;
}

static const luaL_Reg client_methods[] = {
    {"__gc", client_gc},
    {NULL, NULL},
};

static const luaL_Reg client_functions[] = {
    {"step", client_step},   {"fd", client_fd}, {"timeout", client_timeout},
    {"close", client_close}, {NULL, NULL},
};

void lua_client_open(lua_State *L) {
  luaL_newmetatable(L, client_type);
  compat_setfuncs(L, client_methods, 0);
  lua_pop(L, 1);
}

int lua_client_new(lua_State *L) {
  struct lua_client *holder;
  int userdata;
  if (!lua_isnoneornil(L, 1) && lua_type(L, 1) != LUA_TTABLE)
    return luaL_error(L, "bad argument #1 to 'new' (settings must be a table, got %s)", luaL_typename(L, 1));
  lua_settop(L, 2);
  holder = compat_newuserdata(L, sizeof *holder);
  *holder = (struct lua_client){NULL, NULL, false};
  compat_setmetatable(L, client_type);
  userdata = lua_gettop(L);
  lua_dispatch_push_slots(L);
  lua_pushvalue(L, -1);
  compat_setuservalue(L, userdata);
  lua_pushvalue(L, 2);
  lua_rawseti(L, -2, CLIENT_SLOT_WAIT);
  if (!lua_isnil(L, 1)) set_up(L, holder, 1, lua_gettop(L));

  lua_service_calls_push(L, userdata, client_call);
  lua_pushvalue(L, userdata);
  compat_setfuncs(L, client_functions, 1);
  lua_service_calls_push(L, userdata, client_start);
  lua_setfield(L, -2, "start");
  lua_pushvalue(L, userdata);
  lua_pushcclosure(L, client_await, 1);
  lua_service_calls_push(L, userdata, client_begin);
  return 3;
}
