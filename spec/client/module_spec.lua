-- SPDX-License-Identifier: MIT
-- What `require "openai_uploads"` gives.

local check = require "spec.support.check"
local core = require "openai_uploads.core"
local script = require "spec.support.script"
local uploads = require "openai_uploads"
local with_service = require "spec.support.with_service"

describe("the module", function()
  it("tells its name and its release", function()
    assert.are.equal("openai_uploads", uploads._NAME)
    assert.is_truthy(uploads._VERSION:find("^%d+%.%d+%.%d+$"), uploads._VERSION)
    assert.are.equal(core._VERSION, uploads._VERSION)
  end)

  it("is a client: each has the same functions", function()
    local client = uploads.new()
    for name, field in pairs(client) do
      assert.are.equal(type(field), type(uploads[name]), name)
    end
    assert.is_function(client.cancel)
    assert.is_function(client.create)
    assert.are.equal(uploads.new, client.new)
  end)

  it("is a plain table, called with a dot", function()
    assert.is_table(uploads)
    assert.is_nil(getmetatable(uploads))
    assert.is_nil(getmetatable(uploads.new()))
  end)

  it("leaves no global behind, and does nothing when it is loaded", function()
    local result = script.run([[
      local before = {}
      for name in pairs(_G) do before[name] = true end
      require "openai_uploads"
      for name in pairs(_G) do
        if not before[name] then io.write(name) end
      end
    ]], { OPENAI_BASE_URL = "nonsense", OPENAI_LOG = "debug" })
    assert.are.same({ "", "", 0 }, { result.stdout, result.stderr, result.status })
  end)

  it("can be loaded anew", function()
    package.loaded["openai_uploads"], package.loaded["openai_uploads.core"] = nil, nil
    local again = require "openai_uploads"
    assert.are_not.equal(uploads, again)
    local one = uploads.new { base_url = check.dead_url, api_key = check.key, max_retries = 0 }
    local two = again.new { base_url = check.dead_url, api_key = check.key, max_retries = 0 }
    for _, client in ipairs { one, two } do
      check.holds("connection: ", tostring(check.failure("connection", client.cancel "upload_1")))
    end
  end)

  it("says what is missing when cjson is", function()
    local result = script.run([[
      package.preload.cjson = function() error("no cjson here", 0) end
      local ok, message = pcall(require, "openai_uploads")
      io.write(tostring(ok), " ", message)
    ]])
    assert.are.equal(0, result.status)
    check.holds("false ", result.stdout)
    check.holds("no cjson here", result.stdout)
  end)
end)

describe("two clients", function()

  local service = with_service.emulator()

  it("of new() are two", function()
    local one, two = uploads.new(), uploads.new()
    assert.are_not.equal(one, two)
    assert.are_not.equal(one.cancel, two.cancel)
  end)

  it("share neither settings, nor callbacks, nor connections", function()
    local told = {}
    local function teller(name)
      return check.client(service, {
        api_key = "sk-of-" .. name, log = function(event) told[#told + 1] = name .. " " .. event.event end,
      })
    end
    local one, two = teller "one", teller "two"
    for _, client in ipairs { one, two, one, two } do client.cancel "upload_unknown" end
    local keys, connections = {}, {}
    for index, request in ipairs((service.requests())) do
      keys[index], connections[index] = request.headers.authorization, request.connection
    end
    assert.are.same({ "Bearer sk-of-one", "Bearer sk-of-two", "Bearer sk-of-one", "Bearer sk-of-two" }, keys)
    assert.are.same({ connections[1], connections[2] }, { connections[3], connections[4] })
    assert.are_not.equal(connections[1], connections[2])
    assert.are.equal("one request one done two request two done one request one done two request two done",
      table.concat(told, " "))
  end)

  it("of one table of settings are two as well", function()
    local settings = { base_url = service.base_url, api_key = check.key }
    local one, two = uploads.new(settings), uploads.new(settings)
    one.cancel "upload_unknown"
    two.cancel "upload_unknown"
    local requests = service.requests()
    assert.are_not.equal(requests[1].connection, requests[2].connection)
  end)
end)
