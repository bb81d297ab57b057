-- SPDX-License-Identifier: MIT
-- Calls every function that a program can reach with arguments that are wrong, lie, change, raise, yield, close and
-- collect. A seed alone decides which ones, the same on every Lua. This runs in a process of its own that prints each
-- call before it makes it, so the last one printed is the one that ended the process.

local core = require "openai_uploads.core"
local uploads = require "openai_uploads"

local hostile = {}

local huge, concat = math.huge, table.concat
local unpack = table.unpack or unpack -- luacheck: ignore 113 143

-- Numbers from 0 up to, and without, `limit`.
local function new_random(seed)
  local state = seed % 2147483646 + 1
  return function(limit)
    state = state * 16807 % 2147483647
    return state % limit
  end
end

local function collect()
  collectgarbage()
  collectgarbage()
end

local function raise() error("hostile", 0) end
local function raise_table() error({ "hostile" }) end

-- An object whose finalizer calls `action`, on Lua 5.1 as well.
local function with_finalizer(action)
  local proxy = rawget(_G, "newproxy")
  if not proxy then return setmetatable({}, { __gc = action }) end
  local object = proxy(true)
  getmetatable(object).__gc = action
  return object
end

-- Values that may be passed for any argument: fun(world) -> value, called for each argument. world: of hostile.run.
local values = {
  { "nil", function() return nil end },
  { "true", function() return true end },
  { "false", function() return false end },
  { "0", function() return 0 end },
  { "1", function() return 1 end },
  { "-1", function() return -1 end },
  { "1.5", function() return 1.5 end },
  { "nan", function() return 0 / 0 end },
  { "inf", function() return huge end },
  { "-inf", function() return -huge end },
  { "1e300", function() return 1e300 end },
  { "2^31", function() return 2 ^ 31 end },
  { "2^53", function() return 2 ^ 53 end },
  { "2^63", function() return 2 ^ 63 end },
  { "-2^63", function() return rawget(math, "mininteger") or -2 ^ 63 end },
  { "an empty string", function() return "" end },
  { "dots", function() return ".." end },
  { "a NUL", function() return "a\0b" end },
  { "no UTF-8", function() return "\255\254\192\128" end },
  { "a line break", function() return "a\r\nX-B: c" end },
  { "a format", function() return "%s%n%5000d" end },
  { "a digit", function() return "7" end },
  { "a long string", function() return ("x"):rep(100000) end },
  { "an id", function(world) return world.id() end },
  { "a URL", function() return "http://[::1" end },
  { "an empty table", function() return {} end },
  { "a list", function() return { "upload_1", "upload_2" } end },
  { "a list with holes", function() return { "a", nil, "b", [10] = "c" } end },
  { "a table in itself", function()
    local table = { name = "a" }
    table.again, table[1] = table, table
    return table
  end },
  { "a deep table", function()
    local table = {}
    for _ = 1, 500 do table = { table, a = table } end
    return table
  end },
  { "a table of functions", function() return { print, a = print, wait = raise, refusal = raise } end },
  { "a table that raises", function()
    return setmetatable({}, { __index = raise, __pairs = raise, __len = raise, __tostring = raise, __call = raise,
      __newindex = raise, __eq = raise, __concat = raise, __close = raise })
  end },
  { "a table that raises tables", function()
    return setmetatable({}, { __index = raise_table, __tostring = raise_table })
  end },
  { "a table that is described by no string", function()
    return setmetatable({}, { __tostring = function() return {} end, __name = 5 })
  end },
  { "a table with everything", function() return setmetatable({}, { __index = function(self) return self end }) end },
  { "a table of strings", function()
    return setmetatable({}, { __index = function(_, name) return tostring(name) end })
  end },
  { "a table that changes its mind", function(world)
    return setmetatable({}, { __index = function() return world.value() end })
  end },
  { "a table that closes the client", function(world)
    return setmetatable({}, { __index = function() world.client.close() end })
  end },
  { "a table that collects", function() return setmetatable({}, { __index = collect }) end },
  { "a table that yields", function() return setmetatable({}, { __index = coroutine.yield }) end },
  { "a protected table", function() return setmetatable({ id = "upload_1" }, { __metatable = false }) end },
  { "a function", function() return function() end end },
  { "a function that raises", function() return raise end },
  { "a function that raises a table", function() return raise_table end },
  { "a function that raises what cannot be described", function()
    return function() error(setmetatable({}, { __tostring = raise_table })) end
  end },
  { "a function that yields", function() return coroutine.yield end },
  { "a function that says anything", function(world) return function() return world.value(), world.value() end end },
  { "a function that closes the client", function(world) return function() world.client.close() end end },
  { "a function that collects", function() return collect end },
  { "a function that calls", function(world)
    return function() return world.client.cancel("upload_1", { log = function() end, api_key = nil }) end
  end },
  { "a function that ends a transfer", function(world)
    return function() if world.transfer then world.transfer:abort() end end
  end },
  { "a function that finalizes a transfer", function(world)
    return function() if world.transfer then getmetatable(world.transfer).__gc(world.transfer) end end
  end },
  { "print", function() return tostring end },
  { "a coroutine", function() return coroutine.create(raise) end },
  { "a dead coroutine", function()
    local thread = coroutine.create(function() end)
    coroutine.resume(thread)
    return thread
  end },
  { "a file", function() return io.tmpfile() end },
  { "a closed file", function()
    local file = io.tmpfile()
    file:close()
    return file
  end },
  { "a pipe", function() return io.popen("unset LD_PRELOAD; true") end },
  { "a file of the core", function(world) return core.open_file(world.path) end },
  { "a closed file of the core", function(world)
    local file = core.open_file(world.path)
    file:close()
    return file
  end },
  { "a digest", function() return core.digest "abc" end },
  { "a waker", function() return (core.waker()) end },
  { "a transfer", function(world) return world.client.start.cancel "upload_1" end },
  { "a transfer that is done", function(world)
    local transfer = world.client.start.cancel "upload_1"
    transfer:abort()
    return transfer
  end },
  { "a transfer that was finalized", function(world)
    local transfer = world.client.start.cancel "upload_1"
    getmetatable(transfer).__gc(transfer)
    return transfer
  end },
  { "a job", function(world)
    return world.client.start.upload_file_chunked { data = "abc", filename = "a.txt", purpose = "batch" }
  end },
  { "null", function() return require("cjson").null end },
  { "a client", function(world) return world.client end },
  { "an object with a finalizer that steps", function(world)
    local client = world.client
    return with_finalizer(function() pcall(client.step) end)
  end },
  { "an object with a finalizer that closes", function(world)
    local client = world.client
    return with_finalizer(function() pcall(client.close) end)
  end },
}

