-- SPDX-License-Identifier: MIT
-- Bad luck that meets a file on its way: a clear failure, nothing left open here, nothing left pending there.

local check = require "spec.support.check"
local upload_file = require "spec.support.upload_file"
local with_service = require "spec.support.with_service"

local letters = "abcdefghij"

local service = with_service.emulator()

after_each(upload_file.remove_all)

-- Rows:
--   [1]        what happens
--   answers    planned for the service; its file has ten bytes, sent in parts of two, one at a time
--   params, settings, options   of the call, beyond those; params may be a function that makes them
--   sent       requests of each call: { create, parts, complete, cancel }
--   state      of the Upload at the end; false where there is none
-- and where it does not succeed
--   kind, status, part_number, attempts (1), may (false), cancelled   of the failure
--   cancel_kind   of its cancel_failure
--   is_unknown    whether its Upload's id is
--   in_doubt   whether it says that the Upload may be completed
--   says       pieces of its text; `UPLOAD` stands for the id of the Upload
local function check_failure(row, failure, upload)
  local id = upload and upload.id
  local expected = {
    kind = row.kind, status = row.status, part_number = row.part_number, attempts = row.attempts or 1,
    may_have_applied = row.may or row.in_doubt or false, may_be_completed = row.in_doubt,
    cancelled = row.cancelled, cancel_kind = row.cancel_kind,
    upload_id = not row.is_unknown and id or nil,
  }
  local got = {}
  for _, name in ipairs { "kind", "status", "part_number", "attempts", "may_have_applied", "may_be_completed",
    "cancelled", "upload_id" } do
    got[name] = failure[name]
  end
  got.cancel_kind = failure.cancel_failure and failure.cancel_failure.kind
  assert.are.same(expected, got, tostring(failure))
  local text = tostring(failure)
  check.holds(row.kind .. ": ", text)
  for _, piece in ipairs(row.says or {}) do check.holds((piece:gsub("UPLOAD", id)), text) end
  if failure.aftermath then assert.are.equal("; " .. failure.aftermath, text:sub(-#failure.aftermath - 2)) end
  if row.in_doubt then upload_file.check_doubt(service, failure) end
  if row.cancelled then assert.are.equal(id .. " was cancelled", failure.aftermath) end
  assert.is_nil(failure.resume)
end

local function check_row(row)
  upload_file.with_client(service, row.settings, function(client)
    local given = type(row.params) == "function" and row.params() or row.params
    service.answer_next(row.answers or {})
    local values = { client.upload_file_chunked(upload_file.params(letters, given), row.options) }
    local upload = service.uploads()[1]
    assert.are.equal(0, client.step())
    if row.kind then
      assert.is_nil(values[1])
      check_failure(row, values[2], upload)
    else
      assert.is_nil(values[2])
      assert.are.equal("completed", values[1].status)
    end
    assert.are.equal(row.state, upload and upload.status or false)
    assert.is_true(#service.uploads() <= 1)
    if row.sent then
      local counts = upload_file.counts(service)
      assert.are.same(row.sent, { counts.create, counts.parts, counts.complete, counts.cancel })
    end
    if not row.settings then assert(client.cancel(service.make_uploads(1)[1])) end
  end)
end

local function part(answer)
  answer = answer or {}
  answer.call = "parts"
  return answer
end

local soon = { ["retry-after"] = "0.01" }

for _, row in ipairs {
  { "a part that fails twice and then passes", state = "completed", sent = { 1, 7, 1, 0 },
    answers = { part(), part { status = 500 }, part { status = 503 } } },
  { "parts that fail side by side, each twice at most, and then pass", state = "completed", sent = { 1, 11, 1, 0 },
    params = { concurrency = 5 }, options = { max_retries = 6 },
    answers = { part { status = 500 }, part { close = true }, part { status = 429 }, part { status = 409 },
      part { status = 408 }, part { status = 503 } } },
  { "a part that never passes", kind = "server", status = 500, part_number = 2, attempts = 3, may = false,
    options = { max_retries = 2 },
    answers = { part(), part { status = 500 }, part { status = 500 }, part { status = 500 } },
    cancelled = true, state = "cancelled", sent = { 1, 4, 0, 1 },
    says = { "HTTP 500 (after 3 attempts)", "; UPLOAD was cancelled" } },
  { "a part that is refused, while others are on their way", kind = "bad_request", status = 400, part_number = 3,
    params = { concurrency = 3 },
    answers = { part { delay = 0.3 }, part { delay = 0.3 }, part { status = 400, delay = 0.05 } },
    cancelled = true, state = "cancelled" },
  { "the answer to a part lost", state = "completed", sent = { 1, 6, 1, 0 },
    params = { md5 = upload_file.md5(letters) }, answers = { part { close = true, apply = true } } },
  { "the answer to a part lost, without retries", kind = "connection", part_number = 1,
    options = { max_retries = 0 }, answers = { part { close = true, apply = true } },
    cancelled = true, state = "cancelled", sent = { 1, 1, 0, 1 } },
  { "429 with retry-after on every other part", state = "completed", sent = { 1, 10, 1, 0 },
    answers = { part { status = 429, headers = soon }, part(), part { status = 429, headers = soon }, part(),
      part { status = 429, headers = soon }, part(), part { status = 429, headers = soon }, part(),
      part { status = 429, headers = soon }, part() } },
  { "a wait asked for that is too long", kind = "rate_limit", status = 429, part_number = 1,
    answers = { part { status = 429, headers = { ["retry-after"] = "3600" } } },
    cancelled = true, state = "cancelled", sent = { 1, 1, 0, 1 } },
  { "the Upload expiring half-way", kind = "gone", status = 410, part_number = 3,
    answers = { part(), part(), part { advance_clock = 3601 } },
    cancelled = false, cancel_kind = "gone", state = "expired", sent = { 1, 3, 0, 1 },
    says = { "The Upload has expired", "; UPLOAD has expired" } },
  { "the Upload cancelled by somebody else half-way", kind = "bad_request", status = 400, part_number = 2,
    params = function()
      return { on_progress = function(sent)
        if sent == 2 then check.client(service).cancel(upload_file.only_upload(service).id) end
      end }
    end,
    cancelled = false, cancel_kind = "bad_request", state = "cancelled",
    says = { "; the cancel of UPLOAD was not confirmed: bad_request: The Upload is no longer pending" } },
  { "an Upload that is refused at its creation", kind = "bad_request", status = 400, state = false,
    answers = { { call = "create", status = 400 } }, sent = { 1, 0, 0, 0 } },
  { "a key that is refused", kind = "authentication", status = 401, state = false,
    settings = { api_key = "sk-wrong" }, sent = { 1, 0, 0, 0 } },
  { "no key", kind = "configuration", attempts = 0, state = false, settings = { api_key = "" },
    sent = { 0, 0, 0, 0 } },
  { "the answer to the creation lost", kind = "connection", may = true, state = "pending",
    options = { max_retries = 0 }, answers = { { call = "create", close = true, apply = true } },
    sent = { 1, 0, 0, 0 }, is_unknown = true,
    says = { "; an Upload may have been created; if so, it expires by itself within an hour" } },
  { "a size that the service finds wrong", kind = "bad_request", status = 400,
    answers = { { call = "complete", status = 400 } }, cancelled = true, state = "cancelled", sent = { 1, 5, 1, 1 } },
  { "an MD5 that is wrong", kind = "bad_request", status = 400, params = { md5 = ("0"):rep(32) },
    cancelled = true, state = "cancelled", sent = { 1, 5, 1, 1 }, says = { "not that of the bytes received" } },
  { "complete that fails twice and then passes", state = "completed", sent = { 1, 5, 3, 0 },
    answers = { { call = "complete", status = 500 }, { call = "complete", close = true } } },
  { "the answer to complete lost", kind = "connection", in_doubt = true,
    options = { max_retries = 0 }, answers = { { call = "complete", close = true, apply = true } },
    state = "completed", sent = { 1, 5, 1, 0 } },
  { "the answer to complete lost, and the retry refused", kind = "bad_request", status = 400, attempts = 2,
    in_doubt = true, answers = { { call = "complete", close = true, apply = true } },
    state = "completed", sent = { 1, 5, 2, 0 } },
  { "complete lost before it came", kind = "connection", in_doubt = true,
    options = { max_retries = 0 }, answers = { { call = "complete", close = true } },
    state = "pending", sent = { 1, 5, 1, 0 } },
  { "a time-out of complete", kind = "timeout", in_doubt = true,
    options = { max_retries = 0, timeout = 0.3 }, answers = { { call = "complete", delay = 3 } },
    state = "pending", sent = { 1, 5, 1, 0 } },
  { "a deadline that passes while it is completed", kind = "timeout", in_doubt = true,
    options = { deadline = 1 }, answers = { { call = "complete", delay = 3 } },
    state = "pending", sent = { 1, 5, 1, 0 } },
  { "an answer to complete that is none", kind = "decode", status = 200, in_doubt = true,
    answers = { { call = "complete", status = 200, body = "<html>", apply = true } },
    state = "completed", sent = { 1, 5, 1, 0 } },
  { "the cancel failing, too", kind = "server", status = 500, part_number = 1, options = { max_retries = 0 },
    answers = { part { status = 500 }, { call = "cancel", status = 503 } },
    cancelled = false, cancel_kind = "server", state = "pending", may = true, sent = { 1, 1, 0, 1 },
    says = { "; the cancel of UPLOAD was not confirmed: server: " } },
  { "the cancel failing twice and then passing", kind = "bad_request", status = 400, part_number = 1,
    answers = { part { status = 400 }, { call = "cancel", status = 503 }, { call = "cancel", close = true } },
    options = { on_retry = function() error "nobody is told of that" end },
    cancelled = true, state = "cancelled", sent = { 1, 1, 0, 3 } },
  { "the answer to the cancel lost, and its retry refused", kind = "bad_request", status = 400, part_number = 1,
    answers = { part { status = 400 }, { call = "cancel", close = true, apply = true } },
    cancelled = false, cancel_kind = "bad_request", state = "cancelled", sent = { 1, 1, 0, 2 } },
  { "a deadline that passes half-way", kind = "timeout", part_number = 2, options = { deadline = 0.3 },
    answers = { part(), part { delay = 3 } }, cancelled = true, state = "cancelled", sent = { 1, 2, 0, 1 },
    says = { "the deadline of 0.3 s has passed" } },
  { "a deadline that is too short for the cancel, which has its own time", kind = "timeout", part_number = 1,
    options = { deadline = 0.3 }, answers = { part { delay = 3 }, { call = "cancel", delay = 0.5 } },
    cancelled = true, state = "cancelled", sent = { 1, 1, 0, 1 } },
  { "a deadline that passes between two calls", kind = "timeout", options = { deadline = 0.2 }, attempts = 0,
    part_number = 1,
    params = function()
      return { on_checkpoint = function()
        local last = os.clock() + 0.25
        while os.clock() < last do end -- luacheck: ignore 542
      end }
    end, cancelled = true, state = "cancelled", sent = { 1, 0, 0, 1 }, says = { "deadline of 0.2 s" } },
} do
  it("upload_file_chunked meets " .. row[1], function() check_row(row) end)
end

it("upload_file_chunked tells on_retry which Part is sent again", function()
  service.answer_next { { call = "parts" }, { call = "parts", status = 503 } }
  upload_file.with_client(service, {}, function(client)
    local numbers = {}
    assert(client.upload_file_chunked(upload_file.params(letters, { part_size = 3 }),
      { on_retry = function(info) numbers[#numbers + 1] = info.part_number end }))
    assert.are.same({ 2 }, numbers)
  end)
end)
