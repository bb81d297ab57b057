/* SPDX-License-Identifier: MIT */
#include "binding/lua_service_calls.h"

#include "uploads/file_request.h"
#include "uploads/upload_request.h"

#include <string.h>

static const struct param_field create_fields[] = {
    {"filename", LUA_TSTRING, false},  {"purpose", LUA_TSTRING, false},    {"bytes", LUA_TNUMBER, false},
    {"mime_type", LUA_TSTRING, false}, {"expires_after", LUA_TNONE, true}, {NULL, 0, false},
};

static const struct param_field complete_fields[] = {
    {"part_ids", LUA_TTABLE, false}, {"md5", LUA_TNONE, true}, {NULL, 0, false}};

static const struct param_field list_fields[] = {
    {"purpose", LUA_TSTRING, true},
    {"limit", LUA_TNUMBER, true},
    {"after", LUA_TSTRING, true},
    {"order", LUA_TSTRING, true},
    {NULL, 0, false},
};

/* The official clients use ten minutes for every call. A call that makes a File may need them, because the
 * service stores a file of up to 8 GB. The others take seconds. */
static const double USUAL_TIMEOUT = 60, TIMEOUT_OF_FILE = 600;

static const struct service_call service_calls[] = {
    {"cancel", "upload id", PARAMS_NONE, NULL, upload_request_cancel, USUAL_TIMEOUT},
    {"create", NULL, PARAMS_JSON, create_fields, upload_request_create, USUAL_TIMEOUT},
    {"complete", "upload id", PARAMS_JSON, complete_fields, upload_request_complete, TIMEOUT_OF_FILE},
    {"parts.create", "upload id", PARAMS_PART, NULL, upload_request_part, USUAL_TIMEOUT},
    {"connect", NULL, PARAMS_NONE, NULL, upload_request_connect, USUAL_TIMEOUT},
    {"parts.connect", NULL, PARAMS_NONE, NULL, upload_request_connect_for_part, USUAL_TIMEOUT},
    {"files.create", NULL, PARAMS_FORM, NULL, file_request_create, TIMEOUT_OF_FILE},
    {"files.retrieve", "file id", PARAMS_NONE, NULL, file_request_retrieve, USUAL_TIMEOUT},
    {"files.list", NULL, PARAMS_QUERY, list_fields, file_request_list, USUAL_TIMEOUT},
    {"files.content", "file id", PARAMS_RECEIVER, NULL, file_request_content, USUAL_TIMEOUT},
    {"files.delete", "file id", PARAMS_NONE, NULL, file_request_delete, USUAL_TIMEOUT},
};
enum { SERVICE_CALLS = sizeof service_calls / sizeof *service_calls };

const struct service_call *lua_service_calls_current(lua_State *L) {
  return &service_calls[lua_tointeger(L, lua_upvalueindex(2))];
}

/* Pushes the table for a call's function: the one on top of the stack, or, when the name has a dot, a table
 * in that. Returns the function's name in the table. */
static const char *push_place(lua_State *L, const char *name) {
  const char *dot = strchr(name, '.');
  if (!dot) {
    lua_pushvalue(L, -1);
    return name;
  }
  lua_pushlstring(L, name, (size_t)(dot - name));
  lua_rawget(L, -2);
  if (!lua_isnil(L, -1)) return dot + 1;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushlstring(L, name, (size_t)(dot - name));
  lua_pushvalue(L, -2);
  lua_rawset(L, -4);
  return dot + 1;
}

void lua_service_calls_push(lua_State *L, int userdata, lua_CFunction function) {
  lua_createtable(L, 0, SERVICE_CALLS);
  for (int i = 0; i < SERVICE_CALLS; i++) {
    const char *name = push_place(L, service_calls[i].name);
    lua_pushvalue(L, userdata);
    lua_pushinteger(L, i);
    lua_pushcclosure(L, function, 2);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
  }
}
