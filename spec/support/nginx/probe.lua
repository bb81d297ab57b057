-- SPDX-License-Identifier: MIT
-- Runs inside nginx: makes calls and reports their results as JSON for the spec.
-- luacheck: std ngx_lua

local cjson = require("cjson.safe").new()
local semaphore = require "ngx.semaphore"

local probe = {}

local PATIENCE = 20 -- seconds; only what is broken takes so long

-- Clients by name, filled by `init`.
probe.clients = {}

-- Results of calls in phases that cannot answer, by name, for each worker.
probe.kept = {}

local function plain(failure)
  local copy = {}
  for name, value in pairs(failure) do copy[name] = value end
  return copy
end

function probe.encode(value) return assert(cjson.encode(value)) end

-- The values of a call as JSON: { upload, failure, response }.
function probe.told(upload, failure, response)
  return probe.encode { upload = upload, failure = failure and plain(failure), response = response }
end

function probe.say(...) ngx.say(probe.told(...)) end

function probe.keep(name, ...) probe.kept[name] = probe.told(...) end

-- Answers with the result that was kept under the name in the request.
function probe.say_kept() ngx.say(probe.kept[ngx.var.arg_name] or "{}") end

-- Answers with what the function returns, or with { raised }.
function probe.say_protected(called, ...)
  local function settle(fine, ...)
    if fine then return probe.say(...) end
    ngx.say(probe.encode { raised = tostring((...)) })
  end
  settle(pcall(called, ...))
end

-- Cancels an Upload through a client of that name, or creates one where no id is given.
function probe.call(name, id)
  local client = probe.clients[name]
  if id then return client.cancel(id) end
  return client.create { filename = "a.bin", purpose = "batch", bytes = 1, mime_type = "text/plain" }
end

-- The same for the arguments `client` and `id` of the request.
function probe.call_as_asked() return probe.call(ngx.var.arg_client, ngx.var.arg_id) end

-- Runs a function in a timer and waits for what it returns.
function probe.in_timer(called, ...)
  local ended, values = semaphore.new(), nil
  assert(ngx.timer.at(0, function(_, ...)
    values = { called(...) }
    ended:post()
  end, ...))
  assert(ended:wait(PATIENCE))
  return unpack(values, 1, 3)
end

return probe
