-- SPDX-License-Identifier: MIT
-- The command's output: results on stdout; failures and notes on stderr.
local cjson = require("cjson").new()
local core = require "openai_uploads.core"
local exit_codes = require "openai_uploads.cli.exit_codes"
local printable = require "openai_uploads.cli.printable"

local output = {}
output.__index = output

local PROGRAM = "openai-uploads: "

-- One line of JSON: no byte in it is a command to a terminal.
local function json(object)
  local text = cjson.encode(object):gsub("\\/", "/")
  text = text:gsub("\194([\128-\159])", function(byte) return ("\\u%04x"):format(byte:byte()) end)
  return (printable(text, "\\ufffd"))
end

local told_fields = {
  "kind", "message", "status", "code", "param", "type", "request_id", "location", "attempts", "may_have_applied",
  "may_be_completed", "retry_after", "upload_id", "cancelled", "part_number", "status_details", "aftermath", "signal",
}

-- subject: the id or the file that failed, or nil.
local function failure_as_json(subject, failure, exit_code)
  local told = { subject = subject, exit_code = exit_code }
  for _, name in ipairs(told_fields) do told[name] = failure[name] end
  return json({ error = told })
end

-- Puts the subject in front, if there is one.
local function about(subject, text)
  return subject and subject .. ": " .. text or text
end

local function write_line(stream, line)
  local written, why = stream:write(line, "\n")
  if written then written, why = stream:flush() end
  return written, why
end

--- Whether the command line asks for JSON. Works for a command line that cannot be parsed.
function output.is_json_asked_for(words)
  for _, word in ipairs(words) do
    if word == "--" then return false end
    if word == "--json" then return true end
  end
  return false
end

--- options: json, quiet. With json, each line on stdout and stderr is an object; on stderr {"error": {...}} or
--- {"note": "..."}.
function output.new(options) return setmetatable({ options = options }, output) end

local function to_stderr(self, text, as_json)
  write_line(io.stderr, self.options.json and as_json or PROGRAM .. printable(text))
end

--- Prints a result: the object with --json, else the line. path: that of its file, if there are several files. Raises
--- a failure when stdout cannot be written.
function output:result(object, line, path)
  local text = printable(line) .. (path and "\t" .. printable(path) or "")
  if self.options.json then
    object.path = path
    text = json(object)
  end
  local written, why = write_line(io.stdout, text)
  if written then return end
  error(core.failure("file", ("standard output cannot be written: %s; this was for it: %s"):format(why, line)))
end

--- Returns the exit code.
function output:failure(subject, failure)
  local text = getmetatable(failure) and tostring(failure) or failure.kind .. ": " .. failure.message
  local code = exit_codes.of(failure)
  local names_it = failure.kind == "file" and subject and failure.message:find(subject, 1, true)
  to_stderr(self, about(not names_it and subject or nil, text), failure_as_json(subject, failure, code))
  return code
end

--- Reports the end by a signal. aftermath: the state that this leaves behind. failure: that of the call, if any.
--- Returns the exit code.
function output:interrupted(interruption, subject, aftermath, failure)
  failure = failure or {}
  local told = { kind = "interrupted", message = "interrupted", signal = interruption.signal, aftermath = aftermath,
    upload_id = failure.upload_id, cancelled = failure.cancelled, may_be_completed = failure.may_be_completed }
  if interruption.signal ~= "SIGINT" then told.message = "interrupted by " .. interruption.signal end
  to_stderr(self, about(subject, told.message .. (aftermath and "; " .. aftermath or "")),
    failure_as_json(subject, told, interruption.exit_code))
  return interruption.exit_code
end

--- Reports a command line that cannot be used; `of`: the command whose --help explains it. Returns the exit code.
function output:misuse(text, of)
  local code = exit_codes.usage
  text = text:gsub("\nDid you mean (.*)%?$", " (did you mean %1?)") -- the form of argparse
  to_stderr(self, ("%s; see '%s --help'"):format(text, of),
    failure_as_json(nil, { kind = "usage", message = text }, code))
  return code
end

--- Prints a note: neither a result nor a failure.
function output:note(text)
  if not self.options.quiet then to_stderr(self, text, json({ note = text })) end
end

--- Prints the progress of a file as JSON, for programs.
function output:progress(object) write_line(io.stderr, json({ progress = object })) end

--- An event of the client's log.
function output:log(event)
  local pieces = { event.event, event.method, event.url, "attempt", ("%d"):format(event.attempt) }
  for _, name in ipairs { "status", "request_id", "kind", "message", "wait" } do
    if event[name] then pieces[#pieces + 1] = ("%s=%s"):format(name, tostring(event[name])) end
  end
  pieces[#pieces + 1] = ("elapsed=%.3f"):format(event.elapsed)
  to_stderr(self, table.concat(pieces, " "), json({ log = event }))
end

return output
