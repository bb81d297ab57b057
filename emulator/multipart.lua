-- SPDX-License-Identifier: MIT
-- Finds one field in a multipart/form-data body, without copying what is in it.

local multipart = {}

local function boundary_of(content_type)
  if not content_type:lower():find("^multipart/form%-data") then return nil end
  return content_type:match('[Bb]oundary="([^"]+)"') or content_type:match("[Bb]oundary=([^%s;]+)")
end

local function field_name(head)
  for line in head:gmatch("[^\r\n]+") do
    if line:lower():find("^content%-disposition:") then
      return line:match('[;%s]name="([^"]*)"') or line:match("[;%s]name=([^;%s]+)")
    end
  end
end

-- Returns the first and last position of the field's value; false when there is no such field; nil when the
-- body is not well-formed as far as it had to be read.
function multipart.find_field(body, content_type, name)
  local boundary = boundary_of(content_type)
  if not boundary then return nil end
  local delimiter = "--" .. boundary
  local at = body:find(delimiter, 1)
  while at do
    local after = at + #delimiter
    if body:sub(after, after + 1) == "--" then return false end
    local head_end = body:find("\r\n\r\n", after)
    if not head_end then return nil end
    local first = head_end + 4
    local next_delimiter = body:find("\r\n" .. delimiter, first)
    if not next_delimiter then return nil end
    if field_name(body:sub(after, head_end)) == name then return first, next_delimiter - 1 end
    at = next_delimiter + 2
  end
end

return multipart
