-- SPDX-License-Identifier: MIT
-- files.each: iterates over all Files, page by page.
--
-- The next page is asked for before the last File of a page is handed out. A program that deletes each File it is given
-- would otherwise delete the one behind which that page begins, and the service refuses such a page.
local plain = require "openai_uploads.plain"

local USUAL_LIMIT = 1000 -- Files of a page
local MAX_EARLIER = 5 -- Files that are tried in place of one that another program has deleted

-- Returns the Files of a page that were not on the page before.
local function new_ones(page, before)
  local seen, data = {}, {}
  for _, file in ipairs(before) do seen[file.id] = true end
  for _, file in ipairs(page.data) do
    if not seen[file.id] then data[#data + 1] = file end
  end
  return data
end

-- Asks for the page behind the File at `index` of the present one.
local function ask(self, index)
  local params = {}
  for name, value in pairs(self.params) do params[name] = value end
  if index > 0 then params.after = self.data[index].id end
  return self.list(params, self.options)
end

local function is_refused(failure) return failure.kind == "not_found" or failure.kind == "bad_request" end

-- Asks for the next page. A File behind which it should begin, and which is gone, is replaced by an earlier one.
local function look_ahead(self)
  local last = #self.data
  local page, failure = ask(self, last)
  for index = last - 1, math.max(1, last - MAX_EARLIER), -1 do
    if page or not is_refused(failure) then break end
    page, failure = ask(self, index)
  end
  self.failure = failure
  self.following = page and new_ones(page, self.data) or {}
  self.has_more = page ~= nil and page.has_more == true and #self.following > 0
end

local function next_file(self)
  if self.index == #self.data then
    if self.has_more and not self.following then look_ahead(self) end
    if not self.following or #self.following == 0 then
      local failure = self.failure
      self.failure = nil
      if failure then return false, failure end
      return nil
    end
    self.data, self.index, self.following = self.following, 0, nil
  end
  if self.index == #self.data - 1 and self.has_more then look_ahead(self) end
  self.index = self.index + 1
  return self.data[self.index]
end

--- Adds files.each to a client.
return function(client, waits)
  function client.files.each(params, options)
    if params ~= nil and type(params) ~= "table" then
      error(("bad argument #1 to 'files.each' (params must be a table, got %s)"):format(type(params)), 2)
    end
    local copied, copy = pcall(plain, params or {}, "params", 1, "files.each")
    if not copied then error(copy, 2) end
    copy.limit = copy.limit or USUAL_LIMIT
    local self = {
      list = client.files.list, params = copy, options = options,
      data = {}, index = 0, -- the present page, and the place of the File that was given last
      following = nil,      -- the Files of the next page, once it was asked for
      has_more = true, failure = nil,
    }
    return function()
      if waits.loop and not waits.in_pcall then return next_file(self) end
      local fine, file, failure = pcall(next_file, self)
      if not fine then error(file, 2) end
      return file, failure
    end
  end
end
