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

--- Whether the module is linked against libcurl with GnuTLS, as Debian names it. Loads the module.
function libcurl.is_gnutls()
  require "openai_uploads.core"
  local maps = assert(io.open "/proc/self/maps")
  local found = maps:read("*a"):find("libcurl-gnutls", 1, true)
  maps:close()
  return found ~= nil
end

--- Why a client cannot be given authorities from memory; nil when it can.
function libcurl.takes_no_authorities_from_memory(service)
  return libcurl.is_gnutls() and libcurl.version(service) < 8022 and
    "with GnuTLS, this libcurl takes authorities from their file alone"
end

return libcurl
