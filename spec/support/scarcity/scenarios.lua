-- SPDX-License-Identifier: MIT
-- What a process does while it runs out of something. Each scenario has a name, `prepare(context)`, which returns the
-- action, and what the action returns when nothing fails. A context has `client` (made before anything fails, unless
-- `makes_client`), `new_client()`, the `id` of a pending Upload, the `ids` of others, and the `path` of a file of ten
-- bytes.
local scenarios = {}

local function add(name, prepare, more)
  local scenario = { name = name, prepare = prepare }
  for field, value in pairs(more or {}) do scenario[field] = value end
  scenarios[#scenarios + 1] = scenario
end

local function warm(context) context.client.cancel("upload_not_there", context.patient) end

local function status(upload, failure) return upload and upload.status, failure end
local function object(part, failure) return part and part.object, failure end

add("a client is made, and cancels", function(context)
  return function() return status(context.new_client().cancel(context.id)) end
end, { makes_client = true, expected = "cancelled", call = "cancel" })

add("a first cancel", function(context)
  return function() return status(context.client.cancel(context.id)) end
end, { expected = "cancelled", call = "cancel" })

add("a later cancel", function(context)
  warm(context)
  return function() return status(context.client.cancel(context.id)) end
end, { expected = "cancelled", call = "cancel" })

add("a transfer that is begun and waited for", function(context)
  warm(context)
  return function()
    local transfer = context.client.start.cancel(context.id)
    local _, upload, failure = transfer:wait()
    return status(upload, failure)
  end
end, { expected = "cancelled", call = "cancel" })

add("create", function(context)
  warm(context)
  return function()
    return status(context.client.create {
      filename = "a.jsonl", purpose = "batch", bytes = 3, mime_type = "text/jsonl",
    })
  end
end, { expected = "pending", call = "create" })

add("a part from a string", function(context)
  warm(context)
  return function() return object(context.client.parts.create(context.id, { data = "abcd" })) end
end, { expected = "upload.part", call = "parts" })

add("a part from a file", function(context)
  warm(context)
  return function() return object(context.client.parts.create(context.id, { file = context.path, length = 5 })) end
end, { expected = "upload.part", call = "parts" })

add("a part from an open file", function(context)
  warm(context)
  local file = assert(io.open(context.path, "rb"))
  return function()
    return object(context.client.parts.create(context.id, { data = file }))
  end
end, { expected = "upload.part", call = "parts" })

add("a part from a function", function(context)
  warm(context)
  return function()
    local left = 3
    return object(context.client.parts.create(context.id, { length = 6, data = function()
      left = left - 1
      return left >= 0 and "ab" or nil
    end }))
  end
end, { expected = "upload.part", call = "parts" })

add("complete", function(context)
  local part = assert(context.client.parts.create(context.id, { data = "abcd" }, context.patient))
  return function() return status(context.client.complete(context.id, { part_ids = { part.id } })) end
end, { expected = "completed", call = "complete", bytes = 4 })

add("cancel_all", function(context)
  warm(context)
  return function()
    local uploads, failures = context.client.cancel_all(context.ids)
    local count = 0
    for _ in pairs(uploads) do count = count + 1 end
    if failures then return nil, select(2, next(failures)) end
    return count
  end
end, { expected = 5, call = "cancel_all" })

local function params(context, more)
  local all = { file = context.path, purpose = "batch", mime_type = "text/plain", part_size = 3, concurrency = 2 }
  for name, value in pairs(more or {}) do all[name] = value end
  if all.data then all.file = nil end
  return all
end

add("a whole file", function(context)
  return function()
    return status(context.client.upload_file_chunked(params(context, { on_progress = function() end })))
  end
end, { expected = "completed", call = "file" })

add("a whole file that keeps its state", function(context)
  warm(context)
  local state = context.path .. ".state"
  os.remove(state)
  return function()
    local upload, failure = context.client.upload_file_chunked(params(context, { resume_file = state }))
    return status(upload, failure)
  end
end, { expected = "completed", call = "file" })

add("a whole file with a digest, retried calls", function(context)
  warm(context)
  return function()
    return status(context.client.upload_file_chunked(params(context, { md5 = "compute" }), { max_retries = 1 }))
  end
end, { expected = "completed", call = "file" })

add("a whole file from a string, begun and stepped", function(context)
  warm(context)
  return function()
    local job = context.client.start.upload_file_chunked(params(context,
      { data = "abcdefghij", filename = "a.txt" }))
    local done, upload, failure
    local patience = 5 -- of a program that goes on where memory was short
    repeat
      local fine, raised = pcall(context.client.step, 1)
      if not fine then
        patience = patience - 1
        if patience == 0 then error(raised, 0) end
      elseif job:done() then
        done, upload, failure = job:poll()
      end
    until done
    return status(upload, failure)
  end
end, { expected = "completed", call = "file" })

add("a whole file that is aborted", function(context)
  warm(context)
  return function()
    local job = context.client.start.upload_file_chunked(params(context))
    context.client.step(0.1)
    job:abort()
    local _, upload, failure = job:wait()
    return upload and upload.status or failure and failure.kind, failure and failure.kind ~= "aborted" and failure
  end
end, { expected = "aborted", call = "file" })

local function pieces(...)
  local left, index = { ... }, 0
  return function()
    index = index + 1
    return left[index]
  end
end

for _, kept in ipairs { "buffers", "a spool" } do
  add("a stream of several parts, kept in " .. kept, function(context)
    return function()
      return status(context.client.upload_file_chunked(params(context, {
        data = pieces("ab", "", "cdefg", "hij"), filename = "a.txt", md5 = "compute", spool = kept ~= "buffers",
      })))
    end
  end, { expected = "completed", call = "file" })
end

add("a stream from a pipe", function(context)
  warm(context)
  return function()
    local pipe = io.popen "printf abcdefghij 2>/dev/null"
    if not pipe then error("no memory or no descriptors left for the pipe", 0) end
    local fine, upload, failure = pcall(context.client.upload_file_chunked,
      params(context, { data = pipe, filename = "a.txt" }))
    pipe:close()
    if not fine then error(upload, 0) end
    return status(upload, failure)
  end
end, { expected = "completed", call = "file" })

local function of_file(context, more)
  local all = { file = context.path, purpose = "batch", mime_type = "text/plain" }
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

add("a small file in one call", function(context)
  return function()
    return object(context.client.upload_file(of_file(context, { on_progress = function() end, confirm_lost = true })))
  end
end, { expected = "file" })

add("a larger one in parts", function(context)
  warm(context)
  return function()
    return object(context.client.upload_file(of_file(context, { single_call_bytes = 5, part_size = 3 })))
  end
end, { expected = "file" })

add("a File that is made, waited for, listed and deleted", function(context)
  warm(context)
  return function()
    local client = context.client
    local file, failure = client.files.create(of_file(context))
    if not file then return nil, failure end
    file, failure = client.files.wait_until_processed(file.id, { interval = 0.01, deadline = 2 })
    if not file then return nil, failure end
    for listed, problem in client.files.each({ limit = 2 }) do
      if not listed then return nil, problem end
    end
    file, failure = client.files.delete(file.id)
    return file and file.deleted, failure
  end
end, { expected = true })

for _, to in ipairs { "a path", "a function" } do
  add("the content of a File in " .. to, function(context)
    local file = assert(context.client.files.create(of_file(context)))
    return function()
      local content, failure = context.client.files.content(file.id, {
        to = to == "a path" and context.path .. ".content" or function() end,
      })
      return content and content.bytes, failure
    end
  end, { expected = 10 })
end

return scenarios
