-- SPDX-License-Identifier: MIT
-- Whether a File is there although the answer to the call that makes it was lost. The service offers no other way to
-- find out than its list of Files.
--
-- wanted: { filename, bytes, purpose, since } of that File. since: seconds since 1970 by the service's clock.
local compound = require "openai_uploads.compound"
local core = require "openai_uploads.core"

local lost = {}

local SLACK = 300 -- seconds by which the service's clock may be behind ours
local FILES_OF_A_PAGE = 1000
local MAX_PAGES = 20 -- of Files that were made since

--- Returns a time of our clock as the earliest that it can be by the service's clock.
function lost.by_our_clock(time) return time - SLACK end

--- Returns the words for a failure that leaves in doubt whether the File is there.
function lost.words(wanted)
  return ("the File may be there: look for '%s' of purpose '%s' in the service's list of Files; to send it again " ..
    "could make a second File"):format(wanted.filename, wanted.purpose)
end

--- Returns the params of files.list for a page of the newest Files. after: the id of the last File of the page before.
function lost.params(wanted, after)
  return { purpose = wanted.purpose, limit = FILES_OF_A_PAGE, order = "desc", after = after }
end

local function is_new(file, wanted) return type(file.created_at) == "number" and file.created_at >= wanted.since end

local function find(page, wanted)
  for _, file in ipairs(page.data) do
    if file.filename == wanted.filename and file.bytes == wanted.bytes and is_new(file, wanted) then return file end
  end
end

-- Completes a failure that leaves a doubt. found: the File, or nil. reason: why the list is not known, or nil.
local function settle(failure, wanted, found, reason)
  if found then
    failure.file = found
    failure.aftermath = "the File is there all the same: " .. found.id
  elseif reason then
    failure.aftermath = ("%s; the list of Files could not be had: %s"):format(failure.aftermath, tostring(reason))
  else
    failure.no_file = true
    failure.aftermath = ("the service lists no File '%s' of %.0f bytes so far"):format(wanted.filename, wanted.bytes)
  end
end

--- Takes an answer of files.list: a page, or nil and the reason why there is none. Returns the id behind which the next
--- page begins, if that must be asked for: other programs make Files meanwhile, and ours may have moved there.
--- Otherwise completes the failure: sets `file` or `no_file`. count: the pages so far.
function lost.take(failure, wanted, count, page, reason)
  local found = page and find(page, wanted)
  local last = page and page.data[#page.data]
  if not found and last and page.has_more == true and is_new(last, wanted) then
    if count < MAX_PAGES then return last.id end
    reason = ("it has more than %d Files that were made since"):format(MAX_PAGES * FILES_OF_A_PAGE)
  end
  settle(failure, wanted, found, reason)
end

local ask

local function on_list(self, page, reason)
  self.pages = self.pages + 1
  local after = lost.take(self.lost, self.wanted, self.pages, page, reason)
  if after then return ask(self, after) end
  self:fail(self.lost, self.lost_response)
end

function ask(self, after)
  local begun, raised = pcall(self.begin, self, on_list, self.client.start.files.list, lost.params(self.wanted, after),
    self.list_options)
  if begun then return end
  if raised == core.out_of_memory then error(raised, 0) end
  on_list(self, nil, raised)
end

--- Ends a chain with a failure that leaves a doubt, after a look at the list. options: of the call that failed.
function lost.confirm(self, failure, response, options)
  failure.aftermath = failure.aftermath or lost.words(self.wanted)
  self.lost, self.lost_response, self.pages = failure, response, 0
  self.list_options = compound.options_of_ending(options or {})
  ask(self)
end

return lost
