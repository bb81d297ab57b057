/* SPDX-License-Identifier: MIT */
#include "binding/lua_client.h"

#include "binding/lua_arguments.h"
#include "binding/lua_attendant.h"
#include "binding/lua_compat.h"
#include "binding/lua_options.h"
#include "binding/lua_transfer.h"

static const char client_type[] = "openai_uploads.client";

/* The calls of the service. A new one is a row here, its request in upload_request, its types in types.lua.
 */
static const struct required_field create_fields[] = {{"filename", LUA_TSTRING},
                                                      {"purpose", LUA_TSTRING},
                                                      {"bytes", LUA_TNUMBER},
                                                      {"mime_type", LUA_TSTRING},
                                                      {NULL, 0}};

static const struct service_call service_calls[] = {
    {"cancel", true, NULL, upload_request_cancel},
    {"create", false, create_fields, upload_request_create},
};
enum { SERVICE_CALLS = sizeof service_calls / sizeof *service_calls };

/* Its user value is the table of the client's callbacks. */
struct lua_client {
  struct client_config *config; /* while it is being filled */
  struct upload_client *client; /* NULL before the first use */
  bool closed;                  /* finalized, and perhaps wanted by another finalizer still */
};

static int client_gc(lua_State *L) {
  struct lua_client *holder = luaL_checkudata(L, 1, client_type);
  struct upload_client *client = holder->client;
  holder->client = NULL;
  holder->closed = true;
  if (client) upload_client_release(client);
  client_config_delete(holder->config);
  holder->config = NULL;
  return 0;
}

static void raise_out_of_memory(lua_State *L) {
  luaL_error(L, "not enough memory");
}

/* `settings`: where their table stands; 0: the environment says it all. */
static void set_up(lua_State *L, struct lua_client *holder, int settings, int callbacks) {
  struct failure failure = {0};
  struct client_config *config;
  client_config_delete(holder->config); /* of a first use that ran out of memory */
  config = holder->config = client_config_new();
  if (!config) raise_out_of_memory(L);
  if (settings) lua_options_read_client(L, settings, config, callbacks);
  if (!client_config_complete(config, LUA_VERSION)) raise_out_of_memory(L);
  holder->config = NULL; /* upload_client_new takes it, whatever comes */
  holder->client = upload_client_new(config, &failure);
  if (!holder->client) luaL_error(L, "%s", failure.message);
}

/* To be called first of all by each function of a client. Pushes the table of its callbacks. */
static struct upload_client *enter(lua_State *L) {
  struct lua_client *holder = lua_touserdata(L, lua_upvalueindex(1));
  struct failure failure = {0};
  if (holder->closed) luaL_error(L, "the client is closed");
  compat_getuservalue(L, lua_upvalueindex(1));
  if (!holder->client) set_up(L, holder, 0, lua_gettop(L));
  if (!upload_client_enter(holder->client, &failure)) luaL_error(L, "%s", failure.message);
  return holder->client;
}

/* Reads the options at `options` (0: none). Functions among them go with the userdata at `holder_index`. */
static bool read_options(lua_State *L, int options, struct lua_transfer *holder, int holder_index,
                         struct call_settings *settings, struct failure *problem) {
  bool has_callbacks;
  if (!options) return false;
  lua_newtable(L);
  has_callbacks = lua_options_read_call(L, options, settings, &holder->additions, lua_gettop(L), problem);
  compat_setuservalue(L, holder_index);
  return has_callbacks;
}

/* Pushes the userdata of a transfer that is on its way, or has failed already. */
static struct lua_transfer *begin(lua_State *L, struct upload_client *client, int callbacks, int options,
                                  const struct service_call *call, const struct upload_arguments *arguments) {
  struct lua_transfer *holder = lua_transfer_push(L);
  int index = lua_gettop(L);
  struct call_settings settings = client->config->call;
  struct failure problem = client->config->problem;
  bool has_callbacks = read_options(L, options, holder, index, &settings, &problem);
  struct transfer *transfer = holder->transfer = transfer_new(client, &settings, &holder->additions);
  if (!transfer) raise_out_of_memory(L);
  if (has_callbacks) lua_attendant_note_callbacks(L, callbacks, index, transfer);
  if (problem.kind == FAILURE_NONE && !call->build(&transfer->request, arguments))
    failure_set_out_of_memory(&problem);
  if (problem.kind == FAILURE_NONE || problem.kind == FAILURE_OUT_OF_MEMORY)
    http_request_seal(&transfer->request, client->config, &holder->additions, &problem);
  if (problem.kind == FAILURE_NONE)
    transfer_submit(transfer);
  else
    transfer_fail(transfer, problem.kind, problem.message);
  return holder;
}

/* cancel(upload_id [, options]), create(params [, options]), ...: which one is the second upvalue. */
static int client_call(lua_State *L) {
  const struct service_call *call = &service_calls[lua_tointeger(L, lua_upvalueindex(2))];
  struct upload_arguments arguments = {0};
  int options = lua_arguments_read(L, call, &arguments);
  struct upload_client *client = enter(L);
  int callbacks = lua_gettop(L);
  struct lua_transfer *holder = begin(L, client, callbacks, options, call, &arguments);
  int count;
  lua_attendant_wait(L, callbacks, holder);
  count = lua_transfer_push_result(L, holder);
  lua_transfer_close(holder);
  return count;
}

static const luaL_Reg client_methods[] = {
    {"__gc", client_gc},
    {NULL, NULL},
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
  lua_settop(L, 1);
  holder = compat_newuserdata(L, sizeof *holder);
  *holder = (struct lua_client){NULL, NULL, false};
  compat_setmetatable(L, client_type);
  userdata = lua_gettop(L);
  lua_attendant_push_callbacks(L);
  lua_pushvalue(L, -1);
  compat_setuservalue(L, userdata);
  if (!lua_isnil(L, 1)) set_up(L, holder, 1, lua_gettop(L));

  lua_createtable(L, 0, SERVICE_CALLS);
  for (int i = 0; i < SERVICE_CALLS; i++) {
    lua_pushvalue(L, userdata);
    lua_pushinteger(L, i);
    lua_pushcclosure(L, client_call, 2);
    lua_setfield(L, -2, service_calls[i].name);
  }
  return 1;
}
