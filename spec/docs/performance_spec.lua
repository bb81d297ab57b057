-- SPDX-License-Identifier: MIT
-- docs/performance.md and its plots are what bench/report.lua makes of the numbers that a run wrote down.
-- Runs once: the numbers are the same on every Lua.
if _VERSION ~= "Lua 5.4" then return pending "the page of the benchmarks: it is made by Lua 5.4" end

local check = require "spec.support.check"
local cjson = require "cjson"
local cli = require "spec.support.cli"
local reader = require "spec.support.document_reader"

describe("the page of the benchmarks", function()
  local folder

  setup(function() folder = reader.run("mktemp -d"):match "[^\n]+" end)

  teardown(function() reader.run("rm -r " .. folder) end)

  local function report(numbers)
    local output, status = reader.run(("LUA_PATH='%s' LUA_CPATH='%s' lua5.4 bench/report.lua %s %s/page.md %s"):format(
      package.path, package.cpath, numbers, folder, folder))
    assert.are.equal(0, status, output)
    return cli.read_file(folder .. "/page.md")
  end

  it("is made of the numbers beside it, plots too (else: make bench-report)", function()
    local page = report "docs/performance.json"
    assert.are.equal(cli.read_file "docs/performance.md", page)
    for name in page:gmatch "%(images/([%w_.-]+)%)" do
      assert.are.equal(cli.read_file("docs/images/" .. name), cli.read_file(folder .. "/" .. name), name)
    end
  end)

  it("names no path and no host", function()
    local numbers = cli.read_file "docs/performance.json"
    check.lacks((reader.run "uname -n"):match "[^\n]+", numbers)
    for _, text in ipairs { "\\/home\\/", "\\/root\\/", "\\/tmp\\/" } do check.lacks(text, numbers) end
  end)

  it("shows median, spread, goal and verdict of a row, and plots those of a unit together", function()
    local page = report(cli.write_file(folder .. "/numbers.json", cjson.encode {
      machine = { { "machine", "2 cores" } }, pairs = 7, placement = "apart", notes = {},
      rows = {
        { topic = "size", what = "one", goal = "<= 1.00", measured = "0.500 (0.250 .. 0.750)", met = true },
        { topic = "size", what = "two", measured = "2.000 (1.000 .. 4.000)" },
        { topic = "size", what = "three", goal = "< 9 KiB", measured = "12 KiB", met = false },
      },
    }))
    check.holds("| one | <= 1.00 | 0.500 (0.250 .. 0.750) | yes |\n| two |  | 2.000 (1.000 .. 4.000) |  |\n" ..
      "| three | < 9 KiB | 12 KiB | **no** |", page)
    check.holds("(images/bench-size.svg)", page)
    local ratios, sizes = cli.read_file(folder .. "/bench-size.svg"), cli.read_file(folder .. "/bench-size-2.svg")
    assert.are.same({ 2, 1 }, { select(2, ratios:gsub("<circle", "")), select(2, sizes:gsub("<circle", "")) })
    check.holds('cx="92.0"', ratios) -- 0.5 of 5, on an axis of 720 that begins at 20
  end)

  it("has a title for each topic", function()
    local listed = cli.read_file("bench/run.lua"):match "local topics = {(.-)}"
    for name in listed:gmatch '"([%w_]+)"' do check.holds('{ "' .. name .. '", ', cli.read_file "bench/report.lua") end
  end)
end)
