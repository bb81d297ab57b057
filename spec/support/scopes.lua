-- SPDX-License-Identifier: MIT
-- The kinds of guarded scopes, by name. Each is a function(client, body) that creates an Upload, runs body(upload) in
-- the scope and returns its results.

local scopes = {}

scopes.params = { filename = "a.txt", purpose = "user_data", bytes = 5, mime_type = "text/plain" }

-- Whether this Lua has `local x <close>`, without which there is no guard.
scopes.has_close = _VERSION >= "Lua 5.4"

local compile = loadstring or load -- luacheck: ignore 113

-- Runs code that only Lua 5.4 and later can parse.
scopes.compile = compile

scopes.all = { with_upload = function(client, body) return client.with_upload(scopes.params, body) end }

if scopes.has_close then
  scopes.all.guard = compile([[
    local params = ...
    return function(client, body)
      local upload <close> = assert(client.guard(client.create(params)))
      return body(upload)
    end
  ]])(scopes.params)
end

return scopes
