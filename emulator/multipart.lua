-- SPDX-License-Identifier: MIT
-- Finds the fields of a multipart/form-data body, without copying what is in them.

local multipart = {}

local function boundary_of(content_type)
  if not content_type:lower():find("^multipart/form%-data") then return nil end
  return content_type:match('[Bb]oundary="([^"]+)"') or content_type:match("[Bb]oundary=([^%s;]+)")
end

local function parameter(line, name)
  return line:match('[;%s]' .. name .. '="([^"]*)"') or line:match("[;%s]" .. name .. "=([^;%s]+)")
end

-- Returns the name, and the filename if it has one.
local function field_names(head)
  for line in head:gmatch("[^\r\n]+") do
    if line:lower():find("^content%-disposition:") then return parameter(line, "name"), parameter(line, "filename") end
  end
end

-- Calls visit(field) with { name, filename, first, last }: the last two are the positions of its value. Ends when
-- `visit` returns true. Returns whether the body is well-formed as far as it had to be read.
function multipart.each_field(body, content_type, visit)
  local boundary = boundary_of(content_type)
  if not boundary then return false end
  local delimiter = "--" .. boundary
  local at = body:find(delimiter, 1)
  while at do
    local after = at + #delimiter
    if body:sub(after, after + 1) == "--" then return true end
    local head_end = body:find("\r\n\r\n", after)
    if not head_end then return false end
    local first = head_end + 4
    local next_delimiter = body:find("\r\n" .. delimiter, first)
    if not next_delimiter then return false end
    local name, filename = field_names(body:sub(after, head_end))
    if visit { name = name, filename = filename, first = first, last = next_delimiter - 1 } then return true end
    at = next_delimiter + 2
  end
  return false
end

-- Returns the first and last position of the field's value; false when there is no such field; nil when the
-- body is not well-formed as far as it had to be read.
function multipart.find_field(body, content_type, name)
  local found
  local is_whole = multipart.each_field(body, content_type, function(field)
    if field.name == name then found = field end
    return found ~= nil
  end)
  if found then return found.first, found.last end
  if is_whole then return false end
end

return multipart
