-- SPDX-License-Identifier: MIT
-- The command line: which words there are, and what each may be.
local argparse = require "argparse"
local core = require "openai_uploads.core"
local exit_codes = require "openai_uploads.cli.exit_codes"

local arguments = {}

local PROGRAM = "openai-uploads"
local multiples = { [""] = 1, K = 1024, M = 1024 * 1024 }

-- What ends the reading of the command line early; raised, for argparse knows no other way out of it.
local function leave(ending) error(ending, 0) end

-- Converters, made for the name of what they convert: the value, or nil and what is wrong.

local function text(name)
  return function(given)
    if given ~= "" then return given end
    return nil, name .. " is empty"
  end
end

local function seconds(name)
  return function(given)
    local value = given:find("^%d*%.?%d+$") and tonumber(given)
    if value then return value end
    return nil, ("option '%s' takes a number of seconds, not '%s'"):format(name, given)
  end
end

local function whole(least)
  return function(name)
    return function(given)
      local value = given:find("^%d+$") and tonumber(given)
      if value and value >= least and value <= 2 ^ 53 then return value end
      return nil, ("option '%s' takes a whole number from %d on, not '%s'"):format(name, least, given)
    end
  end
end

local function choice(...)
  local choices = { ... }
  return function(name)
    return function(given)
      for _, known in ipairs(choices) do
        if given == known then return given end
      end
      return nil, ("option '%s' takes one of: %s; not '%s'"):format(name, table.concat(choices, ", "), given)
    end
  end
end

local function part_size(name)
  return function(given)
    local digits, unit = given:match("^(%d+)([KM]?)$")
    local value = digits and tonumber(digits) * multiples[unit]
    if value and value >= 1 and value <= core.max_part_bytes then return value end
    return nil, ("option '%s' takes bytes, or a number with K or M, from 1 to 64M, not '%s'"):format(name, given)
  end
end

local function upload_id()
  return function(given)
    local refusal = core.upload_id_refusal(given)
    if not refusal then return given end
    return nil, ("'%s' can be no upload id: it %s"):format(given, refusal)
  end
end

local function add_argument(command, name, target, converter, description)
  return command:argument(name):argname(name):target(target):convert(converter(name)):description(description)
end

local function add_option(command, name, argname, converter, description)
  return command:option(name):argname(argname):convert(converter(name)):description(description)
end

local function add_help(parser)
  parser:flag "-h --help":description "Show this help and leave."
    :action(function() leave { help = parser:get_help() } end)
end

local function add_command(parser, name, summary, more)
  local command = parser:command(name):add_help(false):summary(summary)
    :description(summary .. (more and "\n" .. more or ""))
    :epilog(("Options of all commands, and exit codes: %s --help"):format(PROGRAM))
  parser.titles[command] = PROGRAM .. " " .. name
  add_help(command)
  return command
end

local function add_purpose(command)
  add_option(command, "--purpose", "PURPOSE", text, "What the File is for: batch, fine-tune, ..."):count(1)
end

local function add_expiry(command)
  add_option(command, "--expires-after", "SECONDS", whole(1), "The File expires so long after its creation.")
end

local function add_id(command, target)
  return add_argument(command, "ID", target, upload_id, "Of an Upload that is pending.")
end

local function add_cancel(parser)
  local command = add_command(parser, "cancel", "Cancel Uploads. Prints a line for each.",
    "They are cancelled side by side, and told of as they come.")
  add_id(command, "ids"):args "+"
end

local function add_create(parser)
  local command = add_command(parser, "create", "Create an Upload. Prints its id.", "It expires after an hour.")
  add_option(command, "--filename", "NAME", text, "What the File will be called."):count(1)
  add_purpose(command)
  add_option(command, "--bytes", "N", whole(0), "The size of the whole file."):count(1)
  add_option(command, "--mime-type", "TYPE", text, "text/jsonl, application/pdf, ..."):count(1)
  add_expiry(command)
end

local function add_part(parser)
  local command = add_command(parser, "part", "Add a Part to an Upload. Prints its id.")
  add_id(command, "id")
  add_argument(command, "FILE", "file", text, "Its bytes, 64 MiB at most, are the Part.")
  add_option(command, "--offset", "N", whole(0), "Where the Part begins; 0.")
  add_option(command, "--length", "N", whole(0), "The bytes of the Part, at most; all the rest.")
end

