-- SPDX-License-Identifier: MIT
-- The content of a File of 1 GiB, written to a path, held against what curl's command needs for the same.
local lua_nginx = require "bench.support.lua_nginx"
local shell = require "bench.support.shell"
local upload_source = require "bench.support.upload_source"

local mib = 1024

local function compare(bench, service, base_url, source)
  local copy = source .. "_copy" -- in the same folder, which is taken away at the end
  shell.output_of(("ln -sfn %s %s/content"):format(source, service.prefix))
  local function timed(command)
    return bench.command_at(base_url, bench.script("timed"), "'" .. command:gsub("'", "'\\''") .. "'")
  end
  -- Ours keeps an older file until the new one is whole, and needs room for both; curl empties it first.
  local anew = "rm -f " .. copy .. "; exec "
  local ours = timed(("%s%s %s"):format(anew, bench.script("download_file"), copy))
  local curl = timed(("%scurl -sf -H 'Authorization: Bearer sk-bench' -o %s %s/files/file-abc123/content")
    :format(anew, copy, base_url))
  bench.compare {
    what = "content of 1 GiB to a path / curl -o", goal = 1.00, service = service,
    ours = function() return ours end, theirs = function() return curl end,
  }
  assert(shell.output_of(("cmp %s %s && echo same"):format(source, copy)) == "same\n", "the copy differs")
end

return function(bench)
  lua_nginx.with_upload_service(bench, function(service, base_url)
    upload_source.with_file(bench, mib, function(source)
      compare(bench, service, base_url, source)
    end)
  end)
end
