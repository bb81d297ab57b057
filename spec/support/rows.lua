-- SPDX-License-Identifier: MIT
-- Rows of faults: what happens to a call, and the failure that it must return. After each row the same client makes a
-- call that succeeds.
--
--   { "a stall before the headers", steps = { { "request" }, { "stall" } }, options = { timeout = 0.1 },
--     kind = "timeout", may = true, says = "timed out" }
--
--   [1]       what happens
--   steps     of the fault server, on the call's connection; or
--   answer    the bytes sent after the request was read, and then `ending`, a step, where there is one
--   settings, options   of the client and of the call
--   kind, status, attempts (1), may   of the failure; may = "either" where timing decides what was sent
--   says      a pattern for the message
--   body      of the failure, where it is checked; other fields of it by name in `fields`

local assert = require "luassert"
local clients = require "spec.support.clients"
local fault = require "spec.support.fault"

local rows = {}

rows.id = "upload_1"
rows.good_answer = fault.answer(200, '{"id":' .. fault.asked_id .. ',"object":"upload","status":"cancelled"}')

local function lucky(requests)
  local steps = {}
  for index = 1, 2 * requests, 2 do steps[index], steps[index + 1] = { "request" }, { "send", rows.good_answer } end
  return steps
end

-- The same with a short wait, so that no answer arrives before `start` returns.
function rows.unhurried(requests)
  local steps = {}
  for _ = 1, requests do
    steps[#steps + 1] = { "request" }
    steps[#steps + 1] = { "wait", 0.05 }
    steps[#steps + 1] = { "send", rows.good_answer }
  end
  return steps
end

-- A connection with eight good answers, and one with so many that it does not end under the next request.
rows.lucky = lucky(8)
rows.lasting = lucky(50)

local function joined(first, second)
  local steps = {}
  for _, step in ipairs(first) do steps[#steps + 1] = step end
  for _, step in ipairs(second) do steps[#steps + 1] = step end
  return steps
end

-- The steps, then good answers, unless the steps end the connection.
function rows.then_luck(steps)
  local last = steps[#steps][1]
  return (last == "close" or last == "reset") and steps or joined(steps, rows.lucky)
end

function rows.answered(bytes, ending)
  return { { "request" }, { "send", bytes }, ending }
end

-- Faults of one attempt, each on a connection of its own.
local misfortunes = {
  reset = { { "request" }, { "reset" } },
  close = { { "request" }, { "close" } },
  stall = { { "request" }, { "stall" } },
  cut = rows.answered(fault.answer(200, '{"id"', nil, { length = 56 }), { "close" }),
  rubbish = rows.answered("SSH-2.0-OpenSSH_9.2\r\n", { "close" }),
}

-- The connections for a call whose attempts meet these events, each the name of a fault, a status or bytes. Good
-- answers follow.
function rows.connections(events)
  local lists = {}
  for index, event in ipairs(events) do
    local bytes = type(event) == "number" and fault.answer(event, "", nil, { connection = "close" }) or event
    lists[index] = misfortunes[event] or rows.answered(bytes, { "close" })
  end
  lists[#lists + 1] = rows.lucky
  return lists
end

-- A client without retries, unless set, with a short timeout, and without a proxy of the environment.
function rows.client(base_url, settings)
  local all = {
    base_url = base_url, api_key = "sk-of-the-specs", proxy = "", timeout = 5, max_retries = 0, retry_delay = 0.001,
  }
  for name, value in pairs(settings or {}) do all[name] = value end
  return clients.new(all)
end

function rows.check_failure(row, upload, failure)
  assert.is_nil(upload)
  local may = row.may
  if may == "either" then may = failure.may_have_applied end
  local expected = { kind = row.kind, status = row.status, attempts = row.attempts or 1, may_have_applied = may }
  local got = {}
  for _, name in ipairs { "kind", "status", "attempts", "may_have_applied" } do got[name] = failure[name] end
  for name, value in pairs(row.fields or {}) do
    expected[name], got[name] = value, failure[name]
  end
  assert.are.same(expected, got)
  assert.is_boolean(failure.may_have_applied)
  if row.body then -- too long to be shown
    assert.are.equal(#row.body, #failure.body)
    assert.is_true(row.body == failure.body)
  end
  assert.is_string(failure.message)
  assert.is_truthy(failure.message:find(row.says), ("'%s' does not match '%s'"):format(failure.message, row.says))
end

function rows.check_luck(client)
  local upload, failure = client.cancel(rows.id)
  assert.is_nil(failure)
  assert.are.equal(rows.id, upload.id)
end

-- Plays the row. Returns the failure and the record of the server until then.
function rows.check(server, row)
  local steps = row.steps or rows.answered(row.answer, row.ending)
  local script = server.script { rows.then_luck(steps), rows.lucky }
  local client = rows.client(script.base_url, row.settings)
  local upload, failure = client.cancel(rows.id, row.options)
  local seen = script.seen()
  rows.check_failure(row, upload, failure)
  rows.check_luck(client)
  script.close()
  return failure, seen
end

return rows
