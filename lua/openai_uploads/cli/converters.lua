-- SPDX-License-Identifier: MIT
-- Converters of values on the command line. Each maker takes the name of an option or argument and returns a function
-- that turns the given word into a value; or into nil and a reason. They check all limits of the library, so that the
-- library raises nothing about them.
local core = require "openai_uploads.core"
local params = require "openai_uploads.file_upload.params"

local converters = {}

local multiples = { [""] = 1, K = 1024, M = 1024 * 1024, G = 1024 * 1024 * 1024 }

function converters.text(name)
  return function(given)
    if given ~= "" then return given end
    return nil, name .. " is empty"
  end
end

--- A number of seconds, from `least` to `most`.
function converters.seconds(least, most)
  return function(name)
    return function(given)
      local value = given:find("^%d*%.?%d+$") and tonumber(given)
      if value and value >= least and value <= most then return value end
      return nil, ("option '%s' takes seconds, from %g to %d, not '%s'"):format(name, least, most, given)
    end
  end
end

--- A whole number from `least` to `most`; without `most`, to the largest whole number that a double can hold exactly.
function converters.whole(least, most)
  return function(name)
    return function(given)
      local value = given:find("^%d+$") and tonumber(given)
      if value and value >= least and value <= (most or 2 ^ 53) then return value end
      local range = most and ("%d to %d"):format(least, most) or ("%d on"):format(least)
      return nil, ("option '%s' takes a whole number from %s, not '%s'"):format(name, range, given)
    end
  end
end

local function size_of(given)
  local digits, unit = given:match("^(%d+)([KMG]?)$")
  return digits and tonumber(digits) * multiples[unit]
end

function converters.part_size(name)
  return function(given)
    local value = size_of(given)
    if value and value >= 1 and value <= core.max_part_bytes then return value end
    return nil, ("option '%s' takes bytes, or a number with K or M, from 1 to 64M, not '%s'"):format(name, given)
  end
end

--- Bytes a second.
function converters.rate(name)
  return function(given)
    local value = size_of(given)
    if value and value >= 1024 then return value end
    return nil, ("option '%s' takes bytes a second, or a number with K, M or G, from 1K on, not '%s'"):format(name,
      given)
  end
end

function converters.mime_type(name)
  return function(given)
    if given:find "^[%w!#$&^_.+-]+/[%w!#$&^_.+-]+" then return given end
    return nil, ("option '%s' takes a type and a subtype, such as text/jsonl, not '%s'"):format(name, given)
  end
end

function converters.md5(name)
  return function(given)
    if params.is_md5(given) then return given end
    return nil, ("option '%s' takes the 32 hexadecimal digits of an MD5, not '%s'"):format(name, given)
  end
end

-- what: "an upload id".
local function id(what)
  return function(given)
    local refusal = core.upload_id_refusal(given)
    if not refusal then return given end
    return nil, ("'%s' is not %s: it %s"):format(given, what, refusal)
  end
end

function converters.upload_id() return id "an upload id" end
function converters.file_id() return id "a file id" end

return converters
