-- SPDX-License-Identifier: MIT
-- Chooses the display for a file's progress, and words its waits.
local core = require "openai_uploads.core"
local progress_display = require "openai_uploads.cli.progress_display"
local progress_lines = require "openai_uploads.cli.progress_lines"

local progress = {}

local STDERR = 2
local USUAL_WIDTH = 80 -- columns

-- COLUMNS overrides the terminal's own width.
local function width()
  local columns = (os.getenv "COLUMNS" or ""):match "^[1-9]%d?%d?%d?$"
  return tonumber(columns) or core.terminal_columns(STDERR) or USUAL_WIDTH
end

-- The form that --progress asks for; by default a bar on a terminal that can draw one.
local function form_of(options)
  if options.progress then return options.progress end
  return core.is_terminal(STDERR) and os.getenv "TERM" ~= "dumb" and "bar" or "lines"
end

--- The display for a file.
function progress.new(path, options, out)
  local name, form = path:match("[^/]*$"), form_of(options)
  if form == "json" then return progress_lines.objects(path, function(object) out:progress(object) end, core.now) end
  if options.quiet or options.verbose then return progress_lines.none() end
  if form == "lines" then return progress_lines.text(name, function(text) out:note(text) end, core.now) end
  return progress_display.new(name, {
    write = function(text) io.stderr:write(text) end, width = width, now = core.now,
  })
end

local words_of_kinds = {
  rate_limit = "rate limited", connection = "no connection", timeout = "no answer in time", tls = "no TLS connection",
}

-- Why a request is sent again: "rate limited", "HTTP 503".
local function reason(failure)
  return words_of_kinds[failure.kind] or failure.status and ("HTTP %d"):format(failure.status) or failure.kind
end

local function shown_seconds(seconds) return seconds < 1 and "less than 1 s" or ("%.0f s"):format(seconds) end

--- The text for a wait. info: the argument of on_retry. is_patient: the attempts are limited by time, not by number.
function progress.words_of_wait(info, is_patient)
  local attempt = ("attempt %d"):format(info.attempt + 1)
  if not is_patient and info.attempt <= info.max_retries then
    attempt = ("%s of %d"):format(attempt, info.max_retries + 1)
  end
  local what = info.part_number and ("part %d is sent again: "):format(info.part_number) or ""
  return ("%s%s, waiting %s (%s)"):format(what, reason(info.failure), shown_seconds(info.wait), attempt)
end

return progress
