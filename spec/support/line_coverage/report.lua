-- SPDX-License-Identifier: MIT
-- report.lua LINES: which lines of the Lua modules never ran. LINES has "FILE LINE" for each that did; see line_hook.c.

local function output_of(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "*a"
  assert(pipe:close())
  return text
end

local function lines_that_ran(path)
  local ran = {}
  for line in io.lines(path) do ran[line] = true end
  return ran
end

-- The compiler gives instructions to some lines that no event tells of.
local function is_mere_end(text)
  return text:find "^%s*%-%-" or text:find "^%s*$" or text:find "^%s*end[%s,;)}]*$" or text:find "^%s*else%s*$"
    or text:find "^[%s,;)}]*$"
end

-- The numbers of the lines that have instructions, in order.
local function lines_with_code(path)
  local texts, has_code, numbers = {}, {}, {}
  for text in io.lines(path) do texts[#texts + 1] = text end
  local listing = output_of("luac5.4 -l -p " .. path)
  for number in listing:gmatch "\n%s*%d+%s+%[(%d+)%]" do has_code[tonumber(number)] = true end
  for number, text in ipairs(texts) do
    if has_code[number] and not is_mere_end(text) then numbers[#numbers + 1] = number end
  end
  return numbers
end

local function measure(path, ran)
  local numbers, missed = lines_with_code(path), {}
  for _, number in ipairs(numbers) do
    if not ran[path .. " " .. number] then missed[#missed + 1] = number end
  end
  return { path = path, count = #numbers, missed = missed }
end

local function percent(missed, count) return 100 * (count - missed) / math.max(count, 1) end

local ran = lines_that_ran(arg[1])
local total, total_missed = 0, 0
for path in output_of "find lua -name '*.lua' ! -name types.lua | sort":gmatch "[^\n]+" do
  local file = measure(path, ran)
  total, total_missed = total + file.count, total_missed + #file.missed
  print(("%5.1f%%  %s  %s"):format(percent(#file.missed, file.count), path, table.concat(file.missed, " ")))
end
print(("lines of Lua: %.1f%% (%d out of %d)"):format(percent(total_missed, total), total - total_missed, total))
