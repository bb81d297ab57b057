-- SPDX-License-Identifier: MIT
-- files.each: all Files, page by page.

local check = require "spec.support.check"
local with_service = require "spec.support.with_service"

describe("files.each", function()
  local client
  local service = with_service.emulator()
  before_each(function() client = check.client(service, { max_retries = 0 }) end)

  local function add(count)
    local ids = {}
    for index = 1, count do ids[index] = service.add_file("x", "batch", "f" .. index).id end
    return ids
  end

  -- The ids, and the failure if there was one.
  local function ids_of(params, on_each, options)
    local ids = {}
    for file, failure in client.files.each(params, options) do
      if not file then return ids, failure end
      ids[#ids + 1] = file.id
      if on_each then on_each(file, #ids) end
    end
    return ids
  end

  for _, count in ipairs { 0, 1, 2, 3, 4, 5, 6 } do
    it(("gives each of %d Files once, three a page"):format(count), function()
      local ids = add(count)
      assert.are.same(ids, ids_of { order = "asc", limit = 3 })
    end)
  end

  it("asks for a thousand a page", function()
    add(1)
    ids_of()
    local requests = service.requests()
    assert.are.equal("/v1/files?limit=1000", requests[#requests].uri)
  end)

  it("takes params as list does", function()
    add(2)
    local other = service.add_file("x", "vision").id
    assert.are.same({ other }, (ids_of { purpose = "vision" }))
  end)

  for _, limit in ipairs { 1, 2, 3, 7 } do
    it(("lets each be deleted as it is given, %d a page"):format(limit), function()
      add(7)
      local ids, failure = ids_of({ limit = limit }, function(file) assert(client.files.delete(file.id)) end)
      assert.is_nil(failure)
      assert.are.same({ 7, {} }, { #ids, service.files() })
    end)
  end

  it("goes on behind an earlier File where another program has deleted the last of a page", function()
    local ids = add(6)
    service.answer_next { { call = "list_files" }, { call = "list_files", status = 404, body = { error = {} } } }
    assert.are.same(ids, (ids_of { order = "asc", limit = 3 }))
    local requests, uris = service.requests(), {}
    for index = #requests - 2, #requests do uris[#uris + 1] = requests[index].uri:match "after=(.*)" or "" end
    assert.are.same({ ids[3], ids[2], ids[5] }, { uris[1]:match "[^&]*", uris[2]:match "[^&]*", uris[3]:match "[^&]*" })
  end)

  it("ends with a failure, after the Files that came", function()
    local ids = add(4)
    service.answer_next { { call = "list_files" }, { call = "list_files", status = 500 } }
    local given, failure = ids_of { order = "asc", limit = 3 }
    assert.are.same({ ids[1], ids[2], ids[3] }, given)
    assert.are.equal("server", failure.kind)
  end)

  it("gives the failure once, and then nothing", function()
    service.answer_next { { call = "list_files", status = 500 } }
    local next_file = client.files.each()
    local file, failure = next_file()
    assert.are.same({ false, "server" }, { file, failure.kind })
    assert.is_nil((next_file()))
    assert.is_nil((next_file()))
  end)

  it("ends where the service says that more follows and gives nothing new", function()
    local ids = add(1)
    local page = { object = "list", data = { { id = ids[1], object = "file" } }, has_more = true }
    service.answer_next { { status = 200, body = page }, { status = 200, body = page } }
    assert.are.same(ids, (ids_of()))
  end)

  it("raises for what list raises for, at the line that asks", function()
    local fine, raised = pcall(client.files.each { limt = 1 })
    assert.is_false(fine)
    check.holds("params has an unknown field 'limt'", raised)
    check.holds("bad argument #1 to 'files.each' (params must be a table, got string)",
      select(2, pcall(client.files.each, "x")))
  end)
end)
