-- SPDX-License-Identifier: MIT
-- A file of 1 GiB sent in parts of 64 MiB, held against what else would send the same parts.
local curl_command = require "bench.support.curl_command"
local lua_nginx = require "bench.support.lua_nginx"
local shell = require "bench.support.shell"
local upload_source = require "bench.support.upload_source"

local mib = 1024
local node_openai = os.getenv "NODE_OPENAI"

-- By how many are sent at a time: the name of each way, and its shell command.
local function curl_commands(parts, url)
  return {
    [1] = {
      { "curl, one process", curl_command.serial(parts, url) },
      { "curl, a process a part", curl_command.one_each(parts, url, 1) },
    },
    [4] = {
      { "curl --parallel", curl_command.parallel(parts, url, 4) },
      { "xargs -P 4 curl", curl_command.one_each(parts, url, 4) },
    },
  }
end

local function compare_with_curl(bench, service, base_url, source, parts)
  local function timed(command)
    return bench.command_at(base_url, bench.script("timed"), "'" .. command:gsub("'", "'\\''") .. "'")
  end
  local curl = curl_commands(parts, base_url .. "/uploads/upload_abc123/parts")
  for _, at_a_time in ipairs { 1, 4 } do
    local ours = timed("exec " .. table.concat({ bench.script("upload_file"), source, at_a_time }, " "))
    for _, way in ipairs(curl[at_a_time]) do
      bench.compare {
        what = ("1 GiB, %d at a time / %s"):format(at_a_time, way[1]), goal = 1.00, service = service,
        ours = function() return ours end, theirs = function() return timed(way[2]) end,
      }
    end
  end
end

local function compare_with_before(bench, service, base_url, source)
  for _, at_a_time in ipairs { 1, 4 } do
    bench.compare_with_before {
      what = ("1 GiB, %d at a time"):format(at_a_time), script = "upload_file", service = service,
      run = function(script) return bench.command_at(base_url, script, source, at_a_time) end,
    }
  end
end

local function compare_with_node(bench, service, base_url, source)
  for _, at_a_time in ipairs { 1, 4 } do
    bench.compare {
      what = ("1 GiB, %d at a time / OpenAI's Node client"):format(at_a_time), goal = 0.50, service = service,
      ours = function() return bench.command_at(base_url, bench.script("upload_file"), source, at_a_time) end,
      theirs = function()
        return bench.command_at(base_url, "node bench/upload_file.mjs", node_openai, source, at_a_time, base_url)
      end,
    }
  end
end

return function(bench)
  lua_nginx.with_upload_service(bench, function(service, base_url)
    upload_source.with_file(bench, mib, function(source)
      compare_with_curl(bench, service, base_url, source, upload_source.split(source))
      compare_with_before(bench, service, base_url, source)
      if node_openai then compare_with_node(bench, service, base_url, source) end
    end)
  end)
  if node_openai then
    local package = shell.read_file(node_openai .. "/node_modules/openai/package.json")
    bench.note("OpenAI's Node client", "openai %s on Node %s", package:match('"version": *"([^"]+)"'),
      shell.output_of("node --version"):match("%S+"))
  else
    bench.note("OpenAI's Node client", "not measured: NODE_OPENAI names no folder where npm installed openai")
  end
end
