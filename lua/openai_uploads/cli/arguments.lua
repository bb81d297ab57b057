-- SPDX-License-Identifier: MIT
-- The grammar of the command line: commands, options, and the values that each takes.
local argparse = require "argparse"
local converters = require "openai_uploads.cli.converters"
local core = require "openai_uploads.core"
local exit_codes = require "openai_uploads.cli.exit_codes"

local arguments = {}

local PROGRAM = "openai-uploads"
local MAX_SECONDS, MIN_SECONDS = 1e6, 0.001 -- the library's limits, as those below
local MAX_RETRIES, MAX_CONCURRENCY = 1000, 64

local text, whole = converters.text, converters.whole
local seconds = converters.seconds(MIN_SECONDS, MAX_SECONDS)

-- Ends the reading of the command line early. It raises, because argparse offers no other way out.
local function leave(ending) error(ending, 0) end

local function leave_misused(command, format, ...)
  leave { misuse = format:format(...), of = PROGRAM .. " " .. command }
end

local function add_argument(command, name, target, converter, description)
  return command:argument(name):argname(name):target(target):convert(converter(name)):description(description)
end

-- names: the long form, then the short one if there is any. Messages of argparse use the first.
local function add_option(command, names, argname, converter, description)
  return command:option(names):argname(argname):convert(converter(names:match "^%S+")):description(description)
end

local function add_help(parser)
  parser:flag "--help -h":description "Show this help and leave."
    :action(function() leave { help = parser:get_help() } end)
end

-- example: command lines, one a line.
local function add_command(parser, name, summary, more, example)
  local command = parser:command(name):add_help(false):summary(summary)
    :description(summary .. (more and "\n" .. more or ""))
    :epilog(("Example:\n   %s\n\nOptions of all commands, and exit codes: %s --help"):format(
      example:gsub("\n", "\n   "), PROGRAM))
  parser.titles[command] = PROGRAM .. " " .. name
  parser.commands[name] = command
  add_help(command)
  return command
end

local function add_purpose(command)
  add_option(command, "--purpose -p", "PURPOSE", text, "What the File is for: batch, fine-tune, ..."):count(1)
end

local function add_expiry(command)
  add_option(command, "--expires-after", "SECONDS", whole(1), "The File expires so long after its creation.")
end

local function add_file_id(command, target)
  return add_argument(command, "ID", target, converters.file_id, "Of a File: file-...")
end

-- A command below `files`.
local function add_action(parser, group, name, summary, more, example)
  local command = group:command(name):add_help(false):summary(summary)
    :description(summary .. (more and "\n" .. more or ""))
    :epilog(("Example:\n   %s\n\nOptions of all commands, and exit codes: %s --help"):format(example, PROGRAM))
  parser.titles[command] = PROGRAM .. " files " .. name
  parser.commands["files " .. name] = command
  add_help(command)
  return command
end

local function add_list(parser, group)
  local command = add_action(parser, group, "list", "List Files. Prints a line for each.",
    "Its id, bytes, time of creation, purpose, status and name; the newest first.",
    "openai-uploads files list --purpose batch --limit 20")
  add_option(command, "--purpose -p", "PURPOSE", text, "Only Files that are for it.")
  add_option(command, "--limit", "N", whole(1), "As many at most; all.")
  add_option(command, "--order", "ORDER", text, "asc or desc, by the time of creation; desc."):choices { "asc", "desc" }
  add_option(command, "--after", "ID", converters.file_id, "Begin behind that File.")
end

local function add_get(parser, group)
  local command = add_action(parser, group, "get", "Fetch the bytes of a File.",
    "They go to standard output, or to a file, whose name is printed then. It gets that\n" ..
    "name once all of it is there.",
    "openai-uploads files get file-abc --output results.jsonl")
  add_file_id(command, "id")
  add_option(command, "--output -o", "FILE", text, "Where the bytes go; -, standard output.")
  add_option(command, "--max-bytes", "N", whole(0), "Fail for a File that has more; no limit.")
end

local function add_files(parser)
  local group = add_command(parser, "files", "List, show, delete, fetch and wait for Files.", nil,
    "openai-uploads files list --purpose batch\nopenai-uploads files delete file-abc file-def")
  group:command_target "action"
  add_list(parser, group)
  add_file_id(add_action(parser, group, "show", "Show Files. Prints a line for each.", nil,
    "openai-uploads files show file-abc --json"), "ids"):args "+"
  add_file_id(add_action(parser, group, "delete", "Delete Files. Prints a line for each.", nil,
    "openai-uploads files delete file-abc file-def"), "ids"):args "+"
  add_get(parser, group)
  local command = add_action(parser, group, "wait", "Wait until Files are processed. Prints a line for each.", nil,
    "openai-uploads files wait file-abc --deadline 600")
  add_file_id(command, "ids"):args "+"
  add_option(command, "--interval", "SECONDS", seconds, "Between two questions at first; 0.5.")
