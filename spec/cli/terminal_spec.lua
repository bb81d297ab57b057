-- SPDX-License-Identifier: MIT
-- The progress bar of the command, on a terminal.
-- Runs once: progress_bar_spec proves the bar on each Lua.

local check = require "spec.support.check"
local cli = require "spec.support.cli"
local cjson = require("cjson").new()
local core = require "openai_uploads.core"
local with_service = require "spec.support.with_service"

describe("On a terminal, openai-uploads upload", function()
  local folder

  local service = with_service.emulator()

  local want = cli.want_of_terminal()
  if want then return pending(want) end

  before_each(function() folder = io.popen("mktemp -d"):read("*l") end)

  after_each(function() os.execute("rm -rf " .. folder) end)

  -- Uploads a file of ten bytes, which takes a moment. Returns what was shown, what stdout got, and the exit code.
  local function upload(columns, name, ...)
    local path = cli.write_file(folder .. "/" .. (name or "a.txt"), "abcdefghij")
    service.answer_next { { call = "parts", delay = 0.3 } }
    local result = cli.start_on_terminal({ "upload", path, "--purpose", "batch", "--max-retries", "0", ... },
      { OPENAI_BASE_URL = service.base_url }, columns).finish()
    return result.shown, result.stdout, result.status
  end

  -- The bar as it was drawn, one time after the other; each of them must fit.
  local function drawings(shown, columns)
    local all = {}
    for drawing in shown:gmatch "\r([^\r\n]+)" do
      assert.is_true(#drawing < columns, drawing)
      all[#all + 1] = drawing
    end
    return all
  end

  it("shows a bar, and leaves a line of it", function()
    local shown, stdout, status = upload(80)
    assert.are.equal(0, status)
    assert.matches("^file%-%w+\n$", stdout)
    local bars = drawings(shown, 80)
    assert.matches("^a%.txt   0 %% %[%.+%]  0 of 10 bytes  %- MiB/s  %-:%-%- left *$", bars[1])
    assert.matches("^a%.txt 100 %% %[#+%]  10 of 10 bytes  .* finishing *$", bars[#bars - 1])
    assert.matches("\ra%.txt  10 bytes in 0:%d%d +\r\n$", shown)
  end)

  it("shows what a narrow one has room for", function()
    local shown = upload(30)
    local bars = drawings(shown, 30)
    assert.matches("^a%.txt   0 %%  %-:%-%- left *$", bars[1])
    assert.are.equal(0, select(3, upload(3)))
  end)

  -- Runs it where COLUMNS is not set, and the terminal itself has a width.
  local function start_in_window(columns, name, environment, ...)
    local path = cli.write_file(folder .. "/" .. name, "abcdefghij")
    return cli.start_on_terminal({ "upload", path, "--purpose", "batch", ... },
      check.merged({ OPENAI_BASE_URL = service.base_url, COLUMNS = false }, environment or {}), nil, nil, nil,
      ("stty cols %d; tty >%s/tty; "):format(columns, folder))
  end

  -- The columns that each drawing of the bar took.
  local function columns_of_drawings(shown)
    local all = {}
    for drawing in shown:gmatch "\r([^\r\n]+)" do all[#all + 1] = core.text_columns(drawing) end
    return all
  end

  for _, name in ipairs { "a.txt", "обучение.txt", "訓練データ訓練データ訓練データ.txt" } do
    it("takes no more room than a window of 43 columns has, for " .. name, function()
      service.answer_next { { call = "parts", delay = 0.5 } }
      local result = start_in_window(43, name).finish()
      assert.are.equal(0, result.status)
      local columns = columns_of_drawings(result.shown)
      assert.is_true(#columns >= 2)
      for _, taken in ipairs(columns) do assert.is_true(taken <= 42, taken) end
      assert.are.equal(1, select(2, result.shown:gsub("\n", "")))
    end)
  end

  it("follows a window that is made narrower", function()
    service.answer_next { { call = "parts", delay = 2 } }
    local child = start_in_window(100, "a.txt")
    cli.wait_for(function() return child.shown():find "a%.txt +%d+ %%" end)
    os.execute(("unset LD_PRELOAD; stty -F $(cat %s/tty) cols 30"):format(folder))
    cli.wait_for(function() return child.shown():find "\ra%.txt +%d+ %% +[^%[\r]*\r" end)
    local result = child.finish()
    local columns = columns_of_drawings(result.shown)
    assert.is_true(columns[1] > 60 and columns[#columns - 1] <= 29)
  end)

  it("says what it waits for", function()
    service.answer_next { { call = "create", delay = 0.5 },
      { call = "parts", status = 429, headers = { ["retry-after"] = "1" } } }
    local result = start_in_window(100, "a.txt", nil, "--max-retries", "2").finish()
    assert.are.equal(0, result.status)
    check.holds("\ra.txt   0 %  connecting", result.shown)
    check.holds("part 1 is sent again: rate limited, waiting 1 s (attempt 2 of 3)", result.shown)
    assert.matches("\ra%.txt  10 bytes in 0:%d%d +\r\n$", result.shown)
  end)

  it("writes plain lines where the terminal is dumb", function()
    service.answer_next { { call = "parts", status = 429, headers = { ["retry-after"] = "1" } } }
    local result = start_in_window(100, "a.txt", { TERM = "dumb" }, "--max-retries", "2").finish()
    assert.are.same({ 0, "openai-uploads: a.txt: part 1 is sent again: rate limited, waiting 1 s " ..
      "(attempt 2 of 3)\r\n" },
      { result.status, result.shown })
  end)

  it("writes objects where a program asks for them", function()
    service.answer_next { { call = "parts", status = 429, headers = { ["retry-after"] = "1" } } }
    local result = start_in_window(100, "a.txt", nil, "--max-retries", "2", "--progress", "json").finish()
    local states = {}
    for line in result.shown:gmatch "([^\r\n]+)\r\n" do
      local told = cjson.decode(line).progress
      assert.are.same({ folder .. "/a.txt", 10 }, { told.file, told.total or 10 })
      if told.state ~= states[#states] then states[#states + 1] = told.state end
    end
    assert.are.equal("sending waiting sending done", table.concat(states, " "))
  end)

  it("takes a width that is none for the usual one", function()
    for _, columns in ipairs { "", "wide", "0", "1e9" } do
      local shown, _, status = upload(columns)
      assert.are.equal(0, status, columns)
      assert.matches("a%.txt   0 %% %[%.+%]", shown)
    end
  end)

  it("takes the bar away before it tells of a failure", function()
    service.answer_next { { call = "parts", delay = 0.3, status = 400 } }
    local shown, stdout, status = upload(80)
    assert.are.same({ "", 20 }, { stdout, status })
    check.holds("\r" .. (" "):rep(79) .. "\ropenai-uploads: ", shown)
    assert.matches("was cancelled\r\n$", shown)
  end)

  it("obeys nothing in a file's name", function()
    local shown = upload(80, "a\27[31mb\n.txt")
    assert.is_nil((shown:gsub("[\r\n]", "")):find "%c")
    check.holds("\ra?[31mb?.txt   0 %", shown)
  end)

  for _, flag in ipairs { "--quiet", "--verbose" } do
    it("shows no bar with " .. flag, function()
      local shown, _, status = upload(80, nil, flag)
      assert.are.equal(0, status)
      check.lacks("%", shown)
    end)
  end
end)