local function add_complete(parser)
  local command = add_command(parser, "complete", "Make a File of an Upload. Prints its id.")
  add_id(command, "id")
  add_argument(command, "PART_ID", "part_ids", text, "The Parts of the File, in its order."):args "+"
  add_option(command, "--md5", "HEX", text, "The service compares it with what it received.")
end

local function add_upload(parser)
  local command = add_command(parser, "upload", "Upload whole files. Prints the id of each File.",
    "One file follows the other; each goes in parts, several at a time. What fails, or\n" ..
    "is interrupted by a signal (Ctrl-C), is cancelled; a second one leaves at once.")
  add_argument(command, "FILE", "files", text, "A regular file, 8 GB at most."):args "+"
  add_purpose(command)
  add_option(command, "--mime-type", "TYPE", text, "Taken from the file's name where it is known.")
  add_option(command, "--filename", "NAME", text, "What the File is called; with one FILE only.")
  add_option(command, "--part-size", "SIZE", part_size, "Bytes, or a number with K or M; 64M.")
  add_option(command, "--concurrency", "N", whole(1), "Parts at a time, 64 at most; 4.")
  command:flag "--md5":description "Have the service check the MD5 of the whole."
  add_expiry(command)
  add_option(command, "--progress", "FORM", choice("bar", "lines", "json"), "bar, where stderr is a terminal; lines,\n" ..
    "for a log; json: an object a line on stderr.")
  add_option(command, "--resume", "STATE", text, "Keep in the file STATE what was sent: the same command\n" ..
    "once more sends what is missing. Nothing is cancelled\nthen. With one FILE only.")
end

local function add_common(parser)
  add_help(parser)
  parser:flag "--version":description "Show the version and leave.":action(function()
    leave { help = ("%s %s (%s)"):format(PROGRAM, core._VERSION, _VERSION) }
  end)
  parser:flag "--json":description("Results as JSON, an object a line, on stdout; failures\n" ..
    "and notes as well, on stderr: {\"error\": ...} {\"note\": ...}")
  parser:flag "--quiet":description "No progress bar and no notes; failures are told."
  parser:flag "--verbose":description "Tell of each request on stderr; no progress bar."
  add_option(parser, "--base-url", "URL", text, "OPENAI_BASE_URL, else https://api.openai.com/v1.")
  add_option(parser, "--timeout", "SECONDS", seconds, "Of one request, or of a part without a byte moved; 60.\n" ..
    "Of a completion 600.")
  add_option(parser, "--deadline", "SECONDS", seconds, "Of all that is sent for one ID or FILE; none.")
  add_option(parser, "--max-retries", "N", whole(0), "How often a request is tried again; 2. Parts and the\n" ..
    "completion of an upload: for half a minute, too.")
end

local function build()
  local parser = argparse(PROGRAM, "A client of OpenAI's Uploads API.",
    "The key is read from OPENAI_API_KEY alone: an argument would be seen by every\n" ..
    "user of the machine. OPENAI_ORG_ID, OPENAI_PROJECT_ID, OPENAI_CUSTOM_HEADERS\n" ..
    "OPENAI_LOG (info, debug), SSL_CERT_FILE and https_proxy are read as well.\n\n" ..
    "Exit codes:\n" .. exit_codes.describe())
  parser:add_help(false):command_target "command"
  parser.titles = { [parser] = PROGRAM } -- for argparse hands its error the parser of the command
  add_common(parser)
  for _, add in ipairs { add_cancel, add_create, add_upload, add_part, add_complete } do add(parser) end
  function parser.error(current, message) leave { misuse = message, of = parser.titles[current] } end
  return parser
end

local function check_combination(options)
  if options.command ~= "upload" or #options.files == 1 then return end
  for _, name in ipairs { "filename", "resume" } do
    if options[name] then
      leave { misuse = ("option '--%s' goes with one FILE, not with %d"):format(name, #options.files),
        of = PROGRAM .. " upload" }
    end
  end
end

--- The options, by name, with `command`; or nil and how to leave: { help = a text for stdout } or
--- { misuse = what is wrong, of = whose --help says what is right }.
function arguments.parse(words)
  local parser = build()
  local fine, result = pcall(function()
    local options = parser:parse(words)
    check_combination(options)
    return options
  end)
  if fine then return result end
  if type(result) == "table" then return nil, result end
  error(result, 0)
end

return arguments
