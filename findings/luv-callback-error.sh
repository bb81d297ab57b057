#!/bin/sh
# SPDX-License-Identifier: MIT
# Guess: An error in a callback comes out of uv.run(), where pcall catches it, or is left to the program in some
#   other way.
# Seen: luv prints it and ends the process at once with status 255: pcall around uv.run() does not return, no code
#   after it runs, and the state is not closed, so objects are not finalized. An error has to be caught inside each
#   callback.
# Versions: lua-luv 1.44.2-0-1 on Lua 5.4.4-3+deb12u1 (Debian 12).
# Source: package lua-luv; luvit/luv issues 192 and 433, and pull request 434, which brought the exit back on
#   purpose.
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

unpack lua-luv=1.44.2-0-1 lua5.4=5.4.4-3+deb12u1 liblua5.4-0=5.4.4-3+deb12u1 $(libraries lua-luv)
folders=$(echo "$here"/root/usr/lib/*-linux-gnu*):$(echo "$here"/root/lib/*-linux-gnu*)
within() { env LD_LIBRARY_PATH="$folders" "$@"; }

cat >probe.lua <<'END'
io.stdout:setvbuf "no"
local uv = require "luv"
local object <const> = setmetatable({}, {__gc = function() print "object finalized" end})
uv.new_timer():start(0, 0, function()
  if arg[1] == "raises" then error "raised in a callback" end
end)
print("pcall(uv.run) returns " .. tostring(pcall(uv.run)))
END
modules=$(echo root/usr/lib/*-linux-gnu*/lua/5.4)
# probe CALLBACK WANTED: runs it and shows what comes; whether the status is the wanted one
probe() {
  status=0
  within env LUA_CPATH="$modules/?.so" root/usr/bin/lua5.4 probe.lua "$1" >output 2>errors || status=$?
  echo "callback $1: status $status"
  sed 's/^/  /' output errors
  test "$status" = "$2"
}
probe returns 0
grep -q 'object finalized' output
probe raises 255
test ! -s output
grep -q 'Uncaught Error: .*raised in a callback' errors
