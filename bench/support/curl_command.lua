-- SPDX-License-Identifier: MIT
-- Ways to send Parts by curl's command.
local curl_command = {}

-- `Expect:` because the module sends none either.
local function sending(part, url)
  return ("-sf -H Expect: -H 'Authorization: Bearer sk-bench' -F data=@%s %s"):format(part, url)
end

local function all_sending(parts, url)
  local commands = {}
  for index, part in ipairs(parts) do commands[index] = sending(part, url) end
  return table.concat(commands, " --next ")
end

--- All by one process, one after the other.
function curl_command.serial(parts, url) return "exec curl " .. all_sending(parts, url) end

--- All by one process, so many at a time.
function curl_command.parallel(parts, url, at_a_time)
  return ("exec curl --no-progress-meter --parallel --parallel-max %d "):format(at_a_time) .. all_sending(parts, url)
end

--- Each by a process of its own, so many at a time.
function curl_command.one_each(parts, url, at_a_time)
  return ('printf "%%s\\n" %s | xargs -P %d -I {} curl %s')
    :format(table.concat(parts, " "), at_a_time, sending("{}", url))
end

return curl_command
