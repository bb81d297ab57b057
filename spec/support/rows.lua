-- SPDX-License-Identifier: MIT
-- Rows of bad luck: what happens to a call, and what the call must come to. After every row the same client makes a
-- call that goes well.
--
--   { "a stall before the headers", steps = { { "request" }, { "stall" } }, options = { timeout = 0.1 },
--     kind = "timeout", may = true, says = "timed out" }
--
--   [1]       what happens
--   steps     of the fault server, on the call's connection; or
--   answer    the bytes sent after the request was read, and then `ending`, a step, where there is one
--   settings, options   of the client and of the call
--   kind, status, attempts (1), may   of the failure; may = "either" where chance decides what left in time
--   says      a pattern for the message
--   body      the failure's, where it is looked at; other fields, by name, in `fields`

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

-- The same, never so fast that an answer is there before `start` returns.
function rows.unhurried(requests)
  local steps = {}
  for _ = 1, requests do
    steps[#steps + 1] = { "request" }
    steps[#steps + 1] = { "wait", 0.05 }
    steps[#steps + 1] = { "send", rows.good_answer }
  end
  return steps
end

-- A connection on which all goes well; and one that does not end while the next request is on its way.
rows.lucky = lucky(8)
rows.lasting = lucky(50)

local function joined(first, second)
  local steps = {}
  for _, step in ipairs(first) do steps[#steps + 1] = step end
  for _, step in ipairs(second) do steps[#steps + 1] = step end
  return steps
end

-- The steps, and good luck after them as long as the connection lives.
function rows.then_luck(steps)
  local last = steps[#steps][1]
  return (last == "close" or last == "reset") and steps or joined(steps, rows.lucky)
end

function rows.answered(bytes, ending)
  return { { "request" }, { "send", bytes }, ending }
end

-- What can become of one attempt, on a connection of its own.
local misfortunes = {
  reset = { { "request" }, { "reset" } },
  close = { { "request" }, { "close" } },
  stall = { { "request" }, { "stall" } },
  cut = rows.answered(fault.answer(200, '{"id"', nil, { length = 56 }), { "close" }),
  rubbish = rows.answered("SSH-2.0-OpenSSH_9.2\r\n", { "close" }),
}

-- The connections for a call whose attempts meet these, each a misfortune by name, a status, or bytes; then luck.
function rows.connections(events)
  local lists = {}
  for index, event in ipairs(events) do
    local bytes = type(event) == "number" and fault.answer(event, "", nil, { connection = "close" }) or event
    lists[index] = misfortunes[event] or rows.answered(bytes, { "close" })
  end
  lists[#lists + 1] = rows.lucky
  return lists
end

-- No retries, unless told; nothing that goes wrong here may hang for long, nor go to a proxy of the environment.
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

-- Plays the row, and returns the failure and what the server saw until then.
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
