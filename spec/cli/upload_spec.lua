-- SPDX-License-Identifier: MIT
-- `openai-uploads upload`: whole files, and what is left to go on from when one fails.
-- Runs once: each_lua_spec has the parts of the command that depend on the interpreter.

local check = require "spec.support.check"
local cjson = require("cjson").new()
local cli = require "spec.support.cli"
local exists = require "spec.support.exists"
local with_service = require "spec.support.with_service"

describe("openai-uploads upload", function()
  local folder

  local service = with_service.emulator()

  before_each(function() folder = io.popen("mktemp -d"):read("*l") end)

  after_each(function() os.execute("rm -rf " .. folder) end)

  local function write(name, text) return cli.write_file(folder .. "/" .. name, text) end

  local function environment() return { OPENAI_BASE_URL = service.base_url } end

  local function start(...)
    return cli.start({ "upload", "--purpose", "batch", "--max-retries", "0", ... }, environment())
  end

  local function run(...) return start(...).finish() end

  -- Runs what must succeed, with nothing on stderr. Returns its stdout.
  local function succeeds(...)
    local result = run(...)
    assert.are.same({ "", 0 }, { result.stderr, result.status })
    return result.stdout
  end

  -- Runs what must fail, with nothing on stdout. Returns its stderr.
  local function fails(status, ...)
    local result = run(...)
    assert.are.same({ "", status }, { result.stdout, result.status }, result.stderr)
    return result.stderr
  end

  local function only_upload()
    local uploads = service.uploads()
    assert.are.equal(1, #uploads)
    return uploads[1]
  end

  local function count_requests(call)
    local count = 0
    for _, request in ipairs((service.requests())) do
      if request.uri:find("/" .. call .. "$") then count = count + 1 end
    end
    return count
  end

  it("prints the id of the File, and nothing else in a pipe", function()
    local id = succeeds(write("a.jsonl", "hello world"), "--part-size", "4", "--md5"):match "^(file%-%w+)\n$"
    local upload = only_upload()
    local completed = cjson.decode(service.requests()[5].body)
    assert.are.equal("5eb63bbbe01eeed093cb22bb8f5acdc3", completed.md5)
    assert.are.same({ id, 11, "a.jsonl", "batch", "text/jsonl", "completed", 3 }, { upload.file.id, upload.file.bytes,
      upload.filename, upload.purpose, upload.mime_type, upload.status, #upload.parts })
  end)

  it("sends what its options say", function()
    succeeds(write("a.bin", ("x"):rep(3000)), "--part-size", "1K", "--filename", "b.txt", "--mime-type", "text/x",
      "--expires-after", "3600", "--concurrency", "1")
    local requests = service.requests()
    local params = cjson.decode(requests[1].body)
    assert.are.same({ "b.txt", "text/x", "batch", 3000, { anchor = "created_at", seconds = 3600 } },
      { params.filename, params.mime_type, params.purpose, params.bytes, params.expires_after })
    local sizes, connections = {}, {}
    for index, part in ipairs(only_upload().parts) do sizes[index] = part.bytes end
    for _, request in ipairs(requests) do connections[request.connection] = true end
    assert.are.same({ 1024, 1024, 952 }, sizes)
    assert.are.equal(1, #check.sorted_names(connections)) -- one after the other
  end)

  it("sends several parts at a time", function()
    local held = {}
    for index = 1, 3 do held[index] = { call = "parts", delay = 30 } end
    service.answer_next(held)
    local child = start(write("a.txt", "abc"), "--part-size", "1", "--concurrency", "3")
    cli.wait_for(function() return count_requests "parts" == 3 end)
    child.interrupt()
    assert.are.equal(130, child.finish().status)
  end)

  it("prints the Upload with --json", function()
    local upload = cjson.decode((succeeds(write("a.txt", "hello"), "--json"):match "^{[^\n]*}\n$"))
    assert.are.same({ "completed", only_upload().id, "a.txt" }, { upload.status, upload.id, upload.file.filename })
  end)

  it("names the file of each line where there are several, and goes on after a failure", function()
    service.answer_next { { call = "parts", status = 400 } }
    local paths = { write("a.txt", "a"), write("c.unknown", "c"), write("d.txt", "d") }
    local result = run(paths[1], paths[2], paths[3])
    assert.are.equal(20, result.status)
    assert.are.equal(("file-ID\t%s\nfile-ID\t%s\n"):format(paths[2], paths[3]),
      (result.stdout:gsub("file%-%w+", "file-ID")))
    check.holds(paths[1] .. ": bad_request: ", result.stderr)
    local uploads = service.uploads()
    assert.are.same({ "cancelled", "completed", "completed", "application/octet-stream" },
      { uploads[1].status, uploads[2].status, uploads[3].status, uploads[2].mime_type })
  end)

  it("names the file of each object where there are several", function()
    local paths = { write("a.txt", "a"), write("b.txt", "b") }
    local told = {}
    for line in succeeds("--json", paths[1], paths[2]):gmatch "[^\n]+" do told[#told + 1] = cjson.decode(line).path end
    assert.are.same(paths, told)
  end)

  it("looks at all files before the first byte is sent", function()
    local stderr = fails(17, write("a.txt", "a"), folder .. "/none", write("b.txt", ""))
    assert.are.equal(("openai-uploads: file: cannot open %s/none: No such file or directory\n" ..
      "openai-uploads: %s/b.txt: file: b.txt is empty: there is nothing to send\n" ..
      "openai-uploads: nothing was sent: all files are looked at before the first one is sent\n")
      :format(folder, folder), stderr)
    check.nothing_sent(service)
  end)

  it("says with --dry-run what would be sent, and sends nothing", function()
    local paths = { write("a.jsonl", ("x"):rep(3000)), write("b.txt", "b") }
    assert.are.equal(("%s: 3000 bytes as 'a.jsonl', text/jsonl, for batch, in 3 parts of 1024 bytes at most\n" ..
      "%s: 1 bytes as 'b.txt', text/plain, for batch, in 1 part of 1024 bytes at most\n"):format(paths[1], paths[2]),
      succeeds("--dry-run", "--part-size", "1K", paths[1], paths[2]))
    local told = cjson.decode(succeeds("--dry-run", "--json", "--part-size", "1K", paths[1]))
    assert.are.same({ true, paths[1], 3, "text/jsonl" }, { told.dry_run, told.file, told.part_count,
      told.create.mime_type })
    fails(17, "--dry-run", folder .. "/none")
    check.nothing_sent(service)
  end)

  it("sends no more bytes a second than it is told", function()
    local path = write("a.txt", ("x"):rep(300 * 1024))
    local child = start(path, "--limit-rate", "64K", "--progress", "json")
    local first = cli.wait_for(function()
      for line in child.stderr():gmatch "[^\n]+" do
        local told = cjson.decode(line).progress
        if told.sent > 0 then return told end
      end
    end)
    assert.is_true(first.sent < 300 * 1024)
    assert.are.equal(0, child.finish().status)
    assert.are.equal("completed", only_upload().status)
  end)

  it("names --resume where the line was away for too long", function()
    service.answer_next { { call = "parts", close = true } }
    local stderr = fails(11, write("a.txt", "a"))
    check.holds("; " .. only_upload().id .. " was cancelled\n", stderr)
    check.holds("\nopenai-uploads: what was sent is lost; with --resume STATE the same command would go on where it " ..
      "stopped\n", stderr)
  end)

  it("says what to do about an Upload that could not be cancelled", function()
    service.answer_next { { call = "parts", status = 400 }, { call = "cancel", status = 503 } }
    local stderr, id = fails(20, write("a.txt", "a")), only_upload().id
    check.holds(("the cancel of %s was not confirmed"):format(id), stderr)
    check.holds(("; it expires within an hour; to cancel it now: openai-uploads cancel %s\n"):format(id), stderr)
  end)

  for _, row in ipairs {
    { "a directory", "mkdir %s", "is a directory, not a regular file" },
    { "a pipe", "mkfifo %s", "is a pipe, not a regular file" },
    { "what is not there", "true", "No such file or directory" },
    { "an empty file", ": >%s", "is empty" },
  } do
    it("sends nothing of " .. row[1], function()
      local path = folder .. "/a.txt"
      os.execute(row[2]:format(path))
      local line = fails(17, path)
      check.holds(row[3], line)
      assert.matches("^openai%-uploads: [^\n]*\n$", line)
      check.nothing_sent(service)
    end)
  end

  it("refuses more parts at a time than there may be", function()
    check.holds("option '--concurrency' takes a whole number from 1 to 64, not '65'; see 'openai-uploads upload " ..
      "--help'", fails(2, write("a.txt", "hello"), "--concurrency", "65"))
    check.nothing_sent(service)
  end)

  it("cancels what fails, and says so", function()
    service.answer_next { { call = "parts", status = 400 } }
    local line = fails(20, write("a.txt", "hello"), "--part-size", "2", "--concurrency", "1")
    local upload = only_upload()
    assert.are.equal("cancelled", upload.status)
    check.holds(("openai-uploads: %s/a.txt: bad_request: "):format(folder), line)
    check.holds("; " .. upload.id .. " was cancelled\n", line)
  end)

  it("tells with --json what became of the Upload", function()
    service.answer_next { { call = "parts", status = 503 }, { call = "cancel", status = 503 } }
    local told = cjson.decode(fails(28, write("a.txt", "hello"), "--json")).error
    assert.are.same({ "server", only_upload().id, false, 1, folder .. "/a.txt", 28 },
      { told.kind, told.upload_id, told.cancelled, told.part_number, told.subject, told.exit_code })
    check.holds("was not confirmed", told.aftermath)
  end)

  it("gives a whole file the time that --deadline says", function()
    service.answer_next { { call = "parts", delay = 0.3 }, { call = "parts", delay = 0.3 } }
    local line = fails(13, write("a.txt", "hello"), "--deadline", "0.5", "--part-size", "3", "--concurrency", "1")
    check.holds("timeout: ", line)
    assert.are.equal("cancelled", only_upload().status)
  end)

  it("shows nothing of a file's name that a terminal would obey", function()
    local path = write("a\27[31m\n\155.txt", "hello")
    service.answer_next { { call = "parts", status = 400 } }
    local line = fails(20, path)
    check.holds("/a?[31m??.txt: bad_request", line)
    assert.is_nil(line:sub(1, -2):find "[%c\128-\255]")
  end)

  describe("with --resume", function()
    local path, state

    before_each(function()
      path, state = write("a.txt", "abcdefghij"), folder .. "/state"
    end)

    local function with_state(...) return path, "--part-size", "3", "--concurrency", "1", "--resume", state, ... end

    local function files()
      local names, listing = {}, io.popen("ls " .. folder)
      for name in listing:lines() do names[#names + 1] = name end
      listing:close()
      return names
    end

    -- Leaves a state of an Upload that has one part.
    local function fail_at_second_part()
      service.answer_next { { call = "parts" }, { call = "parts", status = 503 } }
      return fails(28, with_state())
    end

    -- The lines of the state, decoded.
    local function lines_of_state()
      local lines = {}
      for line in io.lines(state) do lines[#lines + 1] = cjson.decode(line) end
      return lines
    end

    it("keeps what fails, and says how to go on; the same command sends what is missing", function()
      local said = fail_at_second_part()
      local id = only_upload().id
      check.holds("; " .. id .. " is kept\n", said)
      check.holds("openai-uploads: to go on, give the same command once more; to start over, remove " .. state, said)
      assert.are.equal("pending", service.upload(id).status)
      assert.are.equal(2, count_requests "parts")
      assert.matches("^file%-%w+\n$", succeeds(with_state("--md5")))
      assert.are.equal("completed", only_upload().status)
      assert.are.equal(5, count_requests "parts")
      assert.is_false(exists(state))
    end)

    it("leaves nothing but the state behind, and nothing at all after success", function()
      fail_at_second_part()
      assert.are.same({ "a.txt", "state" }, files())
      succeeds(with_state())
      assert.are.same({ "a.txt" }, files())
    end)

    it("goes on after it was killed", function()
      service.answer_next { { call = "parts" }, { call = "parts" }, { call = "parts", delay = 30 } }
      local child = start(with_state())
      cli.wait_for(function() return count_requests "parts" == 3 end)
      child.kill()
      local result = child.finish()
      assert.are.same({ "", "" }, { result.stdout, result.stderr })
      assert.are.equal("pending", only_upload().status)
      succeeds(with_state())
      assert.are.equal("completed", only_upload().status)
      assert.are.equal(5, count_requests "parts")
    end)

    it("begins anew where nothing was created before it was killed", function()
      service.answer_next { { call = "create", delay = 30 } }
      local child = start(with_state())
      cli.wait_for(function() return #service.requests() == 1 end)
      child.kill()
      child.finish()
      assert.is_true(exists(state))
      succeeds(with_state())
      assert.is_false(exists(state))
    end)

    it("leaves no state where nothing was created", function()
      service.answer_next { { call = "create", status = 403 } }
      assert.matches("^[^\n]*permission_denied: [^\n]*\n$", fails(22, with_state()))
      assert.is_false(exists(state))
    end)

    for _, row in ipairs {
      { "text", "my precious notes\n" }, { "text without an end", "{x" },
      { "a line break", "\n" }, { "another program's JSON", '{"resume":{}}' },
      { "a list", "[]" }, { "a long file", ("x"):rep(5 * 1024 * 1024) },
    } do
      it("leaves a state file alone that is none: " .. row[1], function()
        cli.write_file(state, row[2])
        local said = fails(17, with_state())
        assert.are.equal(("openai-uploads: file: state file '%s' was not written by openai-uploads, and is left as " ..
          "it is: name another file\n"):format(state), said)
        assert.is_true(row[2] == cli.read_file(state))
        check.nothing_sent(service)
      end)
    end

    for _, row in ipairs {
      { "a directory", "mkdir '%s'", "cannot be opened: Is a directory" },
      { "a pipe", "mkfifo '%s'", "is a pipe, not a regular file" },
      { "a link to a device", "ln -s /dev/full '%s'", "is a device, not a regular file" },
      { "a link to itself", "ln -s state '%s'", "cannot be opened: Too many levels of symbolic links" },
      { "in a folder that is not there", "ln -s none/state '%s'", "cannot be opened: No such file or directory" },
    } do
      it("refuses a state file that is " .. row[1] .. ", before anything is sent", function()
        os.execute(row[2]:format(state))
        local said = fails(17, with_state())
        assert.are.equal(("openai-uploads: file: state file '%s' %s\n"):format(state, row[3]), said)
        check.nothing_sent(service)
      end)
    end

    it("refuses a state file that another program has, which goes on", function()
      service.answer_next { { call = "parts" }, { call = "parts", gate = true } }
      local child = start(with_state())
      cli.wait_for(function() return count_requests "parts" == 2 end)
      local said = fails(17, with_state())
      check.holds(("state file '%s' is in use by process %d: wait until that has ended, or name another file\n"):format(
        state, child.command_pid()), said)
      service.open_gate()
      local ended = child.finish()
      assert.are.equal(0, ended.status, ended.stderr)
      assert.are.same({ 1, 1 }, { #service.uploads(), count_requests "complete" })
      assert.are.same({ "a.txt" }, files())
    end)

    it("keeps its state where a link leads, and leaves that empty after success", function()
      os.execute(("ln -s kept '%s'"):format(state))
      fail_at_second_part()
      check.holds("upload_id", cli.read_file(folder .. "/kept"))
      succeeds(with_state())
      assert.are.same({ "a.txt", "kept" }, files())
      assert.are.equal("", cli.read_file(folder .. "/kept"))
      assert.are.equal(1, #service.uploads())
    end)

    for _, row in ipairs {
      { "an empty file", "" }, { "one that was just made", '{"format":"openai-uploads resume 2"}\n' },
      { "one that was being made", '{"format":"openai-up' },
      { "one of the first version, which keeps nothing", '{"format":"openai-uploads resume 1"}\n' },
    } do
      it("begins with a state file that keeps nothing: " .. row[1], function()
        cli.write_file(state, row[2])
        fail_at_second_part()
        succeeds(with_state())
        assert.are.same({ "a.txt" }, files())
      end)
    end

    for _, row in ipairs {
      { "the first version", '{"format":"openai-uploads resume 1","resume":{"upload_id":"upload_1"}}\n' },
      { "a later one", '{"format":"openai-uploads resume 3"}\n{"anything":1}\n' },
    } do
      it("leaves a state file alone that is of another version: " .. row[1], function()
        cli.write_file(state, row[2])
        local said = fails(17, with_state())
        assert.matches("state file '.*' is of another version %('openai%-uploads resume [13]'%), and is left as it " ..
          "is; remove it to start over\n$", said)
        assert.are.equal(row[2], cli.read_file(state))
        check.nothing_sent(service)
      end)
    end

    it("notes each part in a line of its own", function()
      service.answer_next { { call = "parts" }, { call = "parts" }, { call = "parts", status = 503 } }
      fails(28, with_state())
      local lines, parts = lines_of_state(), only_upload().parts
      assert.are.same({ { format = "openai-uploads resume 2" }, 4 }, { lines[1], #lines })
      assert.are.same({ only_upload().id, "a.txt", "batch", "text/plain", 10, 3 }, { lines[2].upload_id,
        lines[2].filename, lines[2].purpose, lines[2].mime_type, lines[2].bytes, lines[2].part_size })
      for number = 1, 2 do
        assert.are.same({ number = number, id = parts[number].id, md5 = parts[number].md5 }, lines[2 + number])
      end
    end)

    for name, cut in pairs {
      ["a part's last byte"] = function(text) return text:sub(1, -2) end,
      ["most of a part"] = function(text) return (text:gsub("[^\n]*\n$", "{")) end,
    } do
      it("goes on after it was killed while it wrote: " .. name .. " is missing", function()
        fail_at_second_part()
        cli.write_file(state, cut(cli.read_file(state)))
        succeeds(with_state("--md5"))
        assert.are.equal(2 + 4, count_requests "parts")
        assert.is_false(exists(state))
      end)
    end

    it("goes on with a state that has the same line of a part once more", function()
      fail_at_second_part()
      local text = cli.read_file(state)
      cli.write_file(state, text .. text:match "[^\n]*\n$")
      succeeds(with_state())
      assert.are.equal(2 + 3, count_requests "parts")
    end)

    for _, row in ipairs {
      { "a line that is no JSON", "precious\n", "it has a line that cannot be read" },
      { "a part twice", '{"number":1,"id":"part_x","md5":"%s"}\n', "it has part 1 twice" },
      { "a part of no number", '{"id":"part_x","md5":"%s"}\n', "it has a part without number or id" },
    } do
      it("refuses a state file that is damaged: " .. row[1], function()
        fail_at_second_part()
        local before = select(2, service.requests())
        local text = cli.read_file(state) .. row[2]:format(("0"):rep(32))
        cli.write_file(state, text)
        check.holds(" is damaged: " .. row[3] .. "; remove it to start over\n", fails(17, with_state()))
        assert.are.same({ text, before }, { cli.read_file(state), select(2, service.requests()) })
      end)
    end

    -- What has to be the same, and what it is the second time.
    for _, row in ipairs {
      { "size", "abcdefghijk", "--concurrency=1", "a.txt cannot be resumed: it had 10 bytes, and has 11; start over" },
      { "content", "Abcdefghij", "--concurrency=1",
        "a.txt cannot be resumed: part 1, 3 bytes from 0 on, was sent with the MD5 " },
      { "purpose", "abcdefghij", "--purpose=user_data", "its purpose was 'batch', and is now 'user_data'" },
      { "expiry", "abcdefghij", "--expires-after=3600", "its expires_after was none, and is now {" },
    } do
      it("refuses another " .. row[1] .. ", and puts the state aside; the same command begins then", function()
        fail_at_second_part()
        local saved, before = cli.read_file(state), select(2, service.requests())
        write("a.txt", row[2])
        local said = fails(17, with_state(row[3]))
        check.holds(row[4], said)
        check.holds(("\nopenai-uploads: what was saved is in %s.old now; to start over, give the same command " ..
          "once more; to go on with the file as it was, name %s.old after --resume\n"):format(state, state), said)
        check.lacks("to go on, give the same", said)
        assert.are.equal(saved, cli.read_file(state .. ".old"))
        assert.are.same({ before, "pending" }, { select(2, service.requests()), only_upload().status })
        succeeds(with_state(row[3]))
        assert.are.same({ "a.txt", "state.old" }, files())
        assert.are.same({ 2, "pending" }, { #service.uploads(), service.uploads()[1].status })
      end)
    end

    it("goes on with a state that was put aside", function()
      fail_at_second_part()
      fails(17, with_state "--purpose=user_data")
      os.rename(state .. ".old", state .. ".mine")
      assert.are.same({ 0 }, { run(with_state("--resume=" .. state .. ".mine")).status })
      assert.are.equal("completed", only_upload().status)
    end)

    it("keeps the size of the sent parts, whatever --part-size says", function()
      fail_at_second_part()
      succeeds(with_state "--part-size=5")
      assert.are.same({ "completed", 4 }, { only_upload().status, #only_upload().parts })
    end)

    it("never puts a state aside over another", function()
      write("state.old", "precious")
      fail_at_second_part()
      local saved = cli.read_file(state)
      write("a.txt", "abcdefghijk")
      check.holds("\nopenai-uploads: to start over, remove " .. state .. " first\n", fails(17, with_state()))
      assert.are.same({ saved, "precious" }, { cli.read_file(state), cli.read_file(state .. ".old") })
    end)

    it("says so when the Upload has expired meanwhile", function()
      fail_at_second_part()
      service.advance_clock(3601)
      local said = fails(25, with_state())
      check.holds("gone: ", said)
      check.holds("has expired\n", said)
      check.holds("\nopenai-uploads: to start over, remove " .. state .. " first\n", said)
      check.lacks("to go on", said)
    end)

    describe("when the answer to the completion was lost", function()
      local in_doubt = "may have been completed: look for 'a.txt' of purpose 'batch' in the service's list of Files"

      it("and it was done, says so, and comes to an end however often it is given", function()
        service.answer_next { { call = "complete", close = true, apply = true } }
        local said = fails(31, with_state())
        check.holds("connection: ", said)
        check.holds(only_upload().id .. " " .. in_doubt, said)
        check.holds("the same command completes the Upload, if that is still to do", said)
        said = fails(31, with_state())
        check.holds("bad_request: ", said)
        check.holds(only_upload().id .. " " .. in_doubt, said)
        check.holds("the service may have its File already; to send it again anyway, remove " .. state .. " first",
          said)
        local requests = select(2, service.requests())
        for _ = 1, 2 do
          said = fails(31, with_state())
          check.holds("nothing was sent: " .. only_upload().id .. " " .. in_doubt, said)
          check.lacks("give the same command", said)
        end
        assert.are.same({ "completed", requests }, { only_upload().status, select(2, service.requests()) })
        os.remove(state)
        succeeds(with_state())
      end)

      it("and it was not done, completes it, and sends no part again", function()
        service.answer_next { { call = "complete", close = true } }
        fails(31, with_state())
        local parts = count_requests "parts"
        succeeds(with_state())
        assert.are.same({ "completed", parts }, { only_upload().status, count_requests "parts" })
      end)

      it("for it was killed, says so, too", function()
        service.answer_next { { call = "complete", delay = 30 } }
        local child = start(with_state())
        cli.wait_for(function() return count_requests "complete" == 1 end)
        child.kill()
        child.finish()
        local upload, part_ids = only_upload(), {}
        for index, part in ipairs(upload.parts) do part_ids[index] = part.id end
        assert(check.client(service).complete(upload.id, { part_ids = part_ids })) -- as what was sent would have
        check.holds(in_doubt, fails(31, with_state()))
      end)

      it("without a state, says so as well", function()
        service.answer_next { { call = "complete", close = true, apply = true } }
        local said = fails(31, path)
        check.holds(only_upload().id .. " " .. in_doubt, said)
        assert.matches("^[^\n]*\n$", said)
        assert.are.equal(0, count_requests "cancel")
      end)

      it("tells it with --json", function()
        service.answer_next { { call = "complete", close = true, apply = true } }
        local told = cjson.decode(fails(31, path, "--json")).error
        assert.are.same({ "connection", true, true, 31 },
          { told.kind, told.may_be_completed, told.may_have_applied, told.exit_code })
      end)
    end)

    for _, row in ipairs { { 400, 20 }, { 404, 23 }, { 422, 26 } } do
      it(("does not advise to go on after a refusal that would come again: %d"):format(row[1]), function()
        for _, call in ipairs { "parts", "complete" } do
          service.answer_next { { call = call, status = row[1] } }
          local said = fails(row[2], with_state())
          check.holds("to start over, remove " .. state .. " first", said)
          check.lacks("to go on", said)
          os.remove(state)
        end
      end)
    end

    it("says nothing of how to go on with --quiet", function()
      service.answer_next { { call = "parts", status = 503 } }
      assert.matches("^[^\n]*is kept\n$", fails(28, with_state("--quiet")))
    end)

    -- Room for 512 bytes in each file: what a full disk is.
    local function run_without_room(...)
      local words = { "upload", "--purpose", "batch", "--max-retries", "0", with_state(...) }
      return cli.start(words, environment(), nil, nil, "trap '' XFSZ; ulimit -f 1;").finish()
    end

    it("goes on when the state cannot be saved any more, and tells that once", function()
      path = write("a.txt", ("x"):rep(30))
      local result = run_without_room()
      assert.are.equal(0, result.status)
      assert.matches("^[^\n]*state file '[^\n]*' cannot be written: File too large\n$", result.stderr)
      assert.are.same({ "completed", 10 }, { only_upload().status, #only_upload().parts })
    end)

    it("keeps what could be saved, and goes on with that", function()
      path = write("a.txt", ("x"):rep(30))
      service.answer_next { { call = "complete", status = 400 } }
      assert.are.equal(20, run_without_room().status)
      local kept = 0
      for _, line in ipairs(lines_of_state()) do
        if line.number then kept = kept + 1 end
      end
      assert.is_true(kept > 0 and kept < 10)
      succeeds(with_state("--md5"))
      assert.are.equal(10 + 10 - kept, count_requests "parts")
    end)

    it("cancels what fails when no state of it could be saved", function()
      service.answer_next { { call = "parts", status = 503 } }
      assert.are.equal(28, run_without_room("--filename", ("x"):rep(500)).status)
      assert.are.equal("cancelled", only_upload().status)
      assert.is_false(exists(state))
    end)
  end)
end)
