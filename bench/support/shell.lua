-- SPDX-License-Identifier: MIT
-- Files and programs.
local shell = {}

--- Goes before a command that may hold a thousand connections.
shell.more_descriptors = "ulimit -n 4096 2>/dev/null; "

function shell.output_of(command)
  local process = assert(io.popen(command))
  local output = process:read("*a")
  process:close()
  return output
end

--- The numbers that a program prints.
function shell.numbers_of(command)
  local numbers = {}
  for word in shell.output_of(command):gmatch("%S+") do numbers[#numbers + 1] = tonumber(word) end
  if #numbers == 0 then error("no figure from: " .. command, 0) end
  return numbers
end

function shell.read_file(path)
  local file = assert(io.open(path, "rb"))
  local content = file:read("*a")
  file:close()
  return content
end

function shell.write_file(path, content)
  local file = assert(io.open(path, "wb"))
  assert(file:write(content))
  assert(file:close())
end

return shell
