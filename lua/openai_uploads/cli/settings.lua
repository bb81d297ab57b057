-- SPDX-License-Identifier: MIT
-- The settings of the command's client, made from the command line.
local core = require "openai_uploads.core"
local interruption = require "openai_uploads.cli.interruption"

local MAX_KEY_BYTES = 64 * 1024 -- no key is longer

local function failure(kind, format, ...) return nil, { kind = kind, message = format:format(...) } end

-- Returns up to so many bytes of a file, or of one that only the library may read once, such as a pipe, none. kind: of
-- the failure. what: names the file in it.
local function read(kind, what, path, bytes, keeps_pipe)
  local file, why = io.open(path, "rb")
  if not file then return failure(kind, "cannot open the %s file %s", what, why) end
  local text
  if not keeps_pipe or file:seek() then text, why = file:read(bytes) end
  file:close()
  if why then return failure(kind, "cannot read the %s file %s: %s", what, path, why) end
  return text or ""
end

-- Reads a key from a file and strips blanks and line breaks around it.
local function read_key(path)
  local text, problem = read("file", "key", path, MAX_KEY_BYTES)
  if not text then return nil, problem end
  local key = text:match "^[%s\239\187\191]*(.-)%s*$"
  if key == "" then return failure("file", "the key file %s has no key in it", path) end
  return key
end

-- The library checks for a key too, but names the setting api_key. An Authorization header replaces the key.
local function has_key()
  local headers = (os.getenv "OPENAI_CUSTOM_HEADERS" or ""):lower()
  return (os.getenv "OPENAI_API_KEY" or ""):find "%S" or headers:find("authorization", 1, true)
end

local NO_KEY = "no API key: set OPENAI_API_KEY, or use --key-file FILE"

--- Returns the settings for `new`; or nil and a failure: there is no key, or a file cannot be read.
return function(options, out)
  local key, problem
  if options.key_file then
    key, problem = read_key(options.key_file)
    if not key then return nil, problem end
  elseif not has_key() then
    return nil, core.failure("configuration", NO_KEY)
  end
  if options.ca_file then -- the library would name it only once it has connected
    local readable
    readable, problem = read("tls", "authorities", options.ca_file, 1, true)
    if not readable then return nil, problem end
  end
  if options.limit_rate then interruption.limit_rate(options.limit_rate) end
  return {
    api_key = key, base_url = options.base_url, ca_file = options.ca_file,
    timeout = options.timeout, stall_timeout = options.timeout,
    deadline = options.deadline, max_retries = options.max_retries, allow_plain_http = options.allow_plain_http,
    log = options.verbose and function(event) out:log(event) end or nil, loop = interruption.loop,
  }
end