local options = {
  "headers", "query", "timeout", "connect_timeout", "stall_timeout", "max_retries", "retry_delay", "max_retry_delay",
  "max_retry_after", "with_response", "on_retry", "log", "on_result", "unknown",
}
local settings = {
  "api_key", "base_url", "organization", "project", "auth_header", "max_response_bytes", "max_connections", "proxy",
  "ca_file", "ca_path", "client_cert", "client_key", "verify_tls", "allow_plain_http", "user_agent", "loop",
}
for _, name in ipairs(options) do settings[#settings + 1] = name end

-- Tables with valid values for some fields. name -> { the fields, a valid table }
local shapes = {
  options = { options, function() return {} end },
  create = { { "filename", "purpose", "bytes", "mime_type", "expires_after", "text" }, function()
    return { filename = "a.txt", purpose = "batch", bytes = 3, mime_type = "text/plain" }
  end },
  complete = { { "part_ids", "md5", "more" }, function() return { part_ids = { "part_1" } } end },
  part = { { "data", "file", "offset", "length", "rewind", "md5" }, function(world)
    if world.random(2) == 0 then return { file = world.path } end
    return { data = "abc" }
  end },
  file = { { "file", "data", "filename", "mime_type", "purpose", "md5", "bytes", "part_size", "concurrency",
    "expires_after", "resume", "on_progress", "on_checkpoint", "keep_on_failure" }, function()
    return { data = "abcdef", filename = "a.txt", purpose = "batch", part_size = 2 }
  end },
  settings = { settings, function(world)
    return { base_url = world.base_url, api_key = "sk-1", proxy = "", max_retries = 0, deadline = 0.3 }
  end },
}

-- Each: name, what its arguments should be, fun(world, ...).
local targets = {}
local function target(name, arguments, call) targets[#targets + 1] = { name, arguments, call } end

for _, name in ipairs { "cancel", "complete", "create", "upload_file_chunked", "cancel_all" } do
  local arguments = ({
    cancel = { "id", "options" }, complete = { "id", "complete", "options" }, create = { "create", "options" },
    upload_file_chunked = { "file", "options" }, cancel_all = { "ids", "options" },
  })[name]
  target(name, arguments, function(world, ...) return world.client[name](...) end)
  if name ~= "cancel_all" then
    target("start." .. name, arguments, function(world, ...)
      world.transfer = world.client.start[name](...)
      if world.random(2) == 0 then world.transfer:on_done(world.value()) end
      return world.transfer:wait(0.5)
    end)
  end
end
target("parts.create", { "id", "part", "options" }, function(world, ...) return world.client.parts.create(...) end)
target("start.parts.create", { "id", "part", "options" }, function(world, ...)
  world.transfer = world.client.start.parts.create(...)
  return world.transfer:wait(0.5)
end)
target("guard", { "any", "any", "any" }, function(world, ...) return world.client.guard(...) end)
target("with_upload", { "create", "any", "options" }, function(world, ...) return world.client.with_upload(...) end)
target("step", { "any" }, function(world, ...) return world.client.step(...) end)
for _, name in ipairs { "fd", "timeout", "close" } do
  target(name, { "any" }, function(world, ...) return world.client[name](...) end)
end
target("new", { "settings" }, function(_, ...) return uploads.new(...).cancel "upload_1" end)
for _, name in ipairs {
  "poll", "done", "on_done", "wait", "abort", "progress", "__gc", "__close", "__tostring", "__index",
} do
  target("transfer:" .. name, { "any" }, function(world, ...)
    world.transfer = world.client.start.cancel(world.id(), { log = function(_) world.value() end })
    local methods = getmetatable(world.transfer)
    local method = methods[name] or world.transfer[name]
    if world.random(3) == 0 then return method(...) end
    if name == "wait" and world.random(2) == 0 then return world.transfer:wait(0.5) end
    return method(world.transfer, ...)
  end)
end
for _, name in ipairs { "poll", "done", "on_done", "wait", "abort", "progress", "listen" } do
  target("job:" .. name, { "any" }, function(world, ...)
    world.transfer = nil
    local job = world.client.start.upload_file_chunked { data = "abc", filename = "a.txt", purpose = "batch" }
    return job[name](job, ...)
  end)
end
for _, name in ipairs { "digest", "waker", "is_whole", "nearest_name", "failure", "hold", "is_terminal", "listen",
  "now", "open_file", "plain", "process_id", "take", "upload_id_refusal", "utf8", "client" } do
  target("core." .. name, { name == "client" and "settings" or "any", "any", "any" }, function(_, ...)
    if core[name] then return core[name](...) end
  end)
end
target("core's await", { "any", "any" }, function(_, ...) return select(2, core.client({}))(...) end)
target("a digest's wait", { "any" }, function(_, ...)
  return core.digest("abc"):wait(...)
end)
target("a waker's arm", { "any" }, function(_, ...)
  local bell = core.waker()
  return bell:arm(...)
end)
target("a file of the core", { "any" }, function(world, ...)
  local file = core.open_file(world.path)
  local method = file[({ "size", "modified", "problem", "close" })[world.random(4) + 1]]
  return method(file, ...) or method(...)
end)
target("a failure", { "any", "any" }, function(world, ...)
  local failure = core.failure("aborted", "oh dear")
  for _, field in ipairs { "kind", "message", "status", "request_id", "attempts", "aftermath" } do
    if world.random(3) == 0 then failure[field] = world.value() end
  end
  return tostring(failure) .. tostring(core.failure(...)), failure .. (...)
end)

local takes_function = {
  api_key = true, data = true, log = true, on_checkpoint = true, on_progress = true, on_result = true, on_retry = true,
  rewind = true,
}

-- A value for the field. Where a function is expected, it mostly is one.
local function field_value(world, field)
  local value
  repeat value = world.value() until not takes_function[field] or type(value) == "function" or world.random(8) == 0
  return value
end

-- One argument of the kind. world.told says which.
local function argument(world, kind)
  local shape = shapes[kind]
  if kind == "any" or world.random(12) == 0 then return world.value() end
  world.told = kind
  if kind == "id" then return world.id() end
  if kind == "ids" then return { world.id(), "upload_2", world.id(), world.random(3) == 0 and world.value() or nil } end
  local table, told = shape[2](world), {}
  for _ = 1, world.random(3) do
    local field = shape[1][world.random(#shape[1]) + 1]
    table[field] = field_value(world, field)
    told[#told + 1] = field .. " = " .. world.told
  end
  world.told = kind .. " { " .. concat(told, ", ") .. " }"
  if world.random(8) == 0 then return setmetatable({}, { __index = table }) end
  return table
end

-- Whether an error shows a fault of the module and not of the caller. (An error about a yield in a metamethod, or about
-- a loop with a wait that is no function, has a position in our code.)
local function is_ours(raised)
  return type(raised) == "string" and raised:find "openai_uploads/[%w_/]+%.lua:%d" ~= nil
    and not raised:find "attempt to yield" and not raised:find "to 'wait'"
end

--- Makes `count` calls. Prints each before it is made, and at the end how many returned and how many raised. Raises
--- where the error of a call is a fault of the module. base_url: of a service; path: of a file.
function hostile.run(seed, count, base_url, path)
  local world = { random = new_random(seed), base_url = base_url, path = path, told = "" }
  local returned, raising, ids = 0, 0, {}

  function world.value()
    local chosen = values[world.random(#values) + 1]
    local value = chosen[2](world)
    world.told = chosen[1]
    return value
  end

  for index = 1, 20 do
    ids[index] = assert(uploads.new { base_url = base_url, api_key = "sk-1", proxy = "" }.create(shapes.create[2]())).id
  end
  function world.id() return ids[world.random(#ids * 2) + 1] or "upload_none" end

  io.stdout:setvbuf "line"
  for number = 1, count do
    world.client = uploads.new {
      base_url = world.random(2) == 0 and base_url or "http://127.0.0.1:1/v1", api_key = "sk-1", proxy = "",
      max_retries = 0, deadline = 0.3,
    }
    world.transfer = nil
    local name, kinds, call = unpack(targets[world.random(#targets) + 1])
    local arguments, told = {}, {}
    for index = 1, #kinds do
      arguments[index] = argument(world, kinds[index])
      told[index] = world.told
    end
    print(("%d: %s(%s)"):format(number, name, concat(told, ", ")))
    local function attempt() return call(world, unpack(arguments, 1, #kinds)) end
    local fine, first, second
    if world.random(4) == 0 then -- in a coroutine, in which functions can yield
      local thread = coroutine.create(function() return pcall(attempt) end)
      local _
      _, fine, first, second = coroutine.resume(thread)
    else
      fine, first, second = pcall(attempt)
    end
    if not fine and is_ours(first) then error(("call %d raised: %s"):format(number, first), 0) end
    if first == nil and type(second) == "table" and rawget(second, "kind") then tostring(second) end
    if fine then returned = returned + 1 else raising = raising + 1 end
    if world.random(8) == 0 then collect() end
    pcall(world.client.close)
  end
  world.client, world.transfer = nil, nil
  collect()
  print(("%d returned, %d raised"):format(returned, raising))
end

return hostile
