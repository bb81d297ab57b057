-- SPDX-License-Identifier: MIT
-- The parts of data that comes piece by piece. It has the interface of `stored_parts`. The chunks are counted, and kept
-- in a store (`part_buffers` or `spool`) until the service has confirmed their part. `supply.lua` decides when the next
-- chunk is asked for.
local core = require "openai_uploads.core"
local part_sizes = require "openai_uploads.file_upload.part_sizes"

-- One step of a client asks for so much, and no longer, because a function may be slow and other transfers wait.
local BYTES_AT_A_TIME = 256 * 1024
local SECONDS_AT_A_TIME = 0.0005 -- as a step spends on sockets
local CHUNKS_AT_A_TIME = 1000
local MAX_EMPTY_CHUNKS = 1000 * 1000 -- in a row, as in parts

local stream = {}
stream.__index = stream

--- reader: of data_reader. store: part_buffers or spool. Without plan.bytes the size is known at the end of the data.
function stream.new(plan, reader, store)
  return setmetatable({
    plan = plan, reader = reader, store = store,
    announced = plan.bytes or false,
    received = 0,        -- bytes
    chunk = false, first = 1, -- the unread rest of the last chunk, from its byte `first` on
    empty = 0,           -- chunks in a row
    is_asked = false,    -- the program is being asked, or was and raised an error
    has_ended = false, failure = false,
    asked_at = false,    -- when the last chunk came, or was first waited for
    digest = false,
  }, stream)
end

local function fail(self, kind, format, ...)
  self.failure = self.failure or core.failure(kind, format:format(...))
end

--- Hands the rest of the chunk to the store, as far as that has room. Memory may run out, and the next call goes on.
function stream:drain()
  while self.chunk and self.store:has_room() do
    local taken, failure = self.store:append(self.chunk, self.first)
    if not taken then
      self.failure, self.chunk = failure, false
      return
    end
    self.first = self.first + taken
    if self.first > #self.chunk then self.chunk, self.first = false, 1 end
  end
end

-- Ends the data. Its size is now known.
local function finish(self)
  if self.announced and self.received < self.announced then
    return fail(self, "file", "%s ended after %.0f of the %.0f bytes of params.bytes", self.reader.name, self.received,
      self.announced)
  end
  if not self.announced then
    self.plan.bytes = part_sizes.whole(self.received)
    local divided, failure = part_sizes.divide(self.plan)
    if not divided then self.failure = failure end
  end
  self.has_ended = true
end

local function take(self, chunk)
  self.received = self.received + #chunk
  if self.announced and self.received > self.announced then
    return fail(self, "file", "%s gave more than the %.0f bytes of params.bytes", self.reader.name, self.announced)
  end
  self.empty = chunk == "" and self.empty + 1 or 0
  if chunk == "" then
    if self.empty > MAX_EMPTY_CHUNKS and not self.reader.pipe then
      fail(self, "aborted", "%s gave %d empty strings in a row: return nil at the end", self.reader.name,
        MAX_EMPTY_CHUNKS)
    end
    return
  end
  if self.digest then self.digest:update(chunk) end
  self.chunk, self.asked_at = chunk, core.now()
  self:drain()
end

-- Takes the results of a read.
local function accept(self, chunk, reason)
  self.is_asked = false
  if self.has_ended then return end -- it was closed meanwhile
  if type(chunk) == "string" then return take(self, chunk) end
  if chunk ~= nil then
    fail(self, "aborted", "%s gave a %s where a string was expected", self.reader.name, type(chunk))
  elseif self.reader.pipe and reason then
    self.failure = reason
  elseif reason ~= nil then
    fail(self, "aborted", "%s gave up: %s", self.reader.name, core.describe(reason))
  else
    finish(self)
  end
end

--- Asks for one chunk and takes it. protects: whether an error of the program ends the upload. Without that, the error
--- is raised to the caller.
function stream:ask(protects)
  if self.is_asked then return fail(self, "aborted", "%s did not return", self.reader.name) end
  self.is_asked = true
  if not protects then return accept(self, self.reader:read()) end
  local fine, chunk, reason = pcall(self.reader.read, self.reader)
  if fine then return accept(self, chunk, reason) end
  fail(self, "aborted", "%s raised an error: %s", self.reader.name, core.describe(chunk))
  if core.is_interruption(chunk) then error(chunk, 0) end
end

--- Asks for as many chunks as one step may take. A pipe is asked while it has data. job: the upload, which the
--- program's function may abort.
function stream:pull(job)
  local received, count, stop_at = self.received, 0, core.now() + SECONDS_AT_A_TIME
  repeat
    self:ask(true)
    count = count + 1
    local is_idle = self.reader.pipe and self.empty > 0
  until job.failure or not self:wants() or is_idle or self.received - received >= BYTES_AT_A_TIME
    or count >= CHUNKS_AT_A_TIME or core.now() >= stop_at
end

--- Returns whether the next chunk is to be asked for.
function stream:wants()
  return not (self.has_ended or self.failure or self.chunk) and self.store:has_room() and true or false
end

--- Returns the seconds that are left of params.data_timeout: infinite without one.
function stream:seconds_left()
  self.asked_at = self.asked_at or core.now()
  local seconds = self.plan.data_timeout
  return seconds and math.max(0, self.asked_at + seconds - core.now()) or math.huge
end

--- Fails if the source is late.
function stream:check_time()
  if self:seconds_left() > 0 then return end
  fail(self, "timeout", "%s gave nothing for the %g s of params.data_timeout", self.reader.name,
    self.plan.data_timeout)
end

function stream:part(number) return self.store:part(number) end

function stream:confirm(number)
  local wanted = self:wants()
  self.store:confirm(number)
  self:drain()
  if not wanted then self.asked_at = core.now() end -- a source is not late while there was no room
end

--- The MD5 is computed as the data passes.
function stream:begin_digest() self.digest = core.md5() end

function stream:md5() return self.digest and self.digest:hex() or nil end

--- The end of the data has been seen before this is called, and with it every problem.
function stream:problem() return self.failure or nil end

--- Releases the data. A chunk that comes later is dropped.
function stream:close()
  self.has_ended, self.chunk = true, false
  self.store:close()
end

return stream
