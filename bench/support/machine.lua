-- SPDX-License-Identifier: MIT
-- What a run was made on, in words that say what it can do and not whose it is.
local shell = require "bench.support.shell"
local uploads = require "openai_uploads"

local machine = {}

local function first_line(command)
  return shell.output_of(command):match "[^\n]*"
end

--- How many programs wanted a core at a time, over the last minute.
function machine.load()
  return tonumber(shell.read_file("/proc/loadavg"):match "%S+")
end

--- A list of { name, value }. load_before: what `load` was when the run began.
function machine.describe(load_before)
  local memory = tonumber(shell.read_file("/proc/meminfo"):match "MemTotal:%s*(%d+)") / 1024 / 1024
  return {
    { "date", os.date "!%Y-%m-%d" },
    { "machine", ("%s cores (%s), %.0f GiB of memory"):format(first_line "nproc", first_line "uname -m", memory) },
    { "system", first_line ". /etc/os-release; echo $PRETTY_NAME, Linux $(uname -r | cut -d. -f1,2)" },
    { "load", ("%.1f before, %.1f after: an idle machine has less than 1 before"):format(load_before, machine.load()) },
    { "library", "openai_uploads " .. uploads._VERSION },
    { "Lua", _VERSION },
    { "libcurl", first_line "pkg-config --modversion libcurl" },
    { "nginx", first_line "nginx -v 2>&1 | sed 's|.*/||; s| .*||'" },
  }
end

return machine
