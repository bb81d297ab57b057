-- SPDX-License-Identifier: MIT
-- Ctrl-C while the command runs: in each phase of an upload, and in the commands that are one call.
-- Runs once: each_lua_spec has the parts of the command that depend on the interpreter.

local check = require "spec.support.check"
local cjson = require("cjson").new()
local cli = require "spec.support.cli"
local fault = require "spec.support.fault"
local interruption = require "openai_uploads.cli.interruption"
local output = require "openai_uploads.cli.output"
local upload_files = require "openai_uploads.cli.upload"
local with_service = require "spec.support.with_service"

local HELD = 30 -- seconds, which no spec waits for
local held = { call = "parts", delay = HELD } -- a part; with both held, nothing happens meanwhile

describe("Ctrl-C", function()
  local folder, path

  local service = with_service.emulator()

  before_each(function()
    folder = io.popen("mktemp -d"):read("*l")
    path = cli.write_file(folder .. "/a.txt", "abcdefghij")
  end)

  after_each(function() os.execute("rm -rf " .. folder) end)

  local function start(words, base_url)
    return cli.start(words, { OPENAI_BASE_URL = base_url or service.base_url })
  end

  local function start_upload(...)
    return start { "upload", path, "--purpose", "batch", "--part-size", "3", "--concurrency", "2", ... }
  end

  local function count_requests(call)
    local found = 0
    for _, request in ipairs((service.requests())) do
      if request.uri:find(call .. "$") then found = found + 1 end
    end
    return found
  end

  local function wait_for_request(call, count)
    cli.wait_for(function() return count_requests(call) >= (count or 1) end)
  end

  local function only_upload()
    local uploads = service.uploads()
    assert.are.equal(1, #uploads)
    return uploads[1]
  end

  local noted = "openai-uploads: stopping; a second Ctrl-C leaves at once\n"
  local for_now = { ["retry-after"] = HELD }
  local cancelled, in_doubt = "UPLOAD was cancelled", "UPLOAD may have been completed: look for 'a.txt' of purpose " ..
    "'batch' in the service's list of Files; to send it again would make a second File"

  -- Interrupts it, and lets the answer that waits at the gate go once that was noted.
  local function interrupt_before_gate(child)
    child.interrupt()
    cli.wait_for(function() return child.stderr():find("stopping", 1, true) end)
    service.open_gate()
  end

  -- Interrupts it once it waits for something: it must come to one line, after the note that it has begun to stop.
  -- `UPLOAD` stands for the id of the Upload.
  local function interrupt(child, says)
    cli.wait_for(child.is_asleep)
    interrupt_before_gate(child)
    local result = child.finish()
    assert.are.same({ "", 130 }, { result.stdout, result.status }, result.stderr)
    local told = ("\n" .. result.stderr):gsub("\nopenai%-uploads: %a+ POST [^\n]*", ""):sub(2)
    says = says:gsub("UPLOAD", (service.uploads()[1] or {}).id or "%0")
    assert.are.equal(noted .. ("openai-uploads: %s: interrupted; %s\n"):format(path, says), told)
  end

  -- With --verbose, one that says what it does.
  local function wait_until_it_says(child, what)
    cli.wait_for(function() return child.stderr():find("openai-uploads: " .. what, 1, true) end)
  end

  -- What is under way, what was requested by then, what it says, what the Upload is in the end, how many cancels.
  for _, row in ipairs {
    { "while it is created", { { call = "create", gate = true } }, "/uploads", 1, cancelled, "cancelled", 1 },
    { "while its parts are in flight", { held, held }, "/parts", 2, cancelled, "cancelled", 1 },
    { "between parts", { { call = "parts" }, held, held }, "/parts", 3, cancelled, "cancelled", 1 },
    { "while a part waits for its next attempt", { { call = "parts", status = 503, headers = for_now }, held },
      "/parts", 2, cancelled, "cancelled", 1 },
    { "while it is completed", { { call = "complete", delay = HELD } }, "/complete", 1, in_doubt, "pending", 0 },
    { "while its completion, which was refused for now, waits for its next attempt",
      { { call = "complete", status = 429, headers = for_now } }, "/complete", 1, cancelled, "cancelled", 1 },
    { "while its completion, which is in doubt, waits for its next attempt",
      { { call = "complete", status = 503, headers = for_now, apply = true } }, "/complete", 1, in_doubt,
      "completed", 0 },
  } do
    it("tells what becomes of the Upload " .. row[1], function()
      service.answer_next(row[2])
      local child = start_upload(row[1]:find "next attempt" and "--verbose")
      wait_for_request(row[3], row[4])
      if row[1]:find "next attempt" then wait_until_it_says(child, "retry POST") end
      interrupt(child, row[5])
      assert.are.same({ row[6], row[7] }, { only_upload().status, count_requests "/cancel" })
    end)
  end

  -- What was refused for now, or lost, has nobody who could still answer.
  for _, row in ipairs {
    { "which was refused for now", { call = "create", status = 429, headers = for_now }, "no Upload was created" },
    { "which is in doubt", { call = "create", status = 503, headers = for_now },
      "an Upload may have been created; if so, it expires by itself within an hour" },
  } do
    it(("leaves at once while a creation, %s, waits for its next attempt"):format(row[1]), function()
      service.answer_next { row[2] }
      local child = start_upload "--verbose"
      wait_until_it_says(child, "retry POST")
      interrupt(child, row[3])
      assert.are.equal(1, (select(2, service.requests())))
    end)
  end

  it("leaves at once while the connection is being made", function()
    local server = fault.start()
    local base_url, script = server.full()
    local child = start({ "upload", path, "--purpose", "batch", "--verbose" }, base_url)
    wait_until_it_says(child, "request POST")
    interrupt(child, "no Upload was created")
    script.close()
    server.stop()
  end)

  -- The digest is that of another file, with a hole that takes minutes to read.
  it("cancels the Upload while the digest of the file is computed", function()
    local large = folder .. "/large"
    os.execute("truncate -s 100G " .. large)
    local program = cli.write_file(folder .. "/slow_digest.lua", ([[
      local core = require "openai_uploads.core"
      local digest = core.digest
      function core.digest() return digest(assert(core.open_file "%s")) end
      os.exit(require "openai_uploads.cli"(arg), true)
    ]]):format(large))
    local child = cli.start({ "upload", path, "--purpose", "batch", "--md5" },
      { OPENAI_BASE_URL = service.base_url }, nil, program)
    wait_for_request "/parts"
    interrupt(child, cancelled)
    assert.are.same({ "cancelled", 0 }, { only_upload().status, count_requests "/complete" })
  end)

  it("sends no part of an Upload that it found being created", function()
    service.answer_next { { call = "create", gate = true } }
    local child = start_upload()
    wait_for_request "/uploads"
    interrupt_before_gate(child)
    child.finish()
    assert.are.equal(2, #service.requests())
  end)

  it("lets a cancel that is under way come to its end", function()
    service.answer_next { { call = "parts", status = 400 }, { call = "cancel", gate = true } }
    local child = start_upload()
    wait_for_request "/cancel"
    interrupt_before_gate(child)
    local result = child.finish()
    assert.are.equal(130, result.status)
    check.holds("interrupted; " .. only_upload().id .. " was cancelled\n", result.stderr)
    assert.are.equal("cancelled", only_upload().status)
  end)

  it("says when the cancel was not confirmed", function()
    service.answer_next { held, held, { call = "cancel", status = 404 } }
    local child = start_upload("--json")
    wait_for_request("/parts", 2)
    child.interrupt()
    local result = child.finish()
    local note, told = result.stderr:match "^([^\n]*)\n([^\n]*)\n$"
    assert.are.equal("stopping; a second Ctrl-C leaves at once", cjson.decode(note).note)
    told = cjson.decode(told).error
    assert.are.same({ "interrupted", only_upload().id, false, 130 },
      { told.kind, told.upload_id, told.cancelled, told.exit_code })
    check.holds("was not confirmed", told.aftermath)
  end)

  it("leaves at once the second time", function()
    service.answer_next { held, held, { call = "cancel", delay = HELD } }
    local child = start_upload()
    wait_for_request("/parts", 2)
    child.interrupt()
    wait_for_request "/cancel"
    child.interrupt()
    local result = child.finish()
    local id = only_upload().id
    assert.are.same({ "", noted .. ("openai-uploads: %s: interrupted; left at once: %s may still be pending, which " ..
      "ends within an hour; to cancel it now: openai-uploads cancel %s\n"):format(path, id, id), 130 },
      { result.stdout, result.stderr, result.status })
  end)

  for _, row in ipairs { { "TERM", 143 }, { "HUP", 129 } } do
    it("is what SIG" .. row[1] .. " is, too: what is under way is cancelled", function()
      service.answer_next { held, held }
      local child = start_upload()
      wait_for_request("/parts", 2)
      child.signal(row[1])
      local result = child.finish()
      assert.are.same({ "", row[2], "cancelled" }, { result.stdout, result.status, only_upload().status })
      check.holds((": interrupted by SIG%s; %s was cancelled\n"):format(row[1], only_upload().id), result.stderr)
    end)

    it("and then SIG" .. row[1] .. " leaves at once, and tells what is left", function()
      service.answer_next { held, held, { call = "cancel", delay = HELD } }
      local child = start_upload()
      wait_for_request("/parts", 2)
      child.interrupt()
      wait_for_request "/cancel"
      child.signal(row[1])
      local result = child.finish()
      assert.are.equal(row[2], result.status)
      check.holds(("interrupted by SIG%s; left at once: %s may still be pending"):format(row[1], only_upload().id),
        result.stderr)
    end)
  end

  it("tells what could not be cancelled within ten seconds", function()
    service.answer_next { held, held, { call = "cancel", delay = HELD } }
    local child = start_upload "--json"
    wait_for_request("/parts", 2)
    child.signal "TERM"
    local result = child.finish()
    local told = cjson.decode(result.stderr:match "\n([^\n]*)\n$").error
    local id = only_upload().id
    assert.are.same({ "interrupted", "SIGTERM", id, 143, ("no answer within 10 s: %s may still be pending, which " ..
      "ends within an hour; to cancel it now: openai-uploads cancel %s"):format(id, id) },
      { told.kind, told.signal, told.upload_id, told.exit_code, told.aftermath })
  end)

  it("keeps what can be resumed", function()
    local state = folder .. "/state"
    service.answer_next { { call = "parts" }, held, held }
    local child = start_upload("--resume", state)
    wait_for_request("/parts", 3)
    child.interrupt()
    local result, upload = child.finish(), only_upload()
    assert.are.same({ 130, "pending" }, { result.status, upload.status })
    assert.are.equal(("openai-uploads: stopping; a second Ctrl-C leaves at once\n" ..
      "openai-uploads: %s: interrupted; %s is kept\n" ..
      "openai-uploads: to go on, give the same command once more; to start over, remove %s first\n")
      :format(path, upload.id, state), result.stderr)
    result = start_upload("--resume", state).finish()
    assert.are.same({ "", 0, "completed" }, { result.stderr, result.status, only_upload().status })
    wait_for_request("/parts", 6)
    assert.are.equal(1 + 6 + 1, #service.requests())
  end)

  it("keeps what is being created to be resumed", function()
    local state = folder .. "/state"
    service.answer_next { { call = "create", gate = true } }
    local child = start_upload("--resume", state)
    wait_for_request "/uploads"
    interrupt_before_gate(child)
    check.holds(" is kept\n", child.finish().stderr)
    assert.are.equal(0, start_upload("--resume", state).finish().status)
    assert.are.equal("completed", only_upload().status)
  end)

  it("keeps further files from being begun", function()
    service.answer_next { held, held }
    local child = start_upload(cli.write_file(folder .. "/b.txt", "b"))
    wait_for_request("/parts", 2)
    child.interrupt()
    local result = child.finish()
    check.holds("openai-uploads: not sent: " .. folder .. "/b.txt\n", result.stderr)
    assert.are.equal(130, result.status)
    assert.are.equal("a.txt", only_upload().filename)
  end)

  for _, row in ipairs {
    { "create", { "--filename", "a", "--purpose", "b", "--bytes", "1", "--mime-type", "text/c" },
      "an Upload may have been created; if so, it expires by itself within an hour" },
    { "cancel", { "upload_1", "upload_2" }, "these may be cancelled or not: upload_1 upload_2" },
    { "complete", { "upload_1", "part_1" }, "upload_1 may have been completed: look for its File in the service's " ..
      "list of Files before you send it again" },
    { "part", { "upload_1", "README.md" }, "the Part may have been added to upload_1 or not" },
    { "files delete", { "file-1", "file-2" }, "these may be deleted or not: file-1 file-2" },
    { "files show", { "file-1", "file-2" } }, { "files wait", { "file-1" } },
    { "files list", {}, "nothing more was sent" },
    { "files get", { "file-1" }, "nothing is left of it" },
  } do
    it("ends " .. row[1] .. " in one line", function()
      service.answer_next { { delay = HELD }, { delay = HELD } }
      local words = {}
      for word in row[1]:gmatch "%a+" do words[#words + 1] = word end
      for _, word in ipairs(row[2]) do words[#words + 1] = word end
      local child = start(words)
      local is_in_twos = row[2][2] and row[2][2]:find "2"
      cli.wait_for(function() return #service.requests() == (is_in_twos and 2 or 1) end)
      child.interrupt()
      local result = child.finish()
      assert.are.same({ "", "openai-uploads: interrupted" .. (row[3] and "; " .. row[3] or "") .. "\n", 130 },
        { result.stdout, result.stderr, result.status })
    end)
  end

  for _, row in ipairs {
    { "while parts are in flight", { held, held }, "/parts" },
    { "while the Upload is created", { { call = "create", gate = true } }, "/uploads" },
  } do
    it("typed on a terminal " .. row[1] .. " takes the progress bar away for good, and cancels", function()
      local want = cli.want_of_terminal()
      if want then return pending(want) end
      service.answer_next(row[2])
      local keyboard = folder .. "/keyboard"
      os.execute("mkfifo " .. keyboard)
      local child = cli.start_on_terminal({ "upload", path, "--purpose", "batch", "--part-size", "5" },
        { OPENAI_BASE_URL = service.base_url }, 80, keyboard)
      local keys = assert(io.open(keyboard, "w")) -- waits for the terminal to open it
      wait_for_request(row[3])
      cli.wait_for(function() return child.shown():find "a%.txt +%d+ %%" end)
      keys:write "\3"
      keys:flush()
      cli.wait_for(function() return child.shown():find("stopping", 1, true) end)
      service.open_gate()
      local result, upload = child.finish(), only_upload()
      keys:close()
      assert.are.same({ 130, "cancelled" }, { result.status, upload.status })
      check.holds("\r" .. (" "):rep(79) .. "\ropenai-uploads: stopping", result.shown)
      assert.are.equal(("openai-uploads: %s: interrupted; %s was cancelled\r\n"):format(path, upload.id),
        result.shown:match "at once\r\n(.*)")
    end)
  end
end)

-- The same with a job that takes its time, which no spec has.
describe("An interrupted upload", function()
  local said, noted, waits, job, raised

  local function interrupt() return setmetatable({ signal = "SIGINT", exit_code = 130 }, interruption.metatable) end

  before_each(function()
    said, noted, waits, raised = {}, {}, {}, interrupt()
    job = { ending = { kind = "aborted", message = "aborted by the program", may_have_applied = true } }
    function job.wait(_, seconds)
      waits[#waits + 1] = seconds or "wait"
      if #waits == 1 then error(raised, 0) end
      return false
    end
    function job.abort()
      waits[#waits + 1] = "abort"
      job.failure, job.is_over = job.ending, job.failure ~= nil -- the second one gives up on what cleans up
    end
    function job.poll() return job.is_over, nil, job.ending end
  end)

  local function run(results)
    local client = { start = { upload_file_chunked = function(params)
      job.params = params
      return job
    end } }
    local out = output.new {}
    function out:note(text) noted[#noted + 1] = text end
    function out:result(_, line, path) results[#results + 1] = line .. " " .. path end
    function out:interrupted(_, _, aftermath)
      said[#said + 1] = aftermath
      return 130
    end
    return upload_files(client, { files = { "README.md", "LICENSE" }, purpose = "batch", quiet = true }, out)
  end

  it("waits ten seconds for its end, and no longer", function()
    assert.are.equal(130, run())
    assert.are.same({ "wait", "abort", 10, "abort" }, waits)
    assert.are.same({ "stopping; a second Ctrl-C leaves at once", "not sent: LICENSE" }, noted)
  end)

  it("says that it is not known whether there is an Upload", function()
    run()
    assert.are.same({ "no answer within 10 s: an Upload may have been created; if so, it expires by itself " ..
      "within an hour" }, said)
  end)

  it("says that there is none where no creation may have been done", function()
    job.ending.may_have_applied = false
    run()
    assert.are.same({ "no Upload was created" }, said)
  end)

  it("says what may have been completed, however it ended", function()
    job.ending.upload_id, job.ending.may_be_completed = "upload_1", true
    job.ending.aftermath = "upload_1 may have been completed"
    run()
    assert.are.same({ job.ending.aftermath }, said)
  end)

  it("that has come to its end all the same is told of as done", function()
    local results = {}
    function job.wait()
      waits[#waits + 1] = "wait"
      if #waits == 1 then error(raised, 0) end
      return true, { id = "upload_1", bytes = 1, file = { id = "file-1" } }
    end
    assert.are.equal(130, run(results))
    assert.are.same({ "file-1 README.md" }, results)
  end)

  it("raises what is no interruption, after the same care", function()
    raised = "boom"
    local fine, what = pcall(run)
    assert.are.same({ false, "boom" }, { fine, what })
    assert.are.same({ "wait", "abort", 10, "abort" }, waits)
  end)
end)
