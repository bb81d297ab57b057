-- SPDX-License-Identifier: MIT
-- A service that stops in an orderly way says by HTTP/2 which requests it will act on. Those after them are certain
-- not to have been.

local emulator = require "spec.support.emulator"
local rows = require "spec.support.rows"

local calls_at_once = 8

describe("a service that ends its connection after the first of many requests", function()
  local service

  setup(function() service = emulator.start() end)

  teardown(function() service.stop() end)

  before_each(function() service.reset() end)

  local function cancel_at_once(settings)
    settings.ca_file = service.ca_file
    local client = rows.client(service.tls.one_request, settings)
    local ids, transfers = service.make_uploads(calls_at_once), {}
    for index, id in ipairs(ids) do transfers[index] = client.start.cancel(id) end
    return ids, transfers
  end

  -- Returns how many of the calls were refused without a doubt.
  local function look_at_ends(ids, transfers)
    local refused = 0
    for index, transfer in ipairs(transfers) do
      local _, upload, failure = transfer:wait(20)
      local status = service.upload(ids[index]).status
      if upload then
        assert.are.same({ ids[index], "cancelled" }, { upload.id, status })
      elseif not failure.may_have_applied then
        refused = refused + 1
        assert.are.same({ "connection", "pending" }, { failure.kind, status })
        assert.are.equal("the service refused the request before it looked at it", failure.message)
      end
    end
    return refused
  end

  -- How many have left when it says so is a matter of chance.
  it("leaves a doubt about none of those that it did not act on", function()
    local refused, tries = 0, 0
    while refused == 0 and tries < 20 do
      refused, tries = look_at_ends(cancel_at_once { max_retries = 0 }), tries + 1
    end
    assert.is_true(refused > 0)
  end)

  it("carries out each of them in the end", function()
    local ids, transfers = cancel_at_once { max_retries = 3 }
    for index, transfer in ipairs(transfers) do
      local _, upload, failure = transfer:wait(20)
      assert.is_nil(failure)
      assert.are.same({ ids[index], "cancelled" }, { upload.id, upload.status })
    end
  end)
end)
