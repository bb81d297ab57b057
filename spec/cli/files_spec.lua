-- SPDX-License-Identifier: MIT
-- openai-uploads files: list, show, delete, get and wait; and upload --wait.

local check = require "spec.support.check"
local cjson = require("cjson").new()
local cli = require "spec.support.cli"
local part_data = require "spec.support.part_data"
local with_service = require "spec.support.with_service"

describe("openai-uploads files", function()
  local service = with_service.emulator()

  teardown(function() part_data.forget() end)

  local function run(words, environment, redirected)
    return cli.run(words, check.merged({ OPENAI_BASE_URL = service.base_url }, environment or {}), redirected)
  end

  local function files(...) return run { "files", ... } end

  local function fine(result)
    assert.are.same({ 0, "" }, { result.status, result.stderr })
    return result.stdout
  end

  local function failed(exit_code, result)
    assert.are.equal(exit_code, result.status, result.stderr)
    return result.stderr
  end

  describe("list", function()
    it("prints a line for each File, the newest first", function()
      local first, second = service.add_file("hello", "batch", "a.txt"), service.add_file("x", "vision", "b c.png")
      local lines = {}
      for line in fine(files "list"):gmatch "[^\n]+" do
        lines[#lines + 1] = line:gsub("%d+%-%d+%-%d+ [%d:]+Z", "TIME")
      end
      assert.are.same({
        second.id .. "  1  TIME  vision  processed  b c.png", first.id .. "  5  TIME  batch  processed  a.txt",
      }, lines)
    end)

    it("takes a purpose, a limit, an order and a beginning", function()
      local ids = {}
      for index = 1, 4 do ids[index] = service.add_file("x", "batch").id end
      service.add_file("x", "vision")
      local text = fine(files("list", "-p", "batch", "--limit", "2", "--order", "asc", "--after", ids[1]))
      assert.are.same({ ids[2], ids[3] }, { text:match "^(file%-%x+) [^\n]*\n(file%-%x+) [^\n]*\n$" })
    end)

    it("prints objects with --json", function()
      local file = service.add_file("hello", "batch")
      local object = cjson.decode(fine(run { "--json", "files", "list" }))
      assert.are.same({ file.id, 5 }, { object.id, object.bytes })
    end)

    it("prints nothing where there is nothing", function() assert.are.equal("", fine(files "list")) end)

    it("says why a page could not be had", function()
      service.answer_next { { call = "list_files", status = 403, body = { error = { message = "no" } } } }
      check.holds("permission_denied: no", failed(22, files "list"))
    end)
  end)

  it("show prints a line for each, and fails for one that is missing", function()
    local file = service.add_file("hello", "batch", "a.txt")
    local result = files("show", file.id, "file-none")
    check.holds("file-none: not_found: No such File object: file-none", failed(23, result))
    assert.matches("^" .. file.id:gsub("%-", "%%-") .. "  5  [^\n]*  batch  processed  a%.txt\n$", result.stdout)
  end)

  it("delete deletes many, in order", function()
    local words, lines = { "files", "delete" }, {}
    for index = 1, 20 do
      words[index + 2] = service.add_file("x").id
      lines[index] = words[index + 2] .. "  deleted\n"
    end
    assert.are.equal(table.concat(lines), fine(run(words)))
    assert.are.same({}, service.files())
  end)

  describe("get", function()
    it("writes the bytes to standard output", function()
      local bytes = part_data.bytes(300000)
      assert.is_true(bytes == fine(files("get", service.add_file(bytes).id)))
    end)

    it("says that they cannot be written to standard output", function()
      local words = { "files", "get", service.add_file(part_data.bytes(300000)).id }
      check.holds("file: cannot write to standard output: No space left on device",
        failed(17, run(words, nil, ">/dev/full")))
    end)

    it("writes them to a file, and prints its name", function()
      local path = part_data.path()
      assert.are.equal(path .. "\n", fine(files("get", service.add_file("hello").id, "--output", path)))
      assert.are.equal("hello", cli.read_file(path))
    end)

    it("fails for a File that is larger than the limit", function()
      local path = part_data.path()
      local result = files("get", service.add_file("hello").id, "-o", path, "--max-bytes", "4")
      check.holds("too_large: the content is larger than max_bytes (4)", failed(16, result))
      assert.are.equal("", cli.read_file(path))
    end)

    it("fails where it cannot write", function()
      check.holds("cannot write to /none/a", failed(17, files("get", service.add_file("x").id, "-o", "/none/a")))
    end)
  end)

  describe("wait", function()
    it("prints a line once the File is processed", function()
      local id = service.add_file("x").id
      assert.are.equal(id .. "  processed\n", fine(files("wait", id)))
    end)

    it("says what is wrong with it", function()
      local id = service.add_file("x").id
      service.change_file(id, { status = "error", status_details = "no JSON" })
      check.holds(id .. ": processing: the service could not process the File: no JSON", failed(19, files("wait", id)))
      local told = cjson.decode(run({ "files", "wait", id, "--json" }).stderr).error
      assert.are.same({ "processing", "no JSON", 19 }, { told.kind, told.status_details, told.exit_code })
    end)

    it("ends at its deadline", function()
      local id = service.add_file("x").id
      service.change_file(id, { status = "uploaded" })
      check.holds("timeout: the File was not processed by the deadline of 0.05 s",
        failed(13, files("wait", id, "--deadline", "0.05", "--interval", "0.01")))
    end)
  end)

  describe("and upload --wait", function()
    local path

    before_each(function() path = part_data.file("hello") end)

    it("print the id of the File once it is processed", function()
      local id = fine(run { "upload", path, "-p", "batch", "--wait" }):match "^(file%-%x+)\n$"
      assert.are.equal(id, service.files()[1].id)
      local requests = service.requests()
      assert.are.equal("/v1/files/" .. id, requests[#requests].uri)
    end)

    it("fail for a File that cannot be processed, and name it", function()
      service.answer_next { { call = "file", status = 200,
        body = { id = "file-1", object = "file", status = "error", status_details = "no JSON" } } }
      local text = failed(15, run { "upload", path, "-p", "batch", "--wait" }) -- another File's answer
      check.holds("; its File is " .. service.files()[1].id, text)
    end)
  end)

  describe("refuse", function()
    for _, row in ipairs {
      { "no action", { "files" }, "openai-uploads files --help" },
      { "an unknown action", { "files", "lost" }, "files --help" },
      { "no id", { "files", "delete" }, "openai-uploads files delete --help" },
      { "a bad id", { "files", "show", ".." }, "'..' is not a file id" },
      { "an order that is none", { "files", "list", "--order", "up" }, "openai-uploads files list --help" },
    } do
      it(row[1], function() check.holds(row[3], failed(2, run(row[2]))) end)
    end
  end)

  it("have helps of their own", function()
    check.holds("openai-uploads files delete file-abc", fine(run { "help", "files" }))
    for _, name in ipairs { "list", "show", "delete", "get", "wait" } do
      check.holds("Usage: openai-uploads files " .. name, fine(files(name, "--help")))
    end
  end)
end)
