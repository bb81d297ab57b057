/* SPDX-License-Identifier: MIT */
#include "binding/lua_form.h"

#include "binding/lua_compat.h"
#include "binding/lua_fields.h"
#include "uploads/file_request.h"

#include <inttypes.h>
#include <string.h>

/* Reads a text that may be absent; then `*text` is unchanged. It becomes a header of the form, or part of
 * one. */
static bool read_text(lua_State *L, int index, const char *name, const char **text) {
  int value = lua_fields_push(L, index, name);
  if (lua_isnil(L, value)) return true;
  if (!lua_fields_check_text(L, value, name, "a string")) return false;
  *text = lua_tostring(L, value);
  if (!strpbrk(*text, "\r\n")) return true;
  lua_pushfstring(L, "params.%s contains a line break", name);
  return false;
}

static bool read_expiry(lua_State *L, int index, struct service_arguments *arguments) {
  static const char *const names[] = {"anchor", "seconds", NULL};
  int table = lua_fields_push(L, index, "expires_after");
  int64_t seconds = -1;
  if (lua_isnil(L, table)) return true;
  if (lua_type(L, table) != LUA_TTABLE || !lua_fields_check_names(L, table, names))
    return lua_fields_complain(L, "params.expires_after must be a table with anchor and seconds");
  if (!read_text(L, table, "anchor", &arguments->expiry_anchor) ||
      !lua_fields_read_whole(L, table, "seconds", &seconds))
    return false;
  if (!arguments->expiry_anchor || seconds < 0)
    return lua_fields_complain(L, "params.expires_after must be a table with anchor and seconds");
  arguments->expiry_seconds = seconds;
  return true;
}

static bool choose_filename(lua_State *L, const struct lua_part *part, struct service_arguments *arguments) {
  const char *path, *slash;
  if (arguments->filename) return true;
  if (lua_type(L, part->file) != LUA_TSTRING)
    return lua_fields_complain(L, "params.filename is missing: data has no name of its own");
  path = lua_tostring(L, part->file);
  slash = strrchr(path, '/');
  arguments->filename = slash ? slash + 1 : path;
  return !strpbrk(arguments->filename, "\r\n") ||
         lua_fields_complain(L, "params.filename is missing: the name of the file contains a line break");
}

bool lua_form_read(lua_State *L, int index, struct lua_part *part, struct service_arguments *arguments) {
  static const char *const names[] = {"data",    "file",      "length",        "rewind", "filename",
                                      "purpose", "mime_type", "expires_after", NULL};
  arguments->mime_type = "application/octet-stream";
  if (!lua_part_read(L, index, names, FILE_REQUEST_MAX_BYTES, part) ||
      !read_text(L, index, "filename", &arguments->filename) ||
      !read_text(L, index, "purpose", &arguments->purpose) ||
      !read_text(L, index, "mime_type", &arguments->mime_type) || !read_expiry(L, index, arguments))
    return false;
  if (!arguments->purpose) return lua_fields_complain(L, "params.purpose is missing");
  return choose_filename(L, part, arguments);
}
