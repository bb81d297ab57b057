#!/bin/sh
# SPDX-License-Identifier: MIT
# Guess: core.msleep(500) takes half a second wherever HAProxy's Lua documentation allows it; it lists the body of a
#   script and init functions beside tasks and actions.
# Seen: In the body and in a function of core.register_init it returns at once, without an error; a loop that waits
#   by it spins. In a task it sleeps.
# Versions: haproxy 2.6.12-1+deb12u4 with Lua 5.3 (Debian 12); 3.0.11 does the same in the body.
# Source: package haproxy; core.msleep in HAProxy's Lua API (package haproxy-doc), "context: body, init, task,
#   action".
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

cat >probe.lua <<'END'
local function uptime()
  local file = assert(io.open "/proc/uptime")
  local seconds = file:read "n"
  file:close()
  return seconds
end

local slept = {}
local function sleep(where)
  local began = uptime()
  core.msleep(500)
  slept[where] = uptime() - began
  print(("%-5s core.msleep(500) took %.2f s"):format(where, slept[where]))
end

sleep "body"
core.register_init(function() sleep "init" end)
core.register_task(function()
  sleep "task"
  os.exit(slept.body < 0.25 and slept.init < 0.25 and slept.task > 0.4)
end)
END
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
