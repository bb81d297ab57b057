-- SPDX-License-Identifier: MIT
-- Helpers of the specs that use the emulator: clients, and checks of failures, requests and texts.

local assert = require "luassert"
local clients = require "spec.support.clients"

local check = {}

check.key = "sk-of-the-specs-0123456789"

-- Nothing listens there.
check.dead_url = "http://127.0.0.1:1/v1"

function check.merged(...)
  local all = {}
  for _, source in ipairs { ... } do
    for name, value in pairs(source) do all[name] = value end
  end
  return all
end

-- A client of the service with a short retry_delay. A setting of false is left out.
function check.client(service, settings)
  local all = check.merged(
    { base_url = service.base_url, api_key = check.key, ca_file = service.ca_file, proxy = "", retry_delay = 0.001 },
    settings or {})
  for _, name in ipairs { "base_url", "api_key", "ca_file", "proxy" } do
    if all[name] == false then all[name] = nil end
  end
  return clients.new(all)
end

-- Checks that a call returned a failure of that kind. Returns the failure.
function check.failure(kind, upload, failure)
  assert.is_nil(upload)
  assert.is_table(failure)
  assert.are.equal(kind, failure.kind, failure.message)
  return failure
end

function check.nothing_sent(service)
  local _, count = service.requests()
  assert.are.equal(0, count)
end

-- Checks that one request came since the last reset. Returns it.
function check.only_request(service)
  local requests, count = service.requests()
  assert.are.equal(1, count)
  return requests[1]
end

-- Checks that `text` contains `part` literally.
function check.holds(part, text)
  text = tostring(text)
  assert.is_truthy(text:find(part, 1, true), ("no '%s' in: %s"):format(part, text))
end

function check.lacks(part, text)
  text = tostring(text)
  assert.is_nil(text:find(part, 1, true), ("'%s' is in: %s"):format(part, text))
end

function check.sorted_names(object)
  local names = {}
  for name in pairs(object) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- All strings in a value, names of fields included, as one text.
function check.all_text(value)
  if type(value) ~= "table" then return tostring(value) end
  local pieces = { tostring(value) }
  for name, field in pairs(value) do
    pieces[#pieces + 1] = tostring(name)
    pieces[#pieces + 1] = check.all_text(field)
  end
  return table.concat(pieces, "\n")
end

return check
