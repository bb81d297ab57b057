-- SPDX-License-Identifier: MIT
-- The progress bar of the command, on a terminal.

local check = require "spec.support.check"
local cli = require "spec.support.cli"
local emulator = require "spec.support.emulator"

describe("On a terminal, openai-uploads upload", function()
  local service, folder

  setup(function() service = emulator.start() end)

  teardown(function() service.stop() end)

  local want = cli.want_of_terminal()
  if want then return pending(want) end

  before_each(function()
    service.reset()
    folder = io.popen("mktemp -d"):read("*l")
  end)

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
