-- SPDX-License-Identifier: MIT
-- The libcurl that is loaded, for what differs between its versions.
local check = require "spec.support.check"

local libcurl = {}

--- Its version as the user agent tells it: 8.14 is 8014. Asks the emulator `service`, and resets it.
function libcurl.version(service)
  assert(check.client(service).create { filename = "a", purpose = "batch", bytes = 1, mime_type = "text/plain" })
  local major, minor = service.requests()[1].headers["user-agent"]:match "libcurl (%d+)%.(%d+)"
  service.reset()
  return tonumber(major) * 1000 + tonumber(minor)
end

--- Why no connection of HTTP/1.1 can be opened ahead of need; nil when it can.
function libcurl.closes_unused_http1(service)
  return libcurl.version(service) >= 8000 and "libcurl 8 closes a connection of HTTP/1.1 on which no request was made"
end

return libcurl
