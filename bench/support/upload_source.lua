-- SPDX-License-Identifier: MIT
-- Files to upload, where reading them is no matter of a disk.
local shell = require "bench.support.shell"

local upload_source = {}

local memory_folder = "/dev/shm"
local room_mib = 3 * 1024
local part_mib = 64

-- Two gibibytes shall not stay in memory when this run is killed.
local guard = [[
  (while kill -0 %s; do sleep 1; done; rm -rf %s) >/dev/null 2>&1 </dev/null &
]]

local function has_room()
  local free = shell.output_of("df -Pm " .. memory_folder .. " 2>/dev/null"):match("\n%S+%s+%d+%s+%d+%s+(%d+)")
  return free and tonumber(free) >= room_mib
end

-- Runs `use(folder)`, in memory where there is room, and takes the folder away.
local function within_folder(bench, use)
  local parent = has_room() and memory_folder or bench.directory
  local folder = shell.output_of(("mktemp -d %s/upload_source.XXXXXX"):format(parent)):match("[^\n]+")
  os.execute(guard:format(shell.output_of("echo $PPID"):match("%d+"), folder))
  local done, problem = pcall(use, folder)
  os.execute("rm -rf " .. folder)
  if not done then error(problem, 0) end
end

--- Gives `use` the path of a file of so many MiB, which has just been written and so lies in memory.
function upload_source.with_file(bench, mib, use)
  within_folder(bench, function(folder)
    local source = folder .. "/source"
    local made = shell.output_of(("head -c %d /dev/urandom >%s && echo made"):format(mib * 1024 * 1024, source))
    assert(made == "made\n", "no room for what is to be uploaded")
    use(source)
  end)
end

--- Copies of its parts, as a list of paths beside it.
function upload_source.split(source)
  local parts = {}
  local command = ("split -b %dm %s %s_part_ && ls %s_part_*"):format(part_mib, source, source, source)
  for part in shell.output_of(command):gmatch("[^\n]+") do parts[#parts + 1] = part end
  assert(#parts > 0, "no room for the parts of what is to be uploaded")
  return parts
end

--- Gives `use` a function that makes a file of so many MiB without a block on any disk, and returns its path.
function upload_source.with_sparse_files(bench, use)
  within_folder(bench, function(folder)
    use(function(mib)
      local path = ("%s/sparse_%d"):format(folder, mib)
      local file = assert(io.open(path, "wb"))
      assert(file:seek("set", mib * 1024 * 1024 - 1))
      assert(file:write("\0"))
      assert(file:close())
      return path
    end)
  end)
end

return upload_source