end

local function add_id(command, target)
  return add_argument(command, "ID", target, converters.upload_id, "Of an Upload that is pending.")
end

local function add_cancel(parser)
  local command = add_command(parser, "cancel", "Cancel Uploads. Prints a line for each.",
    "They are cancelled side by side; each has its line as soon as it ends.",
    "openai-uploads cancel upload_abc upload_def")
  add_id(command, "ids"):args "+"
end

local function add_create(parser)
  local command = add_command(parser, "create", "Create an Upload. Prints its id.", "It expires after an hour.",
    "openai-uploads create --filename a.pdf --purpose user_data \\\n    --bytes 5000 --mime-type application/pdf")
  add_option(command, "--filename", "NAME", text, "What the File will be called."):count(1)
  add_purpose(command)
  add_option(command, "--bytes", "N", whole(0), "The size of the whole file."):count(1)
  add_option(command, "--mime-type", "TYPE", converters.mime_type, "text/jsonl, application/pdf, ..."):count(1)
  add_expiry(command)
end

local function add_part(parser)
  local command = add_command(parser, "part", "Add a Part to an Upload. Prints its id.", nil,
    "openai-uploads part upload_abc a.pdf --offset 64000000 --length 64000000")
  add_id(command, "id")
  add_argument(command, "FILE", "file", text, "Its bytes, 64 MiB at most, are the Part.")
  add_option(command, "--offset", "N", whole(0), "Where the Part begins; 0.")
  add_option(command, "--length", "N", whole(0), "The bytes of the Part, at most; all the rest.")
end

local function add_complete(parser)
  local command = add_command(parser, "complete", "Make a File of an Upload. Prints its id.", nil,
    "openai-uploads complete upload_abc part_1 part_2")
  add_id(command, "id")
  add_argument(command, "PART_ID", "part_ids", text, "The Parts of the File, in its order."):args "+"
  add_option(command, "--md5", "HEX", converters.md5, "The service compares it with what it received.")
end

local function add_file_options(command)
  add_purpose(command)
  add_option(command, "--mime-type", "TYPE", converters.mime_type, "Taken from the file's name where it is known.")
  add_option(command, "--filename", "NAME", text, "What the File is called; with one FILE only.")
  add_option(command, "--bytes", "N", whole(1), "The size of what comes on standard input.")
  add_option(command, "--part-size", "SIZE", converters.part_size, "Bytes, or a number with K or M; by FILE and N.")
  add_option(command, "--concurrency", "N", whole(1, MAX_CONCURRENCY), "Parts at a time, 64 at most; 8.")
  command:flag "--md5":description "Have the service check the MD5 of the whole."
  add_expiry(command)
end

local function add_upload(parser)
  local command = add_command(parser, "upload", "Upload whole files. Prints the id of each File.",
    "One file follows the other; each goes in parts, several at a time. What fails, or\n" ..
    "is interrupted by a signal (Ctrl-C), is cancelled; a second one leaves at once.",
    "openai-uploads upload train.jsonl --purpose fine-tune --resume train.state\n" ..
    "xz -dc a.xz | openai-uploads upload - -p batch --filename a.jsonl --bytes 5000")
  add_argument(command, "FILE", "files", text, "A regular file, 8 GB at most; or -, standard input."):args "+"
  add_file_options(command)
  add_option(command, "--progress", "FORM", text, "bar, where stderr is a terminal; lines, for a log;\n" ..
    "json: an object a line on stderr."):choices { "bar", "lines", "json" }
  add_option(command, "--resume", "STATE", text, "Keep in the file STATE what was sent: the same command\n" ..
    "once more sends what is missing. Nothing is cancelled\nthen. With one FILE only.")
  command:flag "--wait":description "Wait until the service has processed the File."
  command:flag "--dry-run":description "Check the files and say what would be sent; send nothing."
end

local function add_others(parser)
  local help = add_command(parser, "help", "Show the help of a command.", nil,
    "openai-uploads help upload\nopenai-uploads help files list")
  add_argument(help, "COMMAND", "topic", text, "Its name."):args "*"
  local completion = add_command(parser, "completion", "Print completions for a shell.", nil,
    'eval "$(openai-uploads completion bash)"')
  add_argument(completion, "SHELL", "shell", text, "bash, zsh or fish."):choices { "bash", "zsh", "fish" }
end

