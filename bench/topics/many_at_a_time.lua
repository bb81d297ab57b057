-- SPDX-License-Identifier: MIT
-- Thousands of Uploads cancelled by one call, so many at a time.
return function(bench)
  for _, at_a_time in ipairs { 64, 256 } do
    local function cancel_all(calls) return bench.command(bench.script("cancel_all"), at_a_time, calls) end
    local function plain(name)
      return function(calls)
        return bench.command(bench.program(name), bench.base_url, bench.request_file, at_a_time, calls)
      end
    end

    local perform, socket_action = plain("multi_perform"), plain("multi_socket")
    local calls = bench.calls_a_block(perform)
    local what = ("cancel_all, %d at a time"):format(at_a_time)
    bench.compare {
      what = what .. " / curl_multi_perform", ours = cancel_all, theirs = perform, goal = 1.00, calls = calls,
    }
    bench.compare {
      what = what .. " / curl_multi_socket_action", ours = cancel_all, theirs = socket_action, calls = calls,
    }
    bench.compare_with_before {
      what = what, script = "cancel_all", calls = calls,
      run = function(script, count) return bench.command(script, at_a_time, count) end,
    }
  end
end
