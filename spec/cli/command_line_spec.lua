-- SPDX-License-Identifier: MIT
-- The command openai-uploads: its words, its exit codes, and the commands that are one call each.
-- Without a sanitizer: words of a command line are the work of Lua. upload, stdin, terminal and interrupt have its C.

local check = require "spec.support.check"
local cjson = require("cjson").new()
local cli = require "spec.support.cli"
local exit_codes = require "openai_uploads.cli.exit_codes"
local uploads = require "openai_uploads"
local with_service = require "spec.support.with_service"

local new_upload = {
  "create", "--filename", "a/b.jsonl", "--purpose", "batch", "--bytes", "5", "--mime-type", "text/jsonl",
}

local function with(words, ...)
  local all = {}
  for _, word in ipairs(words) do all[#all + 1] = word end
  for _, word in ipairs { ... } do all[#all + 1] = word end
  return all
end

local function sorted_lines(text)
  local lines = {}
  for line in text:gmatch "([^\n]*)\n" do lines[#lines + 1] = line end
  table.sort(lines)
  return lines
end

-- What the code says of its exit codes: number -> text.
local function codes_in_code()
  local codes = {
    ["0"] = "success", ["1"] = "a fault of this program", ["2"] = "arguments that cannot be used",
  }
  for _, row in ipairs(exit_codes.signals) do codes[tostring(row[1])] = ("interrupted (%s)"):format(row[2]) end
  local function add(row) codes[tostring(row[1])] = row[2] .. ": " .. row[3] end
  for _, row in ipairs(exit_codes.kinds) do add(row) end
  add(exit_codes.in_doubt)
  return codes
end

-- The same, from the source of the man page.
local function codes_in_man_page()
  local codes = {}
  local section = cli.read_file("man/openai-uploads.1"):match "\n%.Sh EXIT STATUS.-\n%.Bl[^\n]*(.-)\n%.El"
  for number, text in (section:gsub("\n%.It ", "\1")):gmatch "\1(%d+)\n([^\1]*)" do
    text = text:gsub("%.Li ([%w_]+) :", "%1:"):gsub("%.Fl ", "-"):gsub("\n", " ")
    codes[number] = text
  end
  return codes
end

describe("openai-uploads", function()

  local service = with_service.emulator()

  local function run(words, environment, redirected)
    return cli.run(words, check.merged({ OPENAI_BASE_URL = service.base_url }, environment or {}), redirected)
  end

  -- Runs what must fail, with one line on stderr and nothing on stdout. Returns the line.
  local function fails(status, words, environment, redirected, is_json)
    local result = run(words, environment, redirected)
    assert.are.same({ "", status }, { result.stdout, result.status }, result.stderr)
    assert.matches(is_json and "^{[^\n]*}\n$" or "^openai%-uploads: [^\n]*\n$", result.stderr)
    return result.stderr
  end

  -- Runs what must succeed, with nothing on stderr. Returns its stdout.
  local function succeeds(words, environment)
    local result = run(words, environment)
    assert.are.same({ "", 0 }, { result.stderr, result.status })
    return result.stdout
  end

  describe("has exit codes", function()
    it("for every kind of failure, each its own", function()
      local kinds, given, taken = {}, {}, { [0] = true, [1] = true, [2] = true, [31] = true }
      for kind in cli.read_file("src/base/failure.h"):gmatch 'KIND%([A-Z_]+, "([a-z_]+)"%)' do
        kinds[#kinds + 1] = kind
      end
      for _, row in ipairs(exit_codes.kinds) do
        assert.is_nil(taken[row[1]], row[2])
        taken[row[1]] = true
        given[#given + 1] = row[2]
        assert.are.equal(row[1], exit_codes.of { kind = row[2] })
        assert.are.equal(31, exit_codes.of { kind = row[2], may_be_completed = true })
      end
      table.sort(kinds)
      table.sort(given)
      assert.are.same(kinds, given)
    end)

    it("that --help tells", function()
      local told = {}
      for number, text in succeeds({ "--help" }):gmatch "\n +(%d+)  ([%w_][^\n]*)" do
        told[number] = text:gsub("^([%w_]+)   *", "%1: ")
      end
      assert.are.same(codes_in_code(), told)
    end)

    it("that the man page tells", function() assert.are.same(codes_in_code(), codes_in_man_page()) end)
  end)

  describe("tells", function()
    it("its version", function()
      local told = succeeds { "--version" }
      check.holds("openai-uploads " .. uploads._VERSION .. " (" .. _VERSION .. ", libcurl ", told)
      assert.is_truthy(told:find "libcurl %d+%.%d+%.%d+, %a+/[%w.]+%)\n$", told)
    end)

    for _, name in ipairs { "cancel", "create", "upload", "part", "complete", "help", "completion" } do
      it("what " .. name .. " takes, on lines that fit a terminal, and so does the man page", function()
        local help, page = succeeds { name, "--help" }, cli.read_file "man/openai-uploads.1"
        check.holds("Usage: openai-uploads " .. name, help)
        for line in help:gmatch "[^\n]+" do assert.is_true(#line <= 82, line) end
        for option in help:gmatch "\n +%-%-([%w-]+)" do check.holds("Fl -" .. option, page) end
        check.holds("openai-uploads --help", help)
      end)
    end

    it("that the key comes from the environment or a file alone", function()
      check.holds("OPENAI_API_KEY alone, or from --key-file", succeeds { "-h" })
      check.holds("unknown option '--api-key'", fails(2, { "--api-key", "sk-x", "cancel", "a" }))
    end)
  end)

  it("takes the key from a file", function()
    local id, path = service.make_uploads(1)[1], cli.write_file(os.tmpname(), "\n " .. check.key .. "\n")
    local result = run({ "cancel", id, "--key-file", path }, { OPENAI_API_KEY = false })
    os.remove(path)
    assert.are.same({ id .. "  cancelled\n", 0 }, { result.stdout, result.status })
  end)

  describe("tells of", function()
    for _, row in ipairs { { "-h", "Usage: openai%-uploads" }, { "-V", "^openai%-uploads %d" } } do
      it("itself with " .. row[1], function() assert.matches(row[2], succeeds { row[1] }) end)
    end

    it("a command with help, as with --help", function()
      for _, name in ipairs { "upload", "cancel", "create", "part", "complete", "help", "completion" } do
        local help = succeeds { "help", name }
        assert.are.equal(succeeds { name, "--help" }, help)
        check.holds("\nExample:\n   ", help)
      end
      assert.are.equal(succeeds { "--help" }, succeeds { "help" })
      check.holds("unknown command 'x'; see 'openai-uploads --help'", fails(2, { "help", "x" }))
    end)
  end)

  it("holds to --json where the arguments are wrong", function()
    for words, message in pairs {
      [{ "--json", "cancle", "x" }] = "unknown command 'cancle' (did you mean 'cancel'?)",
      [{ "upload", "--json", "a" }] = "missing option '--purpose'",
      [{ "cancel", "--timeout", "soon", "x", "--json" }] =
        "option '--timeout' takes seconds, from 0.001 to 1000000, not 'soon'",
    } do
      local told = cjson.decode(fails(2, words, nil, nil, true)).error
      assert.are.same({ "usage", message, 2 }, { told.kind, told.message, told.exit_code })
    end
    check.holds("openai-uploads: ", fails(2, { "cancel", "--", "--json", "" }))
  end)

  describe("refuses, in one line that names the help,", function()
    for _, row in ipairs {
      { "no command", {}, "a command is required; see 'openai-uploads --help'" },
      { "a mistyped command", { "cancle", "x" }, "unknown command 'cancle' (did you mean 'cancel'?)" },
      { "a mistyped option", with(new_upload, "--expires-afer", "1"),
        "unknown option '--expires-afer' (did you mean '--expires-after'?); see 'openai-uploads create --help'" },
      { "a missing option", { "create", "--filename", "a" }, "missing option '--purpose'" },
      { "an option without its value", { "cancel", "x", "--timeout" }, "option '--timeout' requires an argument" },
      { "a value for a flag", { "cancel", "x", "--json=1" }, "option '--json' does not take arguments" },
      { "no id", { "cancel" }, "missing argument 'ID'; see 'openai-uploads cancel --help'" },
      { "an empty id", { "cancel", "" }, "'' is not an upload id: it is empty" },
      { "an id that climbs", { "cancel", ".." }, "'..' is not an upload id" },
      { "no part", { "complete", "upload_1" }, "missing argument 'PART_ID'" },
      { "one argument too many", { "part", "upload_1", "a", "b" }, "too many arguments" },
      { "a size that is no number", with(new_upload, "--bytes", "5k"), "option '--bytes' takes a whole number from" },
      { "a negative number", with(new_upload, "--expires-after", "-5"),
        "option '--expires-after' takes a whole number from 1 on, not '-5'" },
      { "a timeout that is none", { "cancel", "x", "--timeout", "soon" },
        "option '--timeout' takes seconds, from 0.001 to 1000000, not 'soon'" },
      { "a timeout of 0", { "cancel", "x", "--timeout", "0" }, "from 0.001 to 1000000, not '0'" },
      { "a part size that is none", { "upload", "a", "--purpose", "p", "--part-size", "1T" }, "not '1T'" },
      { "a part size of 0", { "upload", "a", "--purpose", "p", "--part-size", "0K" }, "from 1 to 64M" },
      { "a part size over 64M", { "upload", "a", "--purpose", "p", "--part-size", "65M" }, "from 1 to 64M" },
      { "a form of progress that is none", { "upload", "a", "--purpose", "p", "--progress", "xml" },
        "argument for option '--progress' must be one of 'bar', 'lines', 'json'" },
      { "a type that is none", { "upload", "a", "--purpose", "p", "--mime-type", "jsonl" },
        "option '--mime-type' takes a type and a subtype, such as text/jsonl, not 'jsonl'" },
      { "a rate that is none", { "cancel", "x", "--limit-rate", "10" }, "from 1K on, not '10'" },
      { "standard input without its size", { "upload", "-", "-p", "p", "--filename", "a" },
        "'-' needs --bytes N and --filename NAME: an Upload announces its size and its name before the first byte" },
      { "standard input among files", { "upload", "a", "-", "-p", "p" }, "standard input, which goes alone" },
      { "standard input that is to be resumed", { "upload", "-", "-p", "p", "--filename", "a", "--bytes", "1",
        "--resume", "s" }, "option '--resume' needs a file that can be read again, not standard input" },
      { "a size for a file", { "upload", "a", "-p", "p", "--bytes", "1" }, "option '--bytes' goes with '-'" },
      { "a shell that is none", { "completion", "csh" }, "argument 'SHELL' must be one of 'bash', 'zsh', 'fish'" },
      { "a name for two files", { "upload", "a", "b", "--purpose", "p", "--filename", "c" },
        "option '--filename' goes with one FILE, not with 2; see 'openai-uploads upload --help'" },
      { "a state for two files", { "upload", "a", "b", "--purpose", "p", "--resume", "c" }, "'--resume' goes with" },
      { "what a terminal would obey", { "\27[31mcancel" }, "unknown command '?[31mcancel'" },
    } do
      it(row[1], function()
        local line = fails(2, row[2])
        check.holds(row[3], line)
        check.holds("--help'\n", line)
        check.nothing_sent(service)
      end)
    end
  end)

  describe("create", function()
    it("prints the id and nothing else", function()
      local upload = service.upload(succeeds(with(new_upload, "--expires-after", "3600")):match "^(upload_%w+)\n$")
      assert.are.same({ "a/b.jsonl", "batch", 5, "text/jsonl", "pending" },
        { upload.filename, upload.purpose, upload.bytes, upload.mime_type, upload.status })
      local sent = cjson.decode(check.only_request(service).body)
      assert.are.same({ anchor = "created_at", seconds = 3600 }, sent.expires_after)
    end)

    it("prints the object with --json, wherever that stands", function()
      local in_front = with(new_upload)
      table.insert(in_front, 1, "--json")
      for _, words in ipairs { in_front, with(new_upload, "--json") } do
        local line = succeeds(words)
        assert.matches("^{[^\n]*}\n$", line)
        local upload = cjson.decode(line)
        assert.are.same({ "upload", "pending", 5 }, { upload.object, upload.status, upload.bytes })
        check.holds('"filename":"a/b.jsonl"', line)
      end
    end)
  end)

  describe("cancel", function()
    it("prints a line for each", function()
      local ids = service.make_uploads(3)
      local wanted = {}
      for index, id in ipairs(ids) do wanted[index] = id .. "  cancelled" end
      table.sort(wanted)
      assert.are.same(wanted, sorted_lines(succeeds { "cancel", ids[1], ids[2], ids[3], ids[1] }))
      for _, id in ipairs(ids) do assert.are.equal("cancelled", service.upload(id).status) end
    end)

    it("goes on after a failure, and exits as the first of them says", function()
      local ids = service.make_uploads(2)
      succeeds { "cancel", ids[1] }
      local result = run { "cancel", "upload_x", ids[1], ids[2] }
      assert.are.same({ ids[2] .. "  cancelled\n", 23 }, { result.stdout, result.status })
      local lines = sorted_lines(result.stderr)
      check.holds(ids[1] .. ": bad_request: The Upload is no longer pending: it is cancelled (HTTP 400, request req_",
        lines[1])
      check.holds("openai-uploads: upload_x: not_found: No such Upload (HTTP 404, request req_", lines[2])
      assert.are.equal(20, run({ "cancel", ids[1], "upload_x" }).status)
    end)

    it("tells failures as objects with --json, on stderr", function()
      local id = service.make_uploads(1)[1]
      local result = run { "cancel", "--json", id, "upload_x" }
      assert.are.same({ id, "cancelled", 23 },
        { cjson.decode(result.stdout).id, cjson.decode(result.stdout).status, result.status })
      local told = cjson.decode(result.stderr).error
      assert.are.same({ "not_found", "No such Upload", 404, "upload_x", 23, false, 1 }, { told.kind, told.message,
        told.status, told.subject, told.exit_code, told.may_have_applied, told.attempts })
    end)
  end)

  it("names the Upload to which no part could be added, and what may have been done", function()
    local part = { "part", "upload_none", "README.md", "--max-retries", "0" }
    check.holds("openai-uploads: upload_none: not_found: ", fails(23, part))
    service.answer_next { { close = true }, { close = true } }
    check.holds("; the Part may have been added to upload_none or not\n", fails(11, part))
    check.holds("; an Upload may have been created; if so, it expires by itself within an hour\n",
      fails(11, with(new_upload, "--max-retries", "0")))
  end)

  -- The Upload and its parts, by hand.
  it("makes a File of parts", function()
    local path = cli.write_file(os.tmpname(), "hello world")
    local id = succeeds { "create", "--filename", "a.txt", "--purpose", "user_data", "--bytes", "9", "--mime-type",
      "text/plain" }:match "%S+"
    local first = succeeds { "part", id, path, "--length", "5" }:match "^(part_%w+)\n$"
    local second = succeeds({ "--json", "part", id, path, "--offset", "7" })
    second = cjson.decode(second).id
    check.holds("md5", fails(20, { "complete", id, first, second, "--md5", ("0"):rep(32) }))
    -- "hello" and "orld"
    local file = succeeds { "complete", id, first, second, "--md5", "0874adf7ce96b73e3e9e62a1df7b5e6a" }
    os.remove(path)
    assert.matches("^file%-%w+\n$", file)
    assert.are.equal("completed", service.upload(id).status)
  end)

  describe("fails in one line, with a code of its own,", function()
    local id = "upload_1"
    local cancel = { "cancel", id, "--max-retries", "0" }
    for _, row in ipairs {
      { 10, "at a base URL that is none", { "--base-url", "gopher://x" }, nil, "configuration: base_url " ..
        "'gopher://x' begins with neither https:// nor http://: write it as https://api.openai.com/v1" },
      { 10, "at a base URL of the environment that is none", {}, { OPENAI_BASE_URL = "api.openai.com" },
        "configuration: OPENAI_BASE_URL 'api.openai.com' is no URL that begins with https://" },
      { 11, "where nobody listens", { "--base-url", check.dead_url }, nil, "connection: Failed to connect" },
      { 21, "with a wrong key", {}, { OPENAI_API_KEY = "sk-wrong" }, "authentication: " },
    } do
      it(row[2], function()
        local words = cancel
        for _, word in ipairs(row[3]) do words = with(words, word) end
        check.holds("openai-uploads: " .. id .. ": " .. row[5], fails(row[1], words, row[4]))
      end)
    end

    it("without a key, and names what the command itself takes", function()
      assert.are.equal("openai-uploads: configuration: no API key: set OPENAI_API_KEY, or use --key-file FILE\n",
        fails(10, cancel, { OPENAI_API_KEY = false }))
      check.nothing_sent(service)
    end)

    it("where the key would go unencrypted to another machine, which an option allows", function()
      local elsewhere = with(new_upload, "--base-url", (service.base_url:gsub("127%.0%.0%.1", "0.0.0.0")))
      check.holds("use https:// (or allow_plain_http, --allow-plain-http)", fails(10, elsewhere))
      check.nothing_sent(service)
      assert.matches("^upload_%w+\n$", succeeds(with(elsewhere, "--allow-plain-http")))
    end)

    it("with a key file that is not there, or that has no key", function()
      check.holds("file: cannot open the key file /none: No such file or directory",
        fails(17, with(cancel, "--key-file", "/none")))
      check.holds("the key file /dev/null has no key in it", fails(17, with(cancel, "--key-file", "/dev/null")))
      check.nothing_sent(service)
    end)

    it("with an authorities file that cannot be read, before it connects", function()
      check.holds("tls: cannot open the authorities file /none: No such file or directory",
        fails(12, with(cancel, "--ca-file", "/none")))
      check.holds("tls: cannot read the authorities file /: Is a directory", fails(12, with(cancel, "--ca-file", "/")))
      check.nothing_sent(service)
    end)

    it("with authorities that do not know the service; with those that do, succeeds", function()
      local upload_id = service.make_uploads(1)[1]
      local words = { "cancel", upload_id, "--max-retries", "0", "--base-url", service.tls.good }
      check.holds("tls: ", fails(12, words))
      assert.are.equal(upload_id .. "  cancelled\n", succeeds(with(words, "--ca-file", service.ca_file)))
      words[2] = service.make_uploads(1)[1]
      local piped = cli.start(with(words, "--ca-file", "/dev/stdin"), {}, nil, nil, "cat " .. service.ca_file .. " |")
        .finish()
      assert.are.same({ "", 0 }, { piped.stderr, piped.status })
    end)

    for _, row in ipairs {
      { 13, { delay = 5 }, "timeout: " }, { 15, { status = 200, body = "[]" }, "decode: " },
      { 16, { status = 200, body = ("x"):rep(1100000) }, "too_large: " },
      { 20, { status = 400 }, "bad_request: " }, { 22, { status = 403 }, "permission_denied: " },
      { 24, { status = 409 }, "conflict: " }, { 25, { status = 410 }, "gone: " },
      { 26, { status = 422 }, "unprocessable_entity: " }, { 27, { status = 429 }, "rate_limit: " },
      { 28, { status = 500 }, "server: " }, { 29, { status = 302 }, "redirect: " },
      { 30, { status = 418 }, "status: " },
    } do
      it("of " .. row[3]:match "%w+", function()
        service.answer_next { row[2] }
        check.holds(id .. ": " .. row[3], fails(row[1], with(cancel, "--timeout", row[2].delay and "0.2" or "20")))
      end)
    end

    it("when the File of a completed Upload is not told", function()
      service.answer_next { { status = 200, body = { id = id, object = "upload", status = "completed" } } }
      check.holds("decode: the answer is no completed upload: it names no File",
        fails(31, { "complete", id, "part_1" }))
    end)
  end)

  describe("ends in one line", function()
    local function breaks(status, how, message)
      check.holds(message, fails(status, { "cancel", "upload_1" }, { LUA_INIT = how }))
      check.nothing_sent(service)
    end

    it("when argparse is missing", function()
      breaks(1, "package.path = package.path:gsub('[^;]*/usr/[^;]*', 'none')",
        "no module 'argparse' was found: Debian has it as lua-argparse, LuaRocks by 'luarocks install argparse'\n")
    end)

    it("when argparse is missing, as JSON", function()
      local result = run({ "cancel", "upload_1", "--json" },
        { LUA_INIT = "package.path = package.path:gsub('[^;]*/usr/[^;]*', 'none')" })
      local told = cjson.decode(result.stderr).error
      assert.are.same({ "internal", 1, 1 }, { told.kind, told.exit_code, result.status })
      assert.matches("^no module 'argparse' was found: ", told.message)
    end)

    it("when it has a fault", function()
      breaks(1, "package.loaded.argparse = function() error 'boom' end",
        "this is a fault of openai-uploads; please report it: ")
    end)

    it("when there is not enough memory", function()
      breaks(18, "package.loaded.argparse = function() error('not enough memory', 0) end", "out_of_memory: not enough")
    end)
  end)

  it("tries again as often as it is told to", function()
    for _, row in ipairs { { "0", 1 }, { "1", 2 } } do
      service.reset()
      service.answer_next { { status = 503 }, { status = 503 } }
      fails(28, { "cancel", "upload_1", "--max-retries", row[1] })
      assert.are.equal(row[2], #service.requests())
    end
  end)

  it("tells of a wait that somebody can notice", function()
    service.answer_next { { status = 429, headers = { ["retry-after"] = "1" } } }
    local result = run(new_upload)
    assert.are.same({ 0, "openai-uploads: rate limited, waiting 1 s (attempt 2 of 3)\n" },
      { result.status, result.stderr })
    service.answer_next { { status = 429, headers = { ["retry-after"] = "1" } } }
    assert.are.equal("", run(with(new_upload, "--quiet")).stderr)
  end)

  it("gives up at the deadline", function()
    service.answer_next { { status = 503, headers = { ["retry-after"] = "30" } } }
    fails(28, { "cancel", "upload_1", "--deadline", "1" })
    assert.are.equal(1, #service.requests())
  end)

  it("tells of each request with --verbose, and nothing of the key", function()
    service.answer_next { { status = 503, headers = { ["retry-after-ms"] = "1" } } }
    local id = service.make_uploads(1)[1]
    local result = run { "cancel", id, "--verbose" }
    assert.are.equal(0, result.status)
    local events = {}
    for event, rest in result.stderr:gmatch "openai%-uploads: (%w+) (POST [^\n]*)\n" do
      events[#events + 1] = event
      check.holds("/uploads/" .. id .. "/cancel", rest)
    end
    assert.are.same({ "request", "retry", "request", "done" }, events)
    assert.matches("done POST [^\n]* status=200 request_id=req_%x+ ", result.stderr)
    check.lacks(check.key, result.stderr)
    result = run { "cancel", id, "--verbose", "--json" }
    assert.are.equal("request", cjson.decode(result.stderr:match "[^\n]*").log.event)
  end)

  it("shows nothing of the service's that a terminal would obey", function()
    for message, as_json in pairs {
      ["\27]0;x\7\r\n"] = "\27]0;x\7\r\n", ["\194\155"] = "\194\155", ["\155"] = "\239\191\189",
    } do
      for _, more in ipairs { "--quiet", "--json" } do
        service.answer_next { { status = 400, body = ('{"error":{"message":"before%safter"}}'):format(
          message:gsub("%c", function(byte) return ("\\u%04x"):format(byte:byte()) end)) } }
        local result = run { "cancel", "upload_1", more }
        assert.matches("^[^\n]*before[^\n]*after[^\n]*\n$", result.stderr)
        assert.is_nil(result.stderr:sub(1, -2):find "%c")
        assert.is_nil(result.stderr:find "[\128-\159]")
        if more == "--json" then
          assert.are.equal("before" .. as_json .. "after", cjson.decode(result.stderr).error.message)
        end
      end
    end
  end)

  it("keeps what is no command to a terminal", function()
    service.answer_next { { status = 200, body = { id = "upload_1", object = "upload", status = "déjà 終" } } }
    assert.are.equal("upload_1  déjà 終\n", succeeds { "cancel", "upload_1" })
  end)

  it("sends nothing when its stdout is closed", function()
    check.holds("file: standard output is closed; nothing was sent\n", fails(17, { "cancel", "upload_1" }, nil, ">&-"))
    check.nothing_sent(service)
  end)

  it("tells what it could not print", function()
    local result = run(new_upload, nil, ">/dev/full")
    assert.are.equal(17, result.status)
    assert.matches("^openai%-uploads: file: standard output cannot be written: .*; this was for it: upload_%w+\n$",
      result.stderr)
    local ids = service.make_uploads(2)
    result = run({ "cancel", ids[1], ids[2] }, nil, ">/dev/full")
    local told, left = result.stderr:match "was for it: (%S+)  cancelled; these may be cancelled or not: (%S+)\n$"
    table.sort(ids)
    local both = { tostring(told), tostring(left) }
    table.sort(both)
    assert.are.same({ 17, ids }, { result.status, both })
    result = run({ "--help" }, nil, ">/dev/full")
    assert.are.same({ "", 17 }, { result.stdout, result.status })
  end)

  it("prints into no file of its own when stdin and stderr are closed", function()
    local id = service.make_uploads(1)[1]
    local result = run({ "cancel", id, "--verbose" }, nil, "2>&- <&-")
    assert.are.same({ id .. "  cancelled\n", 0 }, { result.stdout, result.status })
    assert.are.equal("cancelled", service.upload(id).status)
  end)
end)
