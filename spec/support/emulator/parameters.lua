-- SPDX-License-Identifier: MIT
-- Whether the parameters of a call are there, and of their types.

local json = require "spec.support.emulator.json"
local problem = require "spec.support.emulator.problem"

local parameters = {}

local wording = { string = "a string", integer = "an integer", array = "an array of strings", object = "an object" }

local function is_integer(value)
  return type(value) == "number" and value % 1 == 0
end

local function is_array_of_strings(value)
  if type(value) ~= "table" then return false end
  local count = 0
  for _, item in pairs(value) do
    if type(item) ~= "string" then return false end
    count = count + 1
  end
  return count == #value
end

local fits = {
  string = function(value) return type(value) == "string" end,
  integer = is_integer,
  array = is_array_of_strings,
  object = function(value) return type(value) == "table" end,
}

local function described(value)
  if value == json.null then return "null" end
  if is_integer(value) then return "an integer" end
  if type(value) == "number" then return "a decimal number" end
  return "a " .. type(value)
end

-- rules: rows of { name, type, optional = true }. Returns a refusal, or nothing when all is well.
function parameters.refuse(params, rules)
  for _, rule in ipairs(rules) do
    local name, wanted = rule[1], rule[2]
    local value = params[name]
    if rule.optional and value == json.null then value = nil end
    if value == nil then
      if not rule.optional then return problem.missing(rule.path or name) end
    elseif not fits[wanted](value) then
      return problem.wrong_type(rule.path or name, wording[wanted], described(value))
    elseif wanted == "string" and value == "" then
      return problem.wrong_value(rule.path or name, "it is an empty string")
    end
  end
end

-- The table that a JSON body holds, or nil and a refusal.
function parameters.from_json(content_type, text)
  if not content_type:lower():find("^application/json") then
    return nil, problem.wrong_content_type(content_type, "application/json")
  end
  local params = json.decode(text)
  if type(params) ~= "table" then return nil, problem.not_json() end
  return params
end

return parameters
