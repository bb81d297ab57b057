-- SPDX-License-Identifier: MIT
-- Whether the parameters of a call are there, of their types, and no others.

local json = require "emulator.json"
local problem = require "emulator.problem"

local parameters = {}

local wording = {
  string = "a string", text = "a string", text_or_null = "a string or null", integer = "an integer",
  number = "a number", boolean = "a boolean", array = "an array of strings", object = "an object",
  objects = "an array of objects", text_or_number = "a string or a number",
}

local function is_integer(value)
  return type(value) == "number" and value % 1 == 0
end

local function is_string(value) return type(value) == "string" end
local function is_object(value) return type(value) == "table" and #value == 0 end

local function is_array_of(is_item, value)
  if type(value) ~= "table" then return false end
  local count = 0
  for _, item in pairs(value) do
    if not is_item(item) then return false end
    count = count + 1
  end
  return count == #value
end

local fits = {
  string = is_string,
  text = is_string, -- and may be empty
  text_or_null = function(value) return value == json.null or is_string(value) end,
  integer = is_integer,
  number = function(value) return type(value) == "number" end,
  boolean = function(value) return type(value) == "boolean" end,
  array = function(value) return is_array_of(is_string, value) end,
  object = is_object,
  objects = function(value) return is_array_of(is_object, value) end,
  text_or_number = function(value) return is_string(value) or type(value) == "number" end,
}

local function described(value)
  if value == json.null then return "null" end
  if is_integer(value) then return "an integer" end
  if type(value) == "number" then return "a decimal number" end
  if type(value) == "table" then return #value > 0 and "an array" or "an object" end
  return "a " .. type(value)
end

local function names_hint(rules)
  if #rules == 0 then return "This call takes none." end
  local names = {}
  for index, rule in ipairs(rules) do names[index] = rule[1] end
  return ("Supported parameters are: '%s'."):format(table.concat(names, "', '"))
end

local function refuse_unknown(params, rules, prefix)
  local known = {}
  for _, rule in ipairs(rules) do known[rule[1]] = true end
  for name in pairs(params) do
    if not known[name] then
      local refusal = problem.unknown(prefix .. name)
      return rules.hints and problem.with_hint(refusal, names_hint(rules)) or refusal
    end
  end
end

local refuse_value

local function refuse_items(object, wanted, path)
  for name, item in pairs(object) do
    local refusal = refuse_value(item, { name, wanted }, ("%s.%s"):format(path, name))
    if refusal then return refusal end
  end
end

function refuse_value(value, rule, path)
  if not fits[rule[2]](value) then return problem.wrong_type(path, wording[rule[2]], described(value)) end
  if value == "" and rule[2] == "string" then return problem.wrong_value(path, "it is an empty string") end
  if rule.least and value < rule.least then return problem.wrong_value(path, "it is below " .. rule.least) end
  if rule.most and value > rule.most then return problem.wrong_value(path, "it is above " .. rule.most) end
  if rule.items then return refuse_items(value, rule.items, path) end
  if not rule.values then return nil end
  for _, known in ipairs(rule.values) do
    if value == known then return nil end
  end
  return problem.unsupported_value(path, value, rule.values)
end

-- Returns a refusal unless the value is of this type. path: how a refusal names the value.
function parameters.refuse_type(value, wanted, path) return refuse_value(value, { path, wanted }, path) end

-- rules: rows of { name, type, optional = true, least, most, values, items = the type of an object's values }. With
-- `hints`, the refusal of an unknown parameter lists the known ones. prefix: what a refusal says before the name.
-- Returns a refusal, or nothing when all is well; then an optional parameter that was null is absent, unless its type
-- includes null.
function parameters.refuse(params, rules, prefix)
  for _, rule in ipairs(rules) do
    local name, path = rule[1], prefix .. rule[1]
    if rule.optional and params[name] == json.null and not fits[rule[2]](json.null) then params[name] = nil end
    local value, refusal = params[name], nil
    if value ~= nil then
      refusal = refuse_value(value, rule, path)
    elseif not rule.optional then
      refusal = problem.missing(path)
    end
    if refusal then return refusal end
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
