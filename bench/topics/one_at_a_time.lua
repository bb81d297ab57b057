-- SPDX-License-Identifier: MIT
-- One call after another on one connection.
return function(bench)
  local url = bench.base_url .. "/uploads/upload_abc123/cancel"
  local function cancel(calls) return bench.command(bench.script("cancel"), calls) end
  local function easy_perform(calls, nosignal)
    return bench.command(bench.program("easy_perform"), url, bench.request_file, calls, nosignal)
  end
  local function easy_perform_nosignal(calls) return easy_perform(calls, "nosignal") end
  local function bare_socket(calls)
    return bench.command(bench.program("bare_socket"), bench.port, bench.request_file, calls)
  end

  local calls = bench.calls_a_block(easy_perform)
  for _, row in ipairs {
    { what = "cancel / curl_easy_perform", theirs = easy_perform, goal = 1.00 },
    { what = "cancel / curl_easy_perform with NOSIGNAL", theirs = easy_perform_nosignal },
    { what = "cancel / bare blocking socket", theirs = bare_socket, goal = 1.20 },
  } do
    row.ours, row.calls = cancel, calls
    bench.compare(row)
  end
  bench.compare_with_before { what = "cancel", script = "cancel", run = bench.command, calls = calls }
end
