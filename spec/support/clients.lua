-- SPDX-License-Identifier: MIT
-- The clients of a spec, so that `close_all` can close those that it left open. Clients that nobody else holds may be
-- collected meanwhile.

local uploads = require "openai_uploads"

local clients = {}

local open = setmetatable({}, { __mode = "k" })

function clients.new(settings)
  local client = uploads.new(settings)
  open[client] = true
  return client
end

function clients.close_all()
  for client in pairs(open) do
    open[client] = nil
    pcall(client.close) -- the collector may just have been there
  end
end

return clients
