-- SPDX-License-Identifier: MIT
-- A service that stops in an orderly way says by HTTP/2 which requests it will act on. Those after them are certain
-- not to have been, and so is a request whose stream it refuses.

local check = require "spec.support.check"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

local calls_at_once = 8

local service = with_service.emulator()

local function cancel_at_once(listener, settings, count)
  local client = rows.client(service.tls[listener], check.merged(settings, { ca_file = service.ca_file }))
  local ids, transfers = service.make_uploads(count or calls_at_once), {}
  for index, id in ipairs(ids) do transfers[index] = client.start.cancel(id) end
  return ids, transfers
end

local function check_all_cancelled(ids, transfers)
  for index, transfer in ipairs(transfers) do
    local _, upload, failure = transfer:wait(20)
    assert.is_nil(failure)
    assert.are.same({ ids[index], "cancelled" }, { upload.id, upload.status })
  end
end

-- Returns how many of the calls were refused without a doubt, and how many with one.
local function look_at_ends(ids, transfers)
  local refused, in_doubt = 0, 0
  for index, transfer in ipairs(transfers) do
    local _, upload, failure = transfer:wait(20)
    local status = service.upload(ids[index]).status
    if upload then
      assert.are.same({ ids[index], "cancelled" }, { upload.id, status })
    elseif failure.may_have_applied then
      in_doubt = in_doubt + 1
    else
      refused = refused + 1
      assert.are.same({ "connection", "pending" }, { failure.kind, status })
      assert.are.equal("the service refused the request before it looked at it", failure.message)
    end
  end
  return refused, in_doubt
end

-- How many have left when the service says so is a matter of chance: this tries until some had.
local function refuse_some(...)
  for _ = 1, 20 do
    local refused, in_doubt = look_at_ends(cancel_at_once(...))
    if refused + in_doubt > 0 then return refused, in_doubt end
  end
  return 0, 0
end

describe("a service that ends its connection after the first of many requests", function()
  it("leaves a doubt about none of those that it did not act on", function()
    local refused, tries = 0, 0
    while refused == 0 and tries < 20 do
      refused, tries = look_at_ends(cancel_at_once("one_request", { max_retries = 0 })), tries + 1
    end
    assert.is_true(refused > 0)
  end)

  it("carries out each of them in the end", function()
    check_all_cancelled(cancel_at_once("one_request", { max_retries = 3 }))
  end)
end)

describe("a service that refuses the stream of a request", function()
  local function tells_of_shared_connections()
    local agent = service.requests()[1].headers["user-agent"]
    local major, minor = agent:match "libcurl (%d+)%.(%d+)"
    return tonumber(major) * 1000 + tonumber(minor) >= 8019
  end

  it("leaves no doubt", function()
    assert.are.same({ 1, 0 }, { refuse_some("refused_first", { max_retries = 0 }, 1) })
  end)

  it("leaves no doubt about one of many that share a connection", function()
    check_all_cancelled(cancel_at_once("good", {}, 1))
    if not tells_of_shared_connections() then pending "this libcurl tells of a lone request only" return end
    local refused, in_doubt = refuse_some("refused_first", { max_retries = 0 })
    assert.is_true(refused > 0)
    assert.are.equal(0, in_doubt)
  end)
end)
