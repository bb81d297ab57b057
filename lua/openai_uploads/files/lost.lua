-- SPDX-License-Identifier: MIT
-- Whether a File is there although the answer to the call that makes it was lost. The service offers no other way to
-- find out than its list of Files.
local lost = {}

local SLACK = 300 -- seconds by which the service's clock may be behind ours

--- Returns the params of files.list for a File of that purpose: the newest ones.
function lost.params(purpose) return { purpose = purpose, limit = 100, order = "desc" } end

--- Returns the newest File of a page that is like `wanted`: { filename, bytes, since }. since: seconds since 1970.
function lost.find(page, wanted)
  for _, file in ipairs(page.data) do
    if file.filename == wanted.filename and file.bytes == wanted.bytes and type(file.created_at) == "number"
      and file.created_at >= wanted.since - SLACK then
      return file
    end
  end
end

--- Completes a failure that leaves in doubt whether the File is there. page: of the list, or nil and the reason why
--- there is none. Sets `file`, or `no_file`.
function lost.settle(failure, wanted, page, reason)
  local found = page and lost.find(page, wanted)
  if found then
    failure.file = found
    failure.aftermath = "the File is there all the same: " .. found.id
  elseif page then
    failure.no_file = true
    failure.aftermath = ("the service lists no File '%s' of %.0f bytes so far"):format(wanted.filename, wanted.bytes)
  else
    failure.aftermath = ("%s; the list of Files could not be had: %s"):format(failure.aftermath, tostring(reason))
  end
end

return lost
