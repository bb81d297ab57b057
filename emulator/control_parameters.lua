-- SPDX-License-Identifier: MIT
-- The fields of the control calls: their names, their types, and where few values make sense, those values.

local json = require "emulator.json"
local parameters = require "emulator.parameters"
local problem = require "emulator.problem"

local control_parameters = {}

local MAX_MADE = 100000

local CALLS = {
  "create", "parts", "complete", "cancel", "file", "list_files", "delete_file", "content", "create_file",
}

-- By the name of the call, as the rules of parameters.refuse. With `each`, the call takes a list of such objects.
local rules = {
  ["POST answers"] = {
    each = true,
    { "call", "string", optional = true, values = CALLS },
    { "status", "integer", optional = true, least = 100, most = 999 },
    { "headers", "object", optional = true, items = "text_or_number" },
    { "body", "text", optional = true },
    { "delay", "number", optional = true, least = 0 },
    { "gate", "boolean", optional = true },
    { "advance_clock", "number", optional = true },
    { "close", "boolean", optional = true },
    { "cut", "boolean", optional = true },
    { "hold", "number", optional = true, least = 0 },
    { "apply", "boolean", optional = true },
  },
  ["POST clock"] = { { "advance", "number", optional = true }, { "set", "number", optional = true } },
  ["POST uploads"] = { { "count", "integer", least = 0, most = MAX_MADE } },
  ["POST files/{id}"] = {
    { "status", "string", optional = true }, { "status_details", "text_or_null", optional = true },
  },
}
for _, each in pairs(rules) do each.hints = true end

local NO_FIELDS = { hints = true }

local function decoded(body)
  local params, reason = json.decode(body:sub(1, body.size))
  if params ~= nil then return params end
  return nil, problem.wrong_value("body", "it is not valid JSON: " .. reason)
end

local function refuse_list(list, wanted, name)
  local refusal = parameters.refuse_type(list, "objects", name)
  for index, params in ipairs(refusal and {} or list) do
    refusal = refusal or parameters.refuse(params, wanted, ("%s[%d]."):format(name, index - 1))
  end
  return refusal
end

-- The fields that the body of a control call holds, or nil and a refusal. call: such as "POST clock". A call that takes
-- an object may have no body instead of an empty one.
function control_parameters.read(body, call)
  local wanted = rules[call] or NO_FIELDS
  if body.size == 0 and not wanted.each then return {} end
  local params, refusal = decoded(body)
  if refusal then return nil, refusal end
  local name = call:match("^%u+ (%a+)")
  if wanted.each then
    refusal = refuse_list(params, wanted, name)
  else
    refusal = parameters.refuse_type(params, "object", name) or parameters.refuse(params, wanted, "")
  end
  if refusal then return nil, refusal end
  return params
end

return control_parameters
