-- SPDX-License-Identifier: MIT
-- A file over a line that loses packets, between two network namespaces. Its limits are shorter than the file takes.
-- Runs once: the subject is the line.

local far = require "bench.support.far"
local part_data = require "spec.support.part_data"
local script = require "spec.support.script"

local LINE = { delay_ms = 10, mbit = 8, queue_kib = 64, loss_ppm = 10 * 1000 }

-- Seconds. The line takes five for so many bytes. Of eight connections that share it, one may lose the same packet
-- three times, and then nothing of it moves for two.
local BYTES, LIMIT = 5 * 1000 * 1000, 4

local SCRIPT = [[
  local uploads = require "openai_uploads"
  local retries = 0
  local client = uploads.new { ca_file = os.getenv "CA_FILE", timeout = %g, stall_timeout = %g }
  local upload, failure = client.upload_file_chunked({
    data = ("x"):rep(%d), filename = "a.txt", purpose = "batch", mime_type = "text/plain",
  }, { on_retry = function() retries = retries + 1 end })
  print(upload and upload.status or tostring(failure), retries)
]]

local build = os.getenv "TEST_BUILD" or "build"

-- As much of a benchmark's `bench` as `far` needs.
local function place_for(directory)
  return { directory = directory, program = function(name) return ("%s/bench/%s"):format(build, name) end }
end

describe("a file", function()
  it("is sent at once over a line that loses one packet in a hundred", function()
    local refusal = far.refusal() or os.getenv "LD_PRELOAD" and "a sanitizer is preloaded"
    if refusal then pending("there is no lossy line: " .. refusal) return end
    local directory = part_data.output("mktemp -d"):match "[^\n]+"
    part_data.output(("make --silent BUILD='%s' '%s/bench/link'"):format(build, build))
    local ran
    far.with_link(place_for(directory), LINE, function(place)
      ran = script.run(SCRIPT:format(LIMIT, LIMIT, BYTES), {
        CA_FILE = place.certificate, OPENAI_API_KEY = "sk-1", OPENAI_BASE_URL = place.url,
      }, place.enter)
    end)
    part_data.output("rm -r " .. directory)
    assert.are.same({ stdout = "completed\t0\n", stderr = "", status = 0 }, ran)
  end)
end)
