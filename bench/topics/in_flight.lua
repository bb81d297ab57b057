-- SPDX-License-Identifier: MIT
-- What a call costs with 1000 in flight, held against what it costs with 10. The same of the plain loops tells how
-- much of that is libcurl's, the kernel's and the service's.
local few, many = 10, 1000

return function(bench)
  local function ours(in_flight)
    return function(calls) return bench.command(bench.script("in_flight"), in_flight, calls) end
  end
  local function plain(name)
    return function(in_flight)
      return function(calls)
        return bench.command(bench.program(name), bench.base_url, bench.request_file, in_flight, calls)
      end
    end
  end

  local socket_action, perform = plain("multi_socket"), plain("multi_perform")
  local calls = bench.calls_a_block(socket_action(few))
  local function compare(what, one, other, goal)
    bench.compare { what = what, ours = one, theirs = other, goal = goal, calls = calls }
  end
  local more = (", %d in flight / %d in flight"):format(many, few)
  compare("start.cancel" .. more, ours(many), ours(few), 1.30)
  compare("curl_multi_socket_action" .. more, socket_action(many), socket_action(few))
  compare("curl_multi_perform" .. more, perform(many), perform(few))
  for _, count in ipairs { few, many } do
    compare(("start.cancel / curl_multi_socket_action, %d in flight"):format(count), ours(count), socket_action(count))
  end
end
