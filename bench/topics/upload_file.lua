-- SPDX-License-Identifier: MIT
-- A file of 1 GiB sent in parts of 64 MiB, held against what else would send the same parts.
local lua_nginx = require "bench.support.lua_nginx"
local shell = require "bench.support.shell"
local upload_source = require "bench.support.upload_source"

local mib = 1024
local node_openai = os.getenv "NODE_OPENAI"

-- The rest of a curl command that sends a part. `Expect:` because the module sends none either.
local function sending(part, url)
  return ("-sf -H Expect: -H 'Authorization: Bearer sk-bench' -F data=@%s %s"):format(part, url)
end

local function all_sending(parts, url)
  local commands = {}
  for index, part in ipairs(parts) do commands[index] = sending(part, url) end
  return table.concat(commands, " --next ")
end

-- The ways to send all parts by curl: each a name and a shell command, by how many are sent at a time.
local function curl_commands(parts, url)
  local function one_each(at_a_time)
    return ('printf "%%s\\n" %s | xargs -P %d -I {} curl %s')
      :format(table.concat(parts, " "), at_a_time, sending("{}", url))
  end
  local all = all_sending(parts, url)
  return {
    [1] = { { "curl, one process", "exec curl " .. all }, { "curl, a process a part", one_each(1) } },
    [4] = {
      { "curl --parallel", "exec curl --no-progress-meter --parallel --parallel-max 4 " .. all },
      { "xargs -P 4 curl", one_each(4) },
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
  local service = lua_nginx.start(bench, "upload_service", {}, bench.setting.pin.nginx)
  local base_url = ("http://127.0.0.1:%d/v1"):format(service.port)
  local done, problem = pcall(upload_source.with_file, bench, mib, function(source)
    compare_with_curl(bench, service, base_url, source, upload_source.split(source))
    if node_openai then compare_with_node(bench, service, base_url, source) end
  end)
  service.stop()
  if not done then error(problem, 0) end
  if node_openai then
    local package = shell.read_file(node_openai .. "/node_modules/openai/package.json")
    bench.note("OpenAI's Node client", "openai %s on Node %s", package:match('"version": *"([^"]+)"'),
      shell.output_of("node --version"):match("%S+"))
  else
    bench.note("OpenAI's Node client", "not measured: NODE_OPENAI names no folder where npm installed openai")
  end
end
