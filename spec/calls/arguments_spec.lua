-- SPDX-License-Identifier: MIT
-- Misuse raises, at the line of the caller, and names what is wrong. Nothing is sent then: nothing listens.

local check = require "spec.support.check"
local uploads = require "openai_uploads"

local unpack = table.unpack or unpack -- luacheck: ignore 113 143
local huge, nan = math.huge, 0 / 0

describe("misuse", function()
  local client = uploads.new { base_url = check.dead_url, api_key = check.key, max_retries = 0 }
  local here = debug.getinfo(1, "S").short_src

  -- Calls the function, which must raise at the line it is called from. Returns the message without the position.
  local function raised(call, ...)
    local line
    local arguments, count = { ... }, select("#", ...)
    local ok, message = pcall(function()
      line = debug.getinfo(1, "l").currentline call(unpack(arguments, 1, count))
      return nil -- no tail call
    end)
    assert.is_false(ok)
    local position = ("%s:%d: "):format(here, line)
    assert.are.equal(position, message:sub(1, #position))
    return message:sub(#position + 1)
  end

  local function text(value)
    if value ~= value then return "nan" end
    if value == "" then return "an empty string" end
    return type(value) == "string" and ("'%s'"):format(value) or tostring(value):match("^%a+") or tostring(value)
  end

  describe("of an upload id:", function()
    local ids = {
      { "", "upload id is empty" },
      { ".", "upload id may not be '.' or '..'" },
      { "..", "upload id may not be '.' or '..'" },
      { "up\0load", "upload id contains a NUL byte" },
      { "\0", "upload id contains a NUL byte" },
      { 5, "upload id must be a string, got number" },
      { true, "upload id must be a string, got boolean" },
      { {}, "upload id must be a string, got table" },
      { nil, "upload id must be a string, got nil" },
    }
    for index = 1, 9 do
      local id, problem = ids[index][1], ids[index][2]
      it(("%s %s"):format(text(id):gsub("%z", "\\0"), problem), function()
        assert.are.equal(("bad argument #1 to 'cancel' (%s)"):format(problem), raised(client.cancel, id))
        assert.are.equal(("bad argument #1 to 'cancel' (%s)"):format(problem), raised(uploads.cancel, id, {}))
      end)
    end

    it("left out altogether", function()
      check.holds("bad argument #1 to 'cancel' (upload id must be a string", raised(client.cancel))
    end)

    it("with a colon for the dot", function()
      local problem = "bad argument #1 to 'cancel' (it is a client: write client.cancel(...), with a dot in place " ..
        "of the colon)"
      assert.are.equal(problem, raised(client.cancel, client, "upload_1"))
    end)

    it("raises through pcall, where no line is to be named", function()
      local ok, message = pcall(client.cancel, "")
      assert.is_false(ok)
      assert.are.equal("bad argument #1 to 'cancel' (upload id is empty)", message)
    end)
  end)

  describe("of params:", function()
    local function params(more)
      return check.merged({ filename = "a", purpose = "b", bytes = 1, mime_type = "c" }, more)
    end
    local function without(name)
      local all = params {}
      all[name] = nil
      return all
    end
    local endless = params {}
    endless.again = endless
    local rows = {
      { nil, "params must be a table, got nil" },
      { "file.jsonl", "params must be a table, got string" },
      { {}, "params.filename is missing" },
      { without "filename", "params.filename is missing" },
      { without "purpose", "params.purpose is missing" },
      { without "bytes", "params.bytes is missing" },
      { without "mime_type", "params.mime_type is missing" },
      { params { filename = 5 }, "params.filename must be a string, got number" },
      { params { purpose = true }, "params.purpose must be a string, got boolean" },
      { params { mime_type = {} }, "params.mime_type must be a string, got table" },
      { params { bytes = "12" }, "params.bytes must be a number, got string" },
      { params { bytes = -1 }, "params.bytes must be a whole number that is not negative, got -1" },
      { params { bytes = 1.5 }, "params.bytes must be a whole number that is not negative, got 1.5" },
      { params { bytes = nan }, "params.bytes must be a whole number that is not negative, got " },
      { params { bytes = huge }, "params.bytes must be a whole number that is not negative, got inf" },
      { params { callback = print }, "function" },
      { params { thread = coroutine.create(function() end) }, "thread" },
      { params { ratio = nan }, "NaN" },
      { endless, "params.again contains itself" },
    }
    for index = 1, #rows + 1 do
      local row = rows[index] or { nil, "params must be a table" }
      it(row[2] .. (" (%d)"):format(index), function()
        local message = raised(client.create, row[1])
        check.holds("bad argument #1 to 'create' (", message)
        check.holds(row[2], message)
      end)
    end
  end)

  describe("of options", function()
    it("is told when they are no table", function()
      check.holds("bad argument #2 to 'cancel' (options must be a table, got number)", raised(client.cancel, "id", 5))
      check.holds("bad argument #2 to 'create' (options must be a table, got string)", raised(client.create, {}, "id"))
      check.holds("bad argument #1 to 'new' (settings must be a table, got number)", raised(uploads.new, 5))
      check.holds("bad argument #1 to 'new' (settings must be a table, got string)", raised(client.new, "sk-1"))
    end)

    -- Each is wrong for `new` as it is for a call.
    local function refused(options, ...)
      for _, message in ipairs { raised(client.cancel, "upload_1", options), raised(uploads.new, options) } do
        for _, part in ipairs { ... } do check.holds(part, message) end
      end
    end

    local near_names = {
      { "time_out", "timeout" }, { "timeOut", "timeout" }, { "max_retry", "max_retries" },
      { "maxRetries", "max_retries" }, { "header", "headers" }, { "with_respose", "with_response" },
      { "onretry", "on_retry" }, { "dead_line", "deadline" }, { "retry_dealy", "retry_delay" }, { "Query", "query" },
    }
    for _, row in ipairs(near_names) do
      it(("that are misspelt is a question: %s"):format(row[1]), function()
        refused({ [row[1]] = 1 }, ("unknown option '%s' (did you mean '%s'?)"):format(row[1], row[2]))
      end)
    end

    for _, name in ipairs { "priority", "idempotency_key", "foo", "", ("x"):rep(5000) } do
      it(("that are unknown is told: %s"):format(name:sub(1, 20)), function()
        refused({ [name] = 1 }, "unknown option '" .. name:sub(1, 40))
        check.lacks("did you mean", raised(uploads.new, { [name] = 1 }))
      end)
    end

    it("that only begin like known ones are unknown", function()
      refused({ ["timeout\0s"] = 1 }, "unknown option")
      refused({ ["timeout"] = 1, ["timeouts"] = 1 }, "unknown option 'timeouts' (did you mean 'timeout'?)")
    end)

    it("whose names are no strings is told", function()
      refused({ "timeout" }, "unknown option", "number")
      refused({ [true] = 5 }, "unknown option", "boolean")
      refused({ [{}] = 5 }, "unknown option", "table")
    end)

    local clients_own = {
      "api_key", "base_url", "organization", "project", "auth_header", "max_response_bytes", "max_connections", "proxy",
      "ca_file", "ca_path", "client_cert", "client_key", "verify_tls", "allow_plain_http", "user_agent", "loop",
    }
    for _, name in ipairs(clients_own) do
      it(("of one call that only a client can have is told: %s"):format(name), function()
        assert.are.equal(("option '%s' is a setting of a whole client: pass it to new"):format(name),
          raised(client.cancel, "upload_1", { [name] = "x" }))
      end)
    end

    local wrong_types = {
      { "timeout", "5", "number" }, { "connect_timeout", true, "number" }, { "stall_timeout", {}, "number" },
      { "deadline", "never", "number" }, { "max_retries", "2", "number" }, { "retry_delay", false, "number" },
      { "max_retry_delay", {}, "number" }, { "max_retry_after", print, "number" },
      { "with_response", 1, "boolean" }, { "on_retry", "print", "function" }, { "log", true, "function" },
      { "headers", "X: y", "table" }, { "query", 5, "table" },
    }
    for _, row in ipairs(wrong_types) do
      it(("of a wrong type is told: %s of %s"):format(row[1], type(row[2])), function()
        refused({ [row[1]] = row[2] },
          ("bad option '%s' (%s"):format(row[1], row[3]), (" expected, got %s)"):format(type(row[2])))
      end)
    end

    local clients_wrong_types = {
      { "api_key", 5, "string or function" }, { "base_url", {}, "string" }, { "organization", 5, "string" },
      { "project", false, "string" }, { "auth_header", 5, "string" }, { "max_response_bytes", "1", "number" },
      { "max_connections", "1", "number" }, { "proxy", false, "string" }, { "ca_file", 1, "string" },
      { "ca_path", 1, "string" }, { "client_cert", 1, "string" }, { "client_key", 1, "string" },
      { "verify_tls", "no", "boolean" }, { "allow_plain_http", 1, "boolean" }, { "user_agent", 1, "string" },
    }
    for _, row in ipairs(clients_wrong_types) do
      it(("of a wrong type is told by new: %s of %s"):format(row[1], type(row[2])), function()
        check.holds(("bad option '%s' (%s expected, got %s)"):format(row[1], row[3], type(row[2])),
          raised(uploads.new, { [row[1]] = row[2] }))
      end)
    end

    local out_of_range = {
      timeout = { 0, -1, nan, huge, 1e300 }, connect_timeout = { 0, -1, nan, huge, 1e300 },
      stall_timeout = { 0, -1, nan, huge }, deadline = { 0, -1, nan, -huge },
      max_retries = { -1, nan, huge, 2 ^ 32, 2 ^ 64 },
      retry_delay = { -1, nan, huge }, max_retry_delay = { -1, nan, huge }, max_retry_after = { -1, nan, huge },
    }
    for name, values in pairs(out_of_range) do
      for _, value in ipairs(values) do
        it(("out of range is told: %s = %s"):format(name, text(value)), function()
          local words = name == "deadline" and "it must be at least" or "it must be from"
          refused({ [name] = value }, ("bad option '%s' ("):format(name), words)
        end)
      end
    end

    it("out of range is told by new: sizes", function()
      for _, value in ipairs { 0, -1, nan, huge, 2 ^ 40 } do
        check.holds("bad option 'max_response_bytes' (", raised(uploads.new, { max_response_bytes = value }))
        check.holds("bad option 'max_connections' (", raised(uploads.new, { max_connections = value }))
      end
    end)

    it("that are counted must be whole", function()
      refused({ max_retries = 1.5 }, "bad option 'max_retries' (1.5 is not a whole number)")
      check.holds("(1.5 is not a whole number)", raised(uploads.new, { max_response_bytes = 1.5 }))
      check.holds("(1.5 is not a whole number)", raised(uploads.new, { max_connections = 1.5 }))
    end)

    it("that are chosen must be one of the choices", function()
      assert.are.equal("bad option 'auth_header' ('basic' is none of: bearer, api-key)",
        raised(uploads.new, { auth_header = "basic" }))
      assert.are.equal("bad option 'auth_header' (it is none of: bearer, api-key)", -- a key in the wrong place
        raised(uploads.new, { auth_header = check.key }))
      check.holds("bad option 'loop' ('nonsense' ", raised(uploads.new, { loop = "nonsense" }))
    end)

    it("with pairs must have texts in them", function()
      for _, name in ipairs { "headers", "query" } do
        refused({ [name] = { "x" } }, ("bad option '%s' (its keys must be strings)"):format(name))
        refused({ [name] = { a = {} } }, ("bad option '%s' (value of 'a' is a table)"):format(name))
        refused({ [name] = { a = print } }, ("bad option '%s' (value of 'a' is a function)"):format(name))
      end
    end)

    it("is found in each table anew, and leaves the client as it was", function()
      raised(client.cancel, "upload_1", { headers = { a = "b" }, timeout = -1 })
      check.failure("connection", client.cancel("upload_1"))
    end)
  end)
end)
