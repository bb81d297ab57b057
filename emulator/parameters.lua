-- SPDX-License-Identifier: MIT
-- Whether the parameters of a call are there, of their types, and no others.

local json = require "emulator.json"
local problem = require "emulator.problem"

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

local function refuse_unknown(params, rules, prefix)
  local known = {}
  for _, rule in ipairs(rules) do known[rule[1]] = true end
  for name in pairs(params) do
    if not known[name] then return problem.unknown(prefix .. name) end
  end
end

-- rules: rows of { name, type, optional = true }. prefix: what a refusal says before the name. Returns a refusal, or
-- nothing when all is well; then an optional parameter that was null is absent.
function parameters.refuse(params, rules, prefix)
  for _, rule in ipairs(rules) do
    local name, wanted, path = rule[1], rule[2], prefix .. rule[1]
    if rule.optional and params[name] == json.null then params[name] = nil end
    local value = params[name]
    if value == nil then
      if not rule.optional then return problem.missing(path) end
    elseif not fits[wanted](value) then
      return problem.wrong_type(path, wording[wanted], described(value))
    elseif value == "" then
      return problem.wrong_value(path, "it is an empty string")
    end
  end
  return refuse_unknown(params, rules, prefix)
end

-- The parameters that a request's JSON holds, or nil and a refusal.
function parameters.read(request, rules)
  if not request.content_type:lower():find("^application/json") then
    return nil, problem.wrong_content_type(request.content_type, "application/json")
  end
  local params = json.decode(request.body:sub(1, request.body.size))
  if type(params) ~= "table" then return nil, problem.not_json() end
  local refusal = parameters.refuse(params, rules, "")
  if refusal then return nil, refusal end
  return params
end

return parameters
