-- SPDX-License-Identifier: MIT
-- The texts in our sources that a user may read: string literals of two words or more, those that stand side by side
-- joined.

local messages = {}

local function read_file(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local function is_message(text) return text:find "%a%a+ %S*%a" ~= nil end

-- Where the literal that begins at `at` with that quote ends.
local function end_of_literal(source, at, quote)
  local index = at + 1
  while source:sub(index, index) ~= quote do
    index = index + (source:sub(index, index) == "\\" and 2 or 1)
  end
  return index
end

local languages = {
  c = { comments = { { "^/%*", "%*/" }, { "^#include", "\n" } }, joint = "^[ \n]*$", quotes = '"' },
  lua = { comments = { { "^%-%-", "\n" } }, joint = "^[ \n]*%.%.[ \n]*$", quotes = "\"'" },
}

-- Where what begins at `at` and is no code ends; nil where there is none.
local function end_of_comment(source, at, language)
  for _, pair in ipairs(language.comments) do
    if source:find(pair[1], at) then return select(2, source:find(pair[2], at)) or #source end
  end
end

-- Calls visit(text, line) for each literal.
local function each_literal(source, language, visit)
  local at, line, last, last_end = 1, 1, nil, 0
  local pieces, first_line = {}, 0
  local function flush()
    if last then visit(table.concat(pieces), first_line) end
    pieces, last = {}, nil
  end
  while at <= #source do
    local character = source:sub(at, at)
    local stop = end_of_comment(source, at, language)
    if not stop and language.quotes:find(character, 1, true) then
      stop = end_of_literal(source, at, character)
      if last and not source:sub(last_end + 1, at - 1):find(language.joint) then flush() end
      if not last then first_line = line end
      pieces[#pieces + 1], last, last_end = source:sub(at + 1, stop - 1), true, stop
    elseif not stop and language == languages.c and character == "'" then
      stop = end_of_literal(source, at, "'")
    end
    line = line + select(2, source:sub(at, stop or at):gsub("\n", ""))
    at = (stop or at) + 1
  end
  flush()
end

--- All of them, as { path, line, text }, in the order of the files.
function messages.collect()
  local found = {}
  local listing = io.popen "find src lua bin -type f | LC_ALL=C sort"
  for path in listing:lines() do
    local language = path:find "%.[ch]$" and languages.c or not path:find "types%.lua$" and languages.lua
    if language then
      each_literal(read_file(path), language, function(text, line)
        if is_message(text) then found[#found + 1] = { path = path, line = line, text = text } end
      end)
    end
  end
  listing:close()
  return found
end

return messages
