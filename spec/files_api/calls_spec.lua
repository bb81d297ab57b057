-- SPDX-License-Identifier: MIT
-- files.retrieve, files.list and files.delete.

local check = require "spec.support.check"
local with_service = require "spec.support.with_service"

describe("files", function()
  local client, file

  local service = with_service.emulator()

  before_each(function()
    client = check.client(service)
    file = service.add_file("hello", "user_data", "a.txt")
    service.requests()
  end)

  -- What the last request was: { method, uri, body, content-length, content-type }.
  local function last_request()
    local requests = service.requests()
    local request = requests[#requests]
    return { request.method, request.uri, request.body, request.headers["content-length"],
      request.headers["content-type"] }
  end

  describe(".retrieve", function()
    it("returns the File as a plain table", function()
      local found = assert(client.files.retrieve(file.id))
      assert.are.same({
        id = file.id, object = "file", bytes = 5, created_at = file.created_at, filename = "a.txt",
        purpose = "user_data", status = "processed",
      }, found)
      assert.is_nil(getmetatable(found))
    end)

    it("sends a GET without a body", function()
      client.files.retrieve(file.id)
      assert.are.same({ "GET", "/v1/files/" .. file.id, "" }, last_request())
    end)

    it("percent-encodes the id", function()
      check.failure("not_found", client.files.retrieve("a b/c"))
      assert.are.equal("/v1/files/a%20b%2Fc", last_request()[2])
    end)

    it("fails where there is no such File", function()
      local failure = check.failure("not_found", client.files.retrieve("file-none"))
      assert.are.equal("No such File object: file-none", failure.message)
      assert.are.equal("id", failure.param)
    end)

    it("sends a Part of the handle's last call again as a POST", function() -- curl's handles are used again
      local upload_id = service.make_uploads(1)[1]
      for _ = 1, 2 do
        assert(client.files.retrieve(file.id))
        assert(client.parts.create(upload_id, { data = "x" }))
        assert(client.files.delete(service.add_file("y").id))
        assert(client.create { filename = "a", purpose = "batch", bytes = 1, mime_type = "text/plain" })
      end
    end)
  end)

  describe(".list", function()
    local function names_of(page)
      local names = {}
      for index, each in ipairs(page.data) do names[index] = each.filename end
      return table.concat(names, " ")
    end

    before_each(function()
      service.add_file("two", "batch", "b.txt")
      service.add_file("three", "user_data", "c.txt")
    end)

    it("returns a page, the newest first", function()
      local page = assert(client.files.list())
      assert.are.same({ "c.txt b.txt a.txt", "list", false, file.id },
        { names_of(page), page.object, page.has_more, page.last_id })
      assert.are.same({ "GET", "/v1/files", "" }, last_request())
    end)

    it("sends its params as a query", function()
      local page = assert(client.files.list { purpose = "user_data", limit = 1, order = "asc" })
      assert.are.same({ "a.txt", true }, { names_of(page), page.has_more })
      assert.are.equal("/v1/files?purpose=user_data&limit=1&order=asc", last_request()[2])
      page = assert(client.files.list { after = page.last_id, order = "asc" })
      assert.are.equal("b.txt c.txt", names_of(page))
    end)

    it("adds them to the query of the client and of the call", function()
      client = check.client(service, { query = { a = "1" } })
      client.files.list({ limit = 2.0 }, { query = { b = "2" } })
      assert.are.equal("/v1/files?a=1&b=2&limit=2", last_request()[2])
    end)

    it("returns an empty page where there is nothing", function()
      local page = assert(client.files.list { purpose = "vision" })
      assert.are.same({}, page.data)
      assert.are.same({ false, nil, nil }, { page.has_more, page.first_id, page.last_id })
    end)

    it("takes a page that is larger than max_response_bytes", function()
      client = check.client(service, { max_response_bytes = 100 })
      assert.are.equal(3, #assert(client.files.list()).data)
      check.failure("too_large", client.files.retrieve(file.id))
    end)

    it("fails where `after` is gone", function()
      assert.are.equal("not_found", check.failure("not_found", client.files.list { after = "file-none" }).kind)
    end)

    for _, row in ipairs {
      { "a field that it does not know", { limt = 1 }, "params has an unknown field 'limt' (did you mean 'limit'?)" },
      { "an option", { timeout = 1 },
        "params has an unknown field 'timeout': it is an option, and goes into the table behind params" },
      { "a text as limit", { limit = "1" }, "params.limit must be a number, got string" },
      { "half a File", { limit = 1.5 }, "params.limit must be a whole number" },
      { "a number as id", { after = 1 }, "params.after must be a string, got number" },
      { "a text", "user_data", "params must be a table, got string" },
    } do
      it("raises for " .. row[1], function()
        local fine, raised = pcall(client.files.list, row[2])
        assert.is_false(fine)
        check.holds("bad argument #1 to 'files.list' (" .. row[3], raised)
      end)
    end
  end)

  describe(".delete", function()
    it("deletes the File", function()
      assert.are.same({ id = file.id, object = "file", deleted = true }, client.files.delete(file.id))
      assert.are.same({ "DELETE", "/v1/files/" .. file.id, "" }, last_request())
      assert.are.same({}, service.files())
      check.failure("not_found", client.files.retrieve(file.id))
    end)

    it("deletes a thousand Files side by side", function()
      client = check.client(service, { max_connections = 16 })
      local ids = {}
      for index = 1, 1000 do ids[index] = service.add_file("x").id end
      local transfers = {}
      for index, id in ipairs(ids) do transfers[index] = client.start.files.delete(id) end
      while client.step(1) > 0 do end
      for index, transfer in ipairs(transfers) do
        local done, deleted, failure = transfer:poll()
        if not (done and deleted and deleted.id == ids[index]) then error(tostring(failure)) end
      end
      assert.are.equal(1, #service.files())
    end)
  end)

  describe("raises where an id", function()
    for _, row in ipairs {
      { "is missing", nil, "file id must be a string, got nil" },
      { "is empty", "", "file id is empty" },
      { "is a dot", ".", "file id" },
      { "is a table", {}, "file id must be a string, got table" },
    } do
      for _, name in ipairs { "retrieve", "delete" } do
        it(row[1] .. " in " .. name, function()
          local fine, raised = pcall(client.files[name], row[2])
          assert.is_false(fine)
          check.holds(("bad argument #1 to 'files.%s' (%s"):format(name, row[3]), raised)
        end)
      end
    end
  end)

  it("can be begun and not waited for", function()
    local transfer = client.start.files.retrieve(file.id)
    local _, found = transfer:wait()
    assert.are.equal(file.id, found.id)
  end)

  it("is told to the log with its method", function()
    local methods = {}
    client = check.client(service, { log = function(event) methods[#methods + 1] = event.method end })
    client.files.retrieve(file.id)
    client.files.delete(file.id)
    assert.are.same({ "GET", "GET", "DELETE", "DELETE" }, methods)
  end)
end)
