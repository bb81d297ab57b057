-- SPDX-License-Identifier: MIT
-- A process that is stopped in any call for the network, so that all of an attempt's time passes there.
-- Runs once: it is stopped within libcurl, and the clock of attempts is in C.

local built = require "spec.support.built"
local check = require "spec.support.check"
local script = require "spec.support.script"
local with_service = require "spec.support.with_service"

local service = with_service.emulator()

describe("a process that is stopped within libcurl", function()
  local held_up

  setup(function() held_up = assert(built.library "held_up") end)

  -- What a call came to in a process that was stopped at its n-th call for the network; nil: it made fewer.
  local function result_when_stopped(n, base_url, connect_timeout)
    local ran = script.run(([[
      local client = require("openai_uploads").new { timeout = 5, connect_timeout = %g, max_retries = 0 }
      local upload, failure = client.create { filename = "a", purpose = "batch", bytes = 1, mime_type = "c/d" }
      print(upload and upload.status or failure)
    ]]):format(connect_timeout), {
      OPENAI_BASE_URL = base_url, OPENAI_API_KEY = check.key, SSL_CERT_FILE = service.ca_file,
      HELD_AT = tostring(n), HELD_FOR = "10",
      LD_PRELOAD = (os.getenv "LD_PRELOAD" or "") .. " " .. held_up,
    })
    return ran.stderr:find "held up" and ran.stdout
  end

  for _, protocol in ipairs { "base_url", "http1", "good" } do
    for _, connect_timeout in ipairs { 2, 5 } do
      it(("loses no call over %s with a connect_timeout of %d s"):format(protocol, connect_timeout), function()
        local stops = 0
        repeat
          local result = result_when_stopped(stops + 1, service.tls[protocol] or service.base_url, connect_timeout)
          if result then
            stops = stops + 1
            assert.are.equal("pending\n", result, "stopped at call " .. stops)
          end
        until not result
        assert.is_true(stops >= 3, "it was stopped only " .. stops .. " times") -- connect, send, recv
      end)
    end
  end
end)
