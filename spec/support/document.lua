-- SPDX-License-Identifier: MIT
-- Documents in Markdown: the blocks of code they show, and what those do when they are run as they stand.
--
-- A fence begins with a language, which says what is done with its block, and words that say how:
--
--   lua, sh, nginx   a whole program, a list of shell commands, a whole configuration: run, or written to a file
--   json, c          a whole file
--   output           what the block before it prints. In a line, `...` stands for anything; alone, for any lines. How
--                    many blanks there are does not matter, for tabs are shown as blanks.
--   text             a drawing, or a form to fill in. Nothing is done with it.
--
--   file=NAME        the block is written to this file, for others of the document to use; a program is run as well
--   needs=NAME       a Lua module, `lua5.4` (that version or a later one), or a program without which it is not run
--   service=NAME     the emulator's listener of that name, instead of the one that speaks plain HTTP
--   fresh            a machine on which the module is not installed yet
--   own-network      commands with fixed ports: run in a network namespace, with an emulator of their own
--   ci               commands that would run the suite itself: .ci/run must have each of them

local document = {}

local function words_of(info)
  local words = {}
  for word in info:gmatch "%S+" do
    local name, value = word:match "^([%w-]+)=(.*)$"
    words[name or word] = value or true
  end
  return words
end

--- The blocks of a document, each { language, words, text, line, output: that of the block after it, or nil }.
function document.read(path)
  local blocks, block, number = {}, nil, 0
  for line in io.lines(path) do
    number = number + 1
    local info = line:match "^```(.*)$"
    if block and info then
      block.text, block = table.concat(block.lines, "\n") .. "\n", nil
    elseif block then
      block.lines[#block.lines + 1] = line
    elseif info then
      block = { language = info:match "^%S*", words = words_of(info:gsub("^%S*", "")), line = number, lines = {} }
      blocks[#blocks + 1] = block
    end
  end
  for index, shown in ipairs(blocks) do
    if shown.language == "output" then blocks[index - 1].output = shown.text end
  end
  return blocks
end

--- The lines of a document that an old Markdown would show as code: four blanks deep, outside of fences and lists.
function document.indented_code(path)
  local found, fenced, listed = {}, false, false
  for line in io.lines(path) do
    if line:find "^```" then fenced = not fenced end
    if line:find "^%S" then listed = line:find "^[-*%d]" ~= nil end
    if not fenced and not listed and line:find "^    %S" then found[#found + 1] = line end
  end
  return found
end

-- As forges make an anchor of a heading.
local function anchor_of(heading)
  return heading:lower():gsub("[^%w%s_-]", ""):gsub("%s", "-")
end

local function has_heading(path, anchor)
  for line in io.lines(path) do
    local heading = line:match "^#+%s+(.*)$"
    if heading and anchor_of(heading) == anchor then return true end
  end
  return false
end

local function leads_somewhere(target, from)
  local name, anchor = target:match "^([^#]*)#?(.*)$"
  local path = name == "" and from or (from:match "^.*/" or "") .. name
  local file = io.open(path)
  if not file then return false end
  file:close()
  return anchor == "" or has_heading(path, anchor)
end

--- The links of a document within the project that lead nowhere.
function document.dead_links(path)
  local dead = {}
  for line in io.lines(path) do
    for target in line:gmatch "%]%(([^%s)]+)%)" do
      if not target:find "^%a+:" and not leads_somewhere(target, path) then dead[#dead + 1] = target end
    end
  end
  return dead
end

local function pattern_of(line)
  local pattern = line:gsub("%s+$", ""):gsub("[%^%$%(%)%%%.%[%]%*%+%-%?]", "%%%0")
  return "^" .. pattern:gsub("%%%.%%%.%%%.", ".*"):gsub("%s+", "%%s+") .. "%s*$"
end

local function lines_of(text)
  local lines = {}
  for line in text:gmatch "([^\n]*)\n" do lines[#lines + 1] = line end
  return lines
end

-- Whether the shown lines from one on match those printed from one on.
local function match_from(shown, i, printed, j)
  while shown[i] and shown[i] ~= "..." do
    if not printed[j] or not printed[j]:find(pattern_of(shown[i])) then return false end
    i, j = i + 1, j + 1
  end
  if not shown[i] then return printed[j] == nil end
  for later = j, #printed + 1 do
    if match_from(shown, i + 1, printed, later) then return true end
  end
  return false
end

--- Whether that is what a document shows.
function document.is_as_shown(printed, shown)
  if printed ~= "" and not printed:find "\n$" then printed = printed .. "\n" end
  return match_from(lines_of(shown), 1, lines_of(printed), 1)
end

return document
