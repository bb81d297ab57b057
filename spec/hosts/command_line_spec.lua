-- SPDX-License-Identifier: MIT
-- The examples for programs that run a script and end: pandoc, nmap, texlua, tshark and rspamadm.
-- Runs once: each program has a Lua of its own.

local programs = require "spec.support.programs"
local with_service = require "spec.support.with_service"

local service = with_service.emulator()

local FILE = "(file%-%x+)"

-- The file that the service has received, once.
local function received()
  local requests = service.requests()
  return requests[1] and requests[1].body
end

local function example(path) return programs.quoted(programs.checkout .. "/examples/" .. path) end

describe("pandoc", function()
  local host = programs.find { program = "pandoc" }

  local function run()
    local output, status
    programs.with_folder(function(folder)
      programs.write_file(folder .. "/report.md", "# Hello\n\nWorld\n")
      output, status = programs.run(programs.environment(host, service),
        ("pandoc --lua-filter %s -t markdown -s %s/report.md"):format(example "pandoc/upload.lua", folder))
    end)
    return output, status
  end

  programs.it(host, "sends a document's text and puts the File into its metadata", function()
    local output, status = run()
    assert.are.equal(0, status, output)
    assert.matches("\nopenai%-file: " .. FILE .. "\n", output)
  end)

  programs.it(host, "fails with the failure's words", function()
    service.answer_next { { status = 401, body = { error = { message = "No such key" } } } }
    local output, status = run()
    assert.are.equal(83, status, output) -- of an error in a filter
    assert.matches("authentication: No such key %(HTTP 401", output)
  end)
end)

describe("texlua", function()
  local host = programs.find { program = "texlua", lua = "lua5.3" }

  programs.it(host, "sends a file", function()
    local output, status = programs.run(programs.environment(host, service),
      ("texlua %s README.md"):format(example "texlua/upload.lua"))
    assert.are.equal(0, status, output)
    assert.matches("^" .. FILE .. "\n$", output)
    assert.matches("README.md", received())
  end)
end)

describe("rspamadm", function()
  local host = programs.find { program = "rspamadm", lua = "luajit" }

  programs.it(host, "sends a file", function()
    local output, status = programs.run(programs.environment(host, service),
      ("rspamadm lua -a README.md %s"):format(example "rspamd/upload.lua"))
    assert.are.equal(0, status, output)
    assert.matches(FILE .. "\n", output)
  end)
end)

describe("tshark", function()
  local host = programs.find { program = "tshark", plugin = "/usr/lib/*/libwireshark.so.*" }

  -- A capture of one frame of `bytes`, from one address to another: Ethernet, IPv4, UDP.
  local function capture(bytes)
    local function numbers(format)
      return (format:gsub("%x%x ?", function(digits) return string.char(tonumber(digits:sub(1, 2), 16)) end))
    end
    local frame = numbers("020000000001 020000000002 0800 45000020 00010000 4011f96a 7f000001 7f000002 "
      .. "10921092 000c0000") .. bytes
    local length = string.char(#frame, 0, 0, 0)
    return numbers "d4c3b2a1 02000400 00000000 00000000 ffff0000 01000000" .. ("\0"):rep(8) .. length .. length .. frame
  end

  programs.it(host, "sends what its script counted, once all frames were read", function()
    programs.with_folder(function(folder)
      programs.write_file(folder .. "/capture.pcap", capture "abcd")
      local output, status = programs.run(programs.environment(host, service),
        ("tshark -X lua_script:%s -q -r %s/capture.pcap"):format(example "tshark/statistics.lua", folder))
      assert.are.equal(0, status, output)
      assert.matches("\n?" .. FILE .. "\n", output)
    end)
  end)
end)

describe("nmap", function()
  local host = programs.find { program = "nmap" }

  -- Another script, which goes on until its file is there.
  local other = [[
    local stdnse = require "stdnse"
    description, categories = "goes on", {}
    prerule = function() return true end
    action = function()
      local turns = io.open(os.getenv "TURNS", "a")
      for _ = 1, 3000 do
        stdnse.sleep(0.01)
        turns:write "."
        turns:flush()
        local ended = io.open(os.getenv "TURNS" .. ".end")
        if ended then break end
      end
      turns:close()
    end]]

  programs.it(host, "sends a file while other scripts go on", function()
    programs.with_folder(function(folder)
      programs.write_file(folder .. "/other.nse", other)
      local environment = programs.environment(host, service)
      environment.TURNS = folder .. "/turns"
      service.answer_next(programs.gate)
      local child = programs.start(environment, ("nmap --script %s,%s/other.nse --script-args upload.file=README.md")
        :format(example "nmap/upload.nse", folder))
      programs.answer_after_turns(service, environment.TURNS)
      service.wait_for_requests(3)
      programs.write_file(environment.TURNS .. ".end", "")
      assert.matches("README.md is " .. FILE, child.finish())
    end)
  end)
end)
