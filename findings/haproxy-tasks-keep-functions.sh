#!/bin/sh
# SPDX-License-Identifier: MIT
# Guess: The function of core.register_task, and what it refers to, can be collected once the task has ended.
# Seen: HAProxy refers to each such function for ever. A script that registers a task for each piece of work grows; a
#   task should take what it needs out of a variable that it then clears.
# Versions: haproxy 2.6.12-1+deb12u4 with Lua 5.3 (Debian 12).
# Source: package haproxy; core.register_task in HAProxy's Lua API (package haproxy-doc), which says nothing of it.
set -eu

here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
trap 'exit 1' INT TERM
cd "$here"

# unpack PACKAGE=VERSION...: fetches these packages and unpacks them under ./root
unpack() {
  apt-get download "$@" >download.log 2>&1 || {
    cat download.log >&2
    echo "not run: apt has not got these versions; apt-get update may help" >&2
    exit 2
  }
  for package in *.deb; do dpkg -x "$package" root; done
  rm -f ./*.deb
}

# libraries PACKAGE...: the libraries that these depend on, except those of the C compiler
libraries() {
  apt-cache depends --recurse --important --no-conflicts --no-breaks --no-replaces --no-enhances "$@" |
    grep '^lib[a-z0-9.+-]*$' | grep -vx -e libc6 -e libgcc-s1 -e 'libstdc++6' -e "$(printf '%s\n' "$@")" | sort -u
}

unpack haproxy=2.6.12-1+deb12u4 $(libraries haproxy)
folders=$(echo "$here"/root/usr/lib/*-linux-gnu*):$(echo "$here"/root/lib/*-linux-gnu*)
within() { env LD_LIBRARY_PATH="$folders" "$@"; }

cat >probe.lua <<'LUA'
local TASKS = 20

-- Registers tasks that refer to a table each. Returns the tables, held weakly. is_clearing: each forgets its table.
local function register_tasks(is_clearing)
  local held = setmetatable({}, { __mode = "v" })
  for index = 1, TASKS do
    local work = { done = false }
    held[index] = work
    core.register_task(function()
      work.done = true
      if is_clearing then work = nil end
    end)
  end
  return held
end

local function count(held)
  for _ = 1, 3 do collectgarbage() end
  local left = 0
  for _, work in pairs(held) do left = left + (work.done and 1 or 0) end
  return left
end

core.register_task(function()
  local kept, cleared = register_tasks(false), register_tasks(true)
  core.msleep(500)
  local left, left_cleared = count(kept), count(cleared)
  print(("%d of %d tasks have ended and are still referred to"):format(left, TASKS))
  print(("%d of %d that have cleared their variable"):format(left_cleared, TASKS))
  os.exit(left == TASKS and left_cleared == 0)
end)
LUA
cat >haproxy.cfg <<END
global
  lua-load $here/probe.lua
defaults
  timeout client 5s
  timeout server 5s
  timeout connect 5s
listen unused
  bind unix@$here/socket
END
within timeout 20 root/usr/sbin/haproxy -db -f haproxy.cfg