local function add_common(parser)
  add_help(parser)
  parser:flag "--version -V":description "Show the version and leave.":action(function()
    leave { help = ("%s %s (%s, libcurl %s)"):format(PROGRAM, core._VERSION, _VERSION, core.libcurl()) }
  end)
  parser:flag "--json":description("Results as JSON, an object a line. Failures and notes\n" ..
    "as well, on stderr: {\"error\": ...} {\"note\": ...}")
  parser:flag "--quiet -q":description "Show no progress and no notes; failures are shown."
  parser:flag "--verbose -v":description "Report each request on stderr; show no progress bar."
  add_option(parser, "--base-url", "URL", text, "OPENAI_BASE_URL, else https://api.openai.com/v1.")
  add_option(parser, "--key-file", "FILE", text, "Read the key from FILE, not from OPENAI_API_KEY.")
  add_option(parser, "--ca-file", "FILE", text, "Authorities to trust; those of the system.")
  parser:flag "--allow-plain-http":description "Send the key to an http:// URL of another machine, too."
  add_option(parser, "--timeout", "SECONDS", seconds, "Of one request, or of a part without a byte moved; 60.\n" ..
    "Of a completion 600.")
  add_option(parser, "--deadline", "SECONDS", seconds, "Of all that is sent for one ID or FILE; none.")
  add_option(parser, "--max-retries", "N", whole(0, MAX_RETRIES), "How often a request is tried again; 2. Parts\n" ..
    "and the completion of an upload: for half a minute.")
  add_option(parser, "--limit-rate", "RATE", converters.rate, "Bytes a second, or a number with K, M or G; no limit.")
end

local function build()
  local parser = argparse(PROGRAM, "A client of OpenAI's Uploads and Files APIs.",
    "The key is read from OPENAI_API_KEY alone, or from --key-file: an argument would\n" ..
    "be seen by every user of the machine. OPENAI_ORG_ID, OPENAI_PROJECT_ID,\n" ..
    "OPENAI_CUSTOM_HEADERS, OPENAI_LOG (info, debug), SSL_CERT_FILE and https_proxy are\n" ..
    "read as well.\n\n" ..
    "Example:\n   openai-uploads upload train.jsonl --purpose fine-tune\n\n" ..
    "Exit codes:\n" .. exit_codes.describe())
  parser:add_help(false):command_target "command"
  parser.titles = { [parser] = PROGRAM } -- argparse gives its error function the parser of the command
  parser.commands = {}
  add_common(parser)
  for _, add in ipairs { add_upload, add_cancel, add_create, add_part, add_complete, add_files, add_others } do
    add(parser)
  end
  function parser.error(current, message)
    leave { misuse = message:gsub("^(unknown option '%-%w').*", "%1"), of = parser.titles[current] }
  end
  return parser
end

-- Whether one of the files is "-".
local function reads_stdin(options)
  for _, path in ipairs(options.files) do
    if path == "-" then return true end
  end
  return false
end

local function check_files(options)
  if #options.files == 1 then return end
  for _, name in ipairs { "filename", "resume" } do
    if options[name] then
      leave_misused("upload", "option '--%s' goes with one FILE, not with %d", name, #options.files)
    end
  end
  if reads_stdin(options) then
    leave_misused("upload", "'-' stands for standard input, which goes alone, not with %d FILEs", #options.files)
  end
end

local function check_stdin(options)
  if not reads_stdin(options) then
    if options.bytes then leave_misused("upload", "option '--bytes' goes with '-', standard input") end
    return
  end
  if not options.bytes or not options.filename then
    leave_misused("upload", "'-' needs --bytes N and --filename NAME: an Upload announces its size and its name " ..
      "before the first byte, and standard input has neither")
  end
  for _, name in ipairs { "resume", "md5" } do
    if options[name] then
      leave_misused("upload", "option '--%s' needs a file that can be read again, not standard input", name)
    end
  end
end

local function find_help(parser, topic)
  if topic == "" then leave { help = parser:get_help() } end
  local command = parser.commands[topic]
  if not command then leave { misuse = ("unknown command '%s'"):format(topic), of = PROGRAM } end
  leave { help = command:get_help() }
end

local function check(parser, options)
  if options.command == "help" then find_help(parser, table.concat(options.topic, " ")) end
  if options.command == "completion" then
    leave { help = (parser["get_" .. options.shell .. "_complete"](parser):gsub("\n$", "")) }
  end
  if options.command ~= "upload" then return end
  check_files(options)
  check_stdin(options)
end

-- argparse takes a word such as "-1" for an option. Here it becomes the value of the option before it, whose converter
-- says what is wrong with it.
local function with_negative_values(words)
  local list, is_over = {}, false
  for _, word in ipairs(words) do
    local before = list[#list]
    is_over = is_over or word == "--"
    if not is_over and word:find "^%-%d" and before and before:find "^%-%-%a[%a-]*$" then
      list[#list] = before .. "=" .. word
    else
      list[#list + 1] = word
    end
  end
  return list
end

--- Returns the options by name, with `command`; or nil and an ending: { help = text for stdout }, or
--- { misuse = reason, of = the command whose --help explains it }.
function arguments.parse(words)
  local parser = build()
  local fine, result = pcall(function()
    local options = parser:parse(with_negative_values(words))
    check(parser, options)
    return options
  end)
  if fine then return result end
  if type(result) == "table" then return nil, result end
  error(result, 0)
end

return arguments
