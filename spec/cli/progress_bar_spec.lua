-- SPDX-License-Identifier: MIT
-- The progress bar of the command: numbers and a clock in, a line out.

local check = require "spec.support.check"
local core = require "openai_uploads.core"
local progress = require "openai_uploads.cli.progress"
local progress_bar = require "openai_uploads.cli.progress_bar"
local progress_display = require "openai_uploads.cli.progress_display"
local progress_lines = require "openai_uploads.cli.progress_lines"
local transfer_rate = require "openai_uploads.cli.transfer_rate"

local KIB, MIB, GIB = 1024, 1024 ^ 2, 1024 ^ 3

describe("the progress bar", function()
  local function line(sent, total, rate, width, name)
    return progress_bar.line { name = name or "train.jsonl", sent = sent, total = total, rate = rate,
      width = width or 79 }
  end

  for _, row in ipairs {
    { { 0, 8 * GIB }, "train.jsonl   0 % [...............]  0.0 of 8.0 GiB  - MiB/s  -:-- left" },
    { { 3.45 * GIB, 8 * GIB, 112 * MIB }, "train.jsonl  43 % [######.........]  3.5 of 8.0 GiB  112 MiB/s  0:42 left" },
    { { 8 * GIB - 1, 8 * GIB, MIB }, "train.jsonl  99 % [##############.]  8.0 of 8.0 GiB  1.0 MiB/s  0:00 left" },
    { { 8 * GIB, 8 * GIB, MIB }, "train.jsonl 100 % [###############]  8.0 of 8.0 GiB  1.0 MiB/s  finishing" },
    { { 100, 300, 1 }, "train.jsonl  33 % [####.........]  100 of 300 bytes  1 bytes/s  3:20 left" },
    { { 512 * KIB, MIB, 999 }, "train.jsonl  50 % [#######........]  0.5 of 1.0 MiB  999 bytes/s  8:45 left" },
    { { 0, 8 * GIB, 0 }, "train.jsonl   0 % [...............]  0.0 of 8.0 GiB  0 bytes/s  -:-- left" },
    { { 0, 8 * GIB, 2 * MIB }, "train.jsonl   0 % [...............]  0.0 of 8.0 GiB  2.0 MiB/s  1:08:16 left" },
    { { 0, 8 * GIB, 1000 }, "train.jsonl   0 % [...............]  0.0 of 8.0 GiB  1.0 KiB/s  -:-- left" },
    { { 9 * GIB, 8 * GIB, MIB }, "train.jsonl 100 % [###############]  8.0 of 8.0 GiB  1.0 MiB/s  finishing" },
    { { -5, 8 * GIB }, "train.jsonl   0 % [...............]  0.0 of 8.0 GiB  - MiB/s  -:-- left" },
  } do
    it("tells " .. row[2], function()
      local sent, total, rate = row[1][1], row[1][2], row[1][3]
      assert.are.equal(row[2], line(sent, total, rate))
    end)
  end

  it("grows with the terminal, up to where more would tell no more", function()
    check.holds("[" .. ("."):rep(30) .. "]", line(0, GIB, MIB, 150))
    assert.are.equal(#line(0, GIB, MIB, 150), #line(0, GIB, MIB, 1000))
  end)

  it("gives up one thing after the other as the terminal gets narrower", function()
    local said = {}
    for width = 100, 0, -1 do
      local text = line(3 * GIB, 8 * GIB, 112 * MIB, width, "some_training_examples.jsonl")
      assert.is_true(#text <= width, text)
      local shape = text:gsub("%[[#.]+%]", "[]"):gsub("^some[%w._]*", "name")
      if shape ~= said[#said] then said[#said + 1] = shape end
    end
    assert.are.same({
      "name  37 % []  3.0 of 8.0 GiB  112 MiB/s  0:46 left",
      "name  37 %  3.0 of 8.0 GiB  112 MiB/s  0:46 left",
      "name  37 %  3.0 of 8.0 GiB  0:46 left",
      "name  37 %  0:46 left",
      "name  37 %",
      "  37 %",
      "",
    }, said)
  end)

  for _, row in ipairs {
    { "a long name is cut", ("n"):rep(60), ("n"):rep(13) .. "... " },
    { "a control character is not shown", "a\27[2Jb\nc\127", "a?[2Jb?c? " },
    { "what is no UTF-8 is not shown", "a\255b\194\155c\224\130\155d", "a?b??c???d " },
    { "what is cut off is not shown", "abc\226\130", "abc?? " },
    { "a name may be of any script", "обучение.jsonl", "обучение.jsonl " },
    { "a name is cut between characters", ("訓"):rep(30), ("訓"):rep(6) .. "... " },
  } do
    it("has a name: " .. row[1], function()
      local text = line(0, GIB, MIB, 79, row[2])
      assert.are.equal(row[3], text:sub(1, #row[3]))
      assert.is_nil(text:find "%c")
    end)
  end

  for _, name in ipairs { "обучение.jsonl", ("訓"):rep(30), "📄 données.jsonl", ("é–€"):rep(30) } do
    it("counts columns, not bytes, of " .. name, function()
      for width = 100, 5, -1 do
        for _, status in ipairs { false, "rate limited, waiting 30 s (attempt 2 of 3)" } do
          local text = progress_bar.line { name = name, sent = 1, total = GIB, width = width, status = status or nil }
          assert.is_true(core.text_columns(text) <= width, text)
        end
      end
    end)
  end

  it("tells what is waited for in place of the figures, as far as there is room", function()
    local function waiting(width)
      return progress_bar.line { name = "train.jsonl", sent = 43, total = 100, width = width,
        status = "rate limited, waiting 30 s (attempt 2 of 3)" }
    end
    assert.are.equal("train.jsonl  43 %  rate limited, waiting 30 s (attempt 2 of 3)", waiting(79))
    assert.are.equal("train.jsonl  43 %  rate limite...", waiting(33))
    assert.are.equal("train.jsonl  43 %", waiting(27))
    assert.are.equal("  43 %", waiting(8))
  end)

  it("can be put into words", function()
    assert.are.equal("43 %, 3.5 of 8.0 GiB, 112 MiB/s, 0:42 left",
      progress_bar.words { sent = 3.45 * GIB, total = 8 * GIB, rate = 112 * MIB })
  end)

  it("says at the end what was sent", function()
    assert.are.equal("train.jsonl  8.0 GiB in 1:12", progress_bar.summary("train.jsonl", 8 * GIB, 72, 79))
    assert.are.equal("train...  8.0 GiB in 1:12", progress_bar.summary("train.jsonl", 8 * GIB, 72, 25))
    assert.are.equal("", progress_bar.summary("train.jsonl", 8 * GIB, 72, 5))
  end)
end)

describe("what is said of a wait", function()
  for _, row in ipairs {
    { { kind = "rate_limit", status = 429 }, 30, 1, 2, nil, "rate limited, waiting 30 s (attempt 2 of 3)" },
    { { kind = "server", status = 503 }, 8.4, 2, 2, 7, "part 7 is sent again: HTTP 503, waiting 8 s (attempt 3 of 3)" },
    { { kind = "connection" }, 0.5, 1, 2, nil, "no connection, waiting less than 1 s (attempt 2 of 3)" },
    { { kind = "timeout" }, 4, 5, 2, 1, "part 1 is sent again: no answer in time, waiting 4 s (attempt 6)" },
  } do
    it("is: " .. row[6], function()
      assert.are.equal(row[6], progress.words_of_wait({ failure = row[1], wait = row[2], attempt = row[3],
        max_retries = row[4], part_number = row[5] }))
    end)
  end

  it("counts no attempts where time limits them", function()
    assert.are.equal("HTTP 503, waiting 1 s (attempt 2)", progress.words_of_wait({
      failure = { kind = "server", status = 503 }, wait = 1, attempt = 1, max_retries = 2 }, true))
  end)
end)

describe("where there is no terminal,", function()
  local told, time

  before_each(function() told, time = {}, 0 end)

  local function tell(what) told[#told + 1] = what end

  it("a line each half a minute tells the progress", function()
    local lines = progress_lines.text("a.bin", tell, function() return time end)
    for second = 0, 65 do
      time = second
      lines:show(second * MIB, 130 * MIB)
    end
    assert.are.same({ "a.bin: 23 %, 30.0 of 130 MiB, 1.0 MiB/s, 1:40 left",
      "a.bin: 46 %, 60.0 of 130 MiB, 1.0 MiB/s, 1:10 left" }, told)
  end)

  it("a line tells a wait that somebody can notice", function()
    local lines = progress_lines.text("a.bin", tell, function() return time end)
    lines:wait("connecting", math.huge)
    lines:wait("no connection", 0.5)
    lines:wait("rate limited", 30)
    lines:wait(nil)
    assert.are.same({ "a.bin: rate limited" }, told)
  end)

  it("a line tells of parts that fail alike, and one more of a longer wait, or a later one", function()
    local lines = progress_lines.text("a.bin", tell, function() return time end)
    for part = 1, 8 do lines:wait(("part %d: no connection"):format(part), 2 + part / 10) end
    lines:wait("part 1: rate limited", 20)
    time = 30
    lines:wait("part 2: no connection", 4)
    assert.are.same({ "a.bin: part 1: no connection", "a.bin: part 1: rate limited", "a.bin: part 2: no connection" },
      told)
  end)

  it("a program is told in objects, one a second at most", function()
    local objects = progress_lines.objects("/b/a.bin", tell, function() return time end)
    objects:wait("connecting", math.huge)
    for tenth = 0, 15 do
      time = tenth / 10
      objects:show(tenth, 100)
    end
    objects:wait("rate limited", 30)
    objects:wait(nil)
    objects:finish(100)
    assert.are.same({
      { file = "/b/a.bin", state = "sending", sent = 0, total = 100 },
      { file = "/b/a.bin", state = "sending", sent = 10, total = 100, bytes_per_second = 10 },
      { file = "/b/a.bin", state = "waiting", sent = 15, total = 100, bytes_per_second = 10, reason = "rate limited",
        seconds = 30 },
      { file = "/b/a.bin", state = "done", sent = 100, total = 100, bytes_per_second = 10 },
    }, told)
  end)
end)

describe("the rate", function()
  local rate

  before_each(function() rate = transfer_rate.new() end)

  local function note(from, to, sent)
    for tenth = from * 10, to * 10 do rate.note(sent(tenth / 10), tenth / 10) end
  end

  it("is not told before there is something to tell", function()
    assert.is_nil(rate.per_second())
    rate.note(0, 0)
    rate.note(1000, 0.2)
    assert.is_nil(rate.per_second())
  end)

  it("is that of the last seconds, not of all the time", function()
    note(0, 60, function(time) return 1000 * time end)
    assert.are.equal(1000, rate.per_second())
    note(60.1, 70, function(time) return 60000 + 5000 * (time - 60) end)
    assert.is_true(math.abs(5000 - rate.per_second()) < 1)
  end)

  it("gets to zero when nothing moves", function()
    note(0, 10, function(time) return 1000 * time end)
    note(10.1, 20, function() return 10000 end)
    assert.are.equal(0, rate.per_second())
  end)

  it("is that of the line when a part is sent again: never below zero", function()
    note(0, 10, function(time) return 1000 * time end)
    for fallen_back = 1, 3 do
      note(10 * fallen_back + 0.1, 10 * fallen_back + 10, function(time) return 1000 * (time - 10 * fallen_back) end)
      assert.is_true(math.abs(1000 - rate.per_second()) < 30, rate.per_second())
    end
    rate.note(0, 40.1)
    assert.is_true(rate.per_second() >= 0)
  end)

  it("does not take what was sent before it was begun for speed", function()
    note(0, 1, function(time) return GIB + 1000 * time end)
    assert.is_true(math.abs(1000 - rate.per_second()) < 1)
  end)
end)

describe("the display", function()
  local written, time, display, width

  before_each(function()
    written, time, width = {}, 0, 60
    display = progress_display.new("a.bin", {
      write = function(text) written[#written + 1] = text end, now = function() return time end,
      width = function() return width end,
    })
  end)

  -- What stands in the terminal's line after all that was written.
  local function shown()
    local cells, column, lines = {}, 1, {}
    for character in table.concat(written):gmatch "." do
      if character == "\r" then
        column = 1
      elseif character == "\n" then
        lines[#lines + 1], cells, column = table.concat(cells):gsub(" +$", ""), {}, 1
      else
        assert.is_true(column < 60)
        cells[column], column = character, column + 1
      end
    end
    lines[#lines + 1] = table.concat(cells):gsub(" +$", "")
    return table.concat(lines, "\n"), column
  end

  it("draws ten times a second at most", function()
    for step = 0, 1000 do
      time = step / 1000
      display:show(step, 1000)
    end
    assert.is_true(#written > 8 and #written < 12, #written)
    for _, text in ipairs(written) do assert.matches("^\r[^\r\n]*$", text) end
  end)

  it("leaves nothing of a longer line behind a shorter one", function()
    display:show(0, 100 * MIB)
    time = 1
    display:show(10 * MIB, 100 * MIB)
    time = 2
    display:show(100 * MIB, 100 * MIB)
    check.holds("finishing", shown())
    assert.matches("finishing$", (shown()))
  end)

  it("asks for the width at each drawing", function()
    display:show(0, 100 * MIB)
    time, width = 1, 30
    display:show(10 * MIB, 100 * MIB)
    local drawings = {}
    for drawing in table.concat(written):gmatch "\r([^\r]+)" do drawings[#drawings + 1] = #drawing end
    assert.are.equal(2, #drawings)
    assert.is_true(drawings[1] > 40 and drawings[2] <= 29, drawings[2])
  end)

  it("shows what is waited for as long as that takes", function()
    display:show(0, 100)
    display:wait("rate limited", 3)
    display:show(0, 100)
    check.holds("0 %  rate limited", shown())
    time = 2.9
    display:show(50, 100)
    check.holds("50 %  rate limited", shown())
    time = 3.1
    display:show(50, 100)
    check.holds("50 of 100 bytes", shown())
  end)

  it("shows a short wait for a second, so that it can be read, and none that is over", function()
    display:wait("no connection", 0.1)
    time = 0.9
    display:show(0, 100)
    check.holds("no connection", shown())
    display:wait(nil)
    display:show(1, 100)
    check.lacks("no connection", (shown()))
  end)

  it("can be erased, and comes back", function()
    display:show(0, 100)
    display:erase()
    assert.are.same({ "", 1 }, { shown() })
    display:erase()
    time = 1
    display:show(50, 100)
    check.holds("50 of 100 bytes", shown())
  end)

  it("ends with a line of its own", function()
    display:show(0, 100)
    time = 61
    display:finish(100)
    assert.are.equal("a.bin  100 bytes in 1:01\n", (shown()))
  end)

  it("says nothing at the end when nothing was seen of it", function()
    display:finish(100)
    display:erase()
    assert.are.same({}, written)
  end)
end)
