-- SPDX-License-Identifier: MIT
-- The exit codes of the command. Scripts rely on them, so a number never changes its meaning.

local exit_codes = { success = 0, internal = 1, usage = 2 }

--- A row for each kind of failure: number, kind, when. In the order of the help.
exit_codes.kinds = {
  { 10, "configuration", "no key, a bad URL: nothing was sent" },
  { 11, "connection", "refused, unknown host, reset, cut off" },
  { 12, "tls", "a certificate not to be trusted, no handshake" },
  { 13, "timeout", "--timeout or --deadline passed" },
  { 14, "aborted", "the program ended it" },
  { 15, "decode", "an answer that cannot be understood" },
  { 16, "too_large", "a part over 64 MiB, too many parts, an answer over 1 MiB" },
  { 17, "file", "cannot be read or written, or has changed" },
  { 18, "out_of_memory", "not enough memory" },
  { 19, "processing", "the service could not process the File" },
  { 20, "bad_request", "HTTP 400" },
  { 21, "authentication", "HTTP 401" },
  { 22, "permission_denied", "HTTP 403" },
  { 23, "not_found", "HTTP 404" },
  { 24, "conflict", "HTTP 409" },
  { 25, "gone", "HTTP 410: the Upload has expired" },
  { 26, "unprocessable_entity", "HTTP 422" },
  { 27, "rate_limit", "HTTP 429" },
  { 28, "server", "HTTP 500 and above" },
  { 29, "redirect", "HTTP 3xx, which is never followed" },
  { 30, "status", "any other HTTP status" },
}

--- For any failure with that field, whatever its kind: sending the file again could make a second File.
exit_codes.in_doubt = { 31, "may_be_completed", "or was: look at the Files of the service" }

--- 128 and the number of the signal that ended the command, as shells count.
exit_codes.signals = { { 129, "SIGHUP: the terminal went away" }, { 130, "SIGINT: Ctrl-C" }, { 143, "SIGTERM" } }

local by_kind = {}
for _, row in ipairs(exit_codes.kinds) do by_kind[row[2]] = row[1] end

--- The exit code of a failure.
function exit_codes.of(failure)
  return failure.may_be_completed and exit_codes.in_doubt[1] or by_kind[failure.kind] or exit_codes.internal
end

--- All of them as lines of a help text.
function exit_codes.describe()
  local lines = {
    "   0  success",
    "   1  a fault of this program",
    "   2  arguments that cannot be used",
  }
  local function add(row) lines[#lines + 1] = ("  %2d  %-20s  %s"):format(row[1], row[2], row[3]) end
  for _, row in ipairs(exit_codes.kinds) do add(row) end
  add(exit_codes.in_doubt)
  for _, row in ipairs(exit_codes.signals) do lines[#lines + 1] = (" %3d  interrupted (%s)"):format(row[1], row[2]) end
  return table.concat(lines, "\n")
end

return exit_codes
