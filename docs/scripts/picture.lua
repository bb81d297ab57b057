-- SPDX-License-Identifier: MIT
-- Draws docs/images/upload.svg: what a terminal shows while the command sends a file. The command is run for it against
-- the emulator, whose answers are slow enough to see the bar move. `make pictures` runs it, from the root of a clone.
local cli = require "spec.support.cli"
local emulator = require "spec.support.emulator"

local MIB = 1024 * 1024
local PARTS, PART_MIB, SECONDS_A_PART = 32, 2, 0.25
local COLUMNS, LINE_HEIGHT, COLUMN_WIDTH, MARGIN = 80, 22, 8.4, 20
local FRAMES = 8

local function write_file(path, bytes)
  local file = assert(io.open(path, "wb"))
  file:seek("set", bytes - 1)
  file:write "\n"
  file:close()
end

-- What the terminal showed, and what the command printed.
local function run_command(service, folder)
  local answers = {}
  for index = 1, PARTS do answers[index] = { call = "parts", delay = SECONDS_A_PART } end
  service.answer_next(answers)
  write_file(folder .. "/train.jsonl", PARTS * PART_MIB * MIB)
  local words = { "upload", folder .. "/train.jsonl", "--purpose", "fine-tune", "--part-size", PART_MIB .. "M" }
  return cli.start_on_terminal(words, { OPENAI_BASE_URL = service.base_url, TERM = "xterm" }, COLUMNS).finish()
end

-- Some of the lines that the bar was, from its beginning to its end.
local function bars_of(shown)
  local bars, chosen = {}, {}
  for line in shown:gsub("\27%[[%d;?]*%a", ""):gmatch "[^\r\n]+" do
    line = line:gsub("%s+$", ""):gsub("^.*/train", "train")
    if line:find "%d %%" and line:find "%[" then bars[#bars + 1] = line end
  end
  assert(#bars >= FRAMES, "the bar was drawn too seldom:\n" .. shown)
  for index = 1, FRAMES do chosen[index] = bars[1 + math.floor((index - 1) * (#bars - 1) / (FRAMES - 1))] end
  return chosen
end

local function escaped(text) return (text:gsub("&", "&amp;"):gsub("<", "&lt;"):gsub(">", "&gt;")) end

local function text_at(row, text, more, inner)
  return ('<text x="%d" y="%d" xml:space="preserve"%s>%s%s</text>\n'):format(MARGIN, MARGIN + row * LINE_HEIGHT,
    more or "", escaped(text), inner or "")
end

-- Makes a text visible in the frames from `first` to `last` alone.
local function in_frames(first, last)
  local values = {}
  for frame = 1, FRAMES do values[frame] = frame >= first and frame <= last and "visible" or "hidden" end
  return ('<animate attributeName="visibility" dur="%ds" repeatCount="indefinite" calcMode="discrete" values="%s"/>')
    :format(FRAMES, table.concat(values, ";"))
end

-- One bar after the other in the same place. Where nothing moves, the last one is seen.
local function bars_as_text(bars)
  local pieces = {}
  for frame, bar in ipairs(bars) do
    pieces[frame] = text_at(2, bar, frame < FRAMES and ' visibility="hidden"' or "", in_frames(frame, frame))
  end
  return table.concat(pieces)
end

local function draw(bars, id)
  local width, height = 2 * MARGIN + COLUMNS * COLUMN_WIDTH, 2 * MARGIN + 3 * LINE_HEIGHT
  return ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="monospace" font-size="14" ' ..
    'fill="#e6e6e6" role="img">\n<title>The command uploads a file</title>\n' ..
    '<rect width="%d" height="%d" rx="8" fill="#1e1e1e"/>\n'):format(width, height, width, height)
    .. text_at(1, "$ openai-uploads upload train.jsonl --purpose fine-tune") .. bars_as_text(bars)
    .. text_at(3, id, ' fill="#9cd67d"', in_frames(FRAMES, FRAMES)) .. "</svg>\n"
end

local folder = io.popen("mktemp -d"):read "*l"
local service = emulator.start()
local done, result = pcall(run_command, service, folder)
service.stop()
os.execute("rm -r " .. folder)
assert(done, result)
assert(result.status == 0, result.shown)
io.write(draw(bars_of(result.shown), result.stdout:match "%S+"))
