-- SPDX-License-Identifier: MIT
-- spec/run itself: a suite that can fail. It runs spec files that are written here.
-- Runs once: it is a shell script.

local check = require "spec.support.check"

local lua = os.getenv "TEST_LUA" or (jit and "luajit" or "lua" .. _VERSION:match "%d%.%d")
local build = os.getenv "TEST_BUILD" or "build"

local function output_of(command)
  local pipe = assert(io.popen("unset LD_PRELOAD ASAN_OPTIONS LSAN_OPTIONS SANITIZE TEST_CFLAGS; " .. command ..
    "; printf '\nstatus %d' $?"))
  local output, status = pipe:read("*a"):match "^(.*)\nstatus (%d+)$"
  pipe:close()
  return output, tonumber(status)
end

describe("spec/run", function()
  local folder

  before_each(function() folder = output_of "mktemp -d":match "[^\n]+" end)

  after_each(function() output_of("rm -r " .. folder) end)

  local function write(name, text)
    local file = assert(io.open(folder .. "/" .. name .. "_spec.lua", "w"))
    file:write(text)
    file:close()
  end

  -- Runs the files of the folder. Returns the output, its last line, and the exit status.
  local function run(luas, timeout)
    local output, status = output_of(("SPECS=%s JOBS=2 TEST_TIMEOUT=%d spec/run %s %s 2>&1"):format(folder,
      timeout or 60, build, luas or lua))
    return output, output:match "([^\n]*)\n$", status
  end

  local passes = 'describe("a", function() it("passes", function() end) end)'

  it("counts those that pass, and those that are skipped, with their reasons", function()
    write("good", passes)
    write("skipped", 'describe("b", function() it("skips", function() pending "no library" end) end)')
    local output, last, status = run()
    assert.are.same({ "1 passed, 0 failed, 1 skipped", 0 }, { last, status }, output)
    check.holds("no library", output)
  end)

  for _, row in ipairs {
    { "a row that fails", 'it("fails", function() assert.are.equal(1, 2) end)', "fails" },
    { "a row that raises", 'it("raises", function() error "broken" end)', "broken" },
    { "a setup that fails", 'setup(function() error "no server" end) it("is not run", function() end)', "no server" },
    { "a process that is killed", 'it("is killed", function() os.execute "kill -9 $PPID" end)',
      "killed, in: a is killed" },
    { "a process that crashes", 'it("crashes", function() os.execute "kill -SEGV $PPID" end)',
      "ended by signal 11, in: a crashes" },
    { "a process that ends early", 'it("ends", function() os.exit(0, true) end)', "exit status 0, in: a ends" },
    { "a row that hangs", 'it("hangs", function() while true do end end)', "took longer than 1 s, in: a hangs" },
  } do
    it("fails for " .. row[1], function()
      write("good", passes)
      write("bad", ('describe("a", function() %s end)'):format(row[2]))
      local output, last, status = run(nil, row[1]:find "hangs" and 1)
      assert.are.same({ "1 passed, 1 failed, 0 skipped", 1 }, { last, status }, output)
      check.holds(row[3], output:match "failed; to repeat it:(.*)")
      check.holds(("SPECS=%s/bad_spec.lua spec/run %s %s\n"):format(folder, build, lua), output)
    end)
  end

  it("gives the seconds of each file, and those of the processor", function()
    write("slow", [[describe("a", function()
      it("waits and works", function()
        os.execute "sleep 1.1"
        repeat until os.clock() > 0.3
      end)
    end)]])
    local output = run()
    local seconds, cpu = output:match "slow_spec.lua: 1 passed %((%d+) s, CPU (%d+%.%d) s%)"
    assert.is_true(tonumber(seconds) >= 1 and tonumber(cpu) >= 0.3, output)
  end)

  for _, row in ipairs {
    { "does not compile", "no Lua" }, { "raises as it is loaded", 'error "no file"' }, { "has no spec", "" },
  } do
    it("fails for a file that " .. row[1], function()
      write("bad", row[2])
      local output, last, status = run()
      assert.are.same({ "0 passed, 1 failed, 0 skipped", 1 }, { last, status }, output)
    end)
  end

  for _, row in ipairs {
    { "a file that is not there", "SPECS=spec/creat_spec.lua spec/run %s %s", "there is no spec/creat_spec.lua" },
    { "a folder without specs", "SPECS=src spec/run %s %s", "there is no spec" },
    { "a unit that is not there", "make c-test BUILD=%s UNIT=nope_test # %s", "there is no unit 'nope_test'" },
    { "no arguments", "spec/run # %s %s", "usage: " },
  } do
    it("fails for " .. row[1], function()
      local output, status = output_of("{ " .. row[2]:format(build, lua) .. "\n} 2>&1")
      check.holds(row[3], output)
      assert.is_true(status > 0)
    end)
  end

  it("fails for an interpreter that is not there", function()
    write("good", passes)
    local output, last, status = run(lua .. " lua-of-nobody")
    assert.are.same({ "1 passed, 1 failed, 0 skipped", 1 }, { last, status }, output)
  end)

  it("fails for a module that cannot be built", function()
    local command = "SPECS=spec/nginx/example_spec.lua JOBS=2 TEST_TIMEOUT=60 spec/run /proc/nowhere %s 2>&1"
    local output, status = output_of(command:format(lua))
    assert.are.equal(1, status, output)
    check.holds("make build failed\n", output)
    check.holds("\n0 passed, 2 failed, 0 skipped\n", output)
  end)

  it("runs on one Lua alone a file that says so", function()
    write("good", passes)
    write("once", "-- Runs once: it is a test.\n" .. passes)
    local output, last = run(lua .. " " .. lua)
    assert.are.equal("3 passed, 0 failed, 0 skipped", last, output)
  end)

  it("leaves out, under a sanitizer, a file that says so", function()
    write("without", "-- Without a sanitizer: it is a test.\n" .. passes)
    assert.are.equal("1 passed, 0 failed, 0 skipped", select(2, run()))
    local output = output_of(("SANITIZE=1 SPECS=%s spec/run %s %s 2>&1"):format(folder, build, lua))
    check.holds("without_spec.lua is skipped: it is a test.\n0 passed, 0 failed, 1 skipped\n", output)
  end)

  it("fails when jobs are lost", function()
    write("good", passes)
    local kill = 'os.execute "kill -9 $(ps -o ppid= $(ps -o ppid= $PPID))"' -- spec/job
    write("bad", ('describe("a", function() it("kills its job", function() %s end) end)'):format(kill))
    local output, last, status = run()
    assert.are.equal(1, status, output)
    check.holds(", 1 failed, ", last)
  end)
end)
