-- SPDX-License-Identifier: MIT
-- libcurl before 7.87 writes to its OpenSSL connections so that one that is broken raises SIGPIPE, which ends a host
-- that does not expect it.

local built = require "spec.support.built"
local check = require "spec.support.check"
local script = require "spec.support.script"
local with_service = require "spec.support.with_service"

-- Each part finds its connection broken at its first large write, and again when the connection is closed.
local program = [[
  local uploads = require("openai_uploads").new { ca_file = os.getenv "CA", max_retries = 1, retry_delay = 0.001 }
  local part, failure = uploads.parts.create("upload_1", { data = ("x"):rep(100000) })
  io.write(part and part.id or failure.kind, " after ", failure.attempts, "\n")
  uploads.close()
  local upload, why = uploads.cancel(os.getenv "ID")
  io.write(upload and upload.status or tostring(why), "\n")
  io.stdout:flush()
  %s
]]

describe("a connection that breaks under a write", function()
  local library

  local service = with_service.emulator()

  setup(function()
    -- It brings libcurl along, which would otherwise be loaded where a preloaded library cannot see it.
    library = assert(built.library("broken_writes", false,
      "-Wl,--no-as-needed $(pkg-config --cflags --libs libcurl)"))
  end)

  local function run(base_url, number, last_words)
    if (os.getenv "LD_PRELOAD" or ""):find "asan" then
      return pending "AddressSanitizer does not end beside another preloaded library"
    end
    return script.run(program:format(last_words or ""), {
      LD_PRELOAD = (os.getenv "LD_PRELOAD" or "") .. " " .. library, CURL_NUMBER = number,
      OPENAI_BASE_URL = base_url, OPENAI_API_KEY = check.key, CA = service.ca_file, ID = service.make_uploads(1)[1],
    })
  end

  local survived = "connection after 2\ncancelled\n"
  local killed_by_sigpipe = 128 + 13

  for _, row in ipairs { { "over TLS", "good" }, { "in plain HTTP" } } do
    it("ends no process with an old libcurl, " .. row[1], function()
      local result = run(service.tls[row[2]] or service.base_url, "075100")
      assert.are.same({ survived, "", 0 }, { result.stdout, result.stderr, result.status })
    end)
  end

  it("of the host's own still does what it did", function()
    local pipe = 'local pipe = io.popen("true", "w") for _ = 1, 10000 do pipe:write(("x"):rep(1000)) pipe:flush() end'
    local result = run(service.tls.good, "075100", pipe)
    assert.are.same({ survived, killed_by_sigpipe }, { result.stdout, result.status })
  end)

  it("is not guarded with a newer libcurl, whose own writes raise no SIGPIPE", function()
    assert.are.equal(killed_by_sigpipe, run(service.tls.good, "075700").status)
  end)
end)
