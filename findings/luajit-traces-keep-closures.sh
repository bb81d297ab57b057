#!/bin/sh
# SPDX-License-Identifier: MIT
# Guess: After two full collections an object that no variable leads to has been finalized, compiled code or not.
# Seen: A compiled trace is specialized to the closures that it calls and holds on to them, and to all that they
#   hold, as long as the trace lives. A userdata that such a closure refers to is not finalized by any number of full
#   collections, and whatever it owns (a descriptor, a connection) stays open. jit.flush() and a collection release
#   it; with jit.off() it does not happen.
# Versions: luajit2 2.1-20230119-1 (Debian 12).
# Source: package luajit2; LuaJIT/LuaJIT issue 895, where its author says that constants of a trace live as long as
#   the trace.
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

unpack luajit2=2.1-20230119-1 libluajit2-5.1-2=2.1-20230119-1
folders=$(echo "$here"/root/usr/lib/*-linux-gnu*):$(echo "$here"/root/lib/*-linux-gnu*)
within() { env LD_LIBRARY_PATH="$folders" "$@"; }

cat >probe.lua <<'END'
if arg[1] == "off" then jit.off() end
local made, finalized = 20, 0

local function new_object()
  local object = newproxy(true)
  getmetatable(object).__gc = function() finalized = finalized + 1 end
  return object
end

for _ = 1, made do
  local object = new_object()
  local function is_there() return object ~= nil end
  for _ = 1, 200 do assert(is_there()) end
end

local function kept_after(collections)
  for _ = 1, collections do collectgarbage() end
  return made - finalized
end
local two, twenty = kept_after(2), kept_after(18)
jit.flush()
local flushed = kept_after(2)
print(("compiler %-3s: of %d objects %d kept after 2 collections, %d after 20, %d after jit.flush() and 2"):format(
  arg[1], made, two, twenty, flushed))
local surprise = two > 0 and twenty > 0
os.exit(surprise == (arg[1] == "on") and flushed == 0 and 0 or 1)
END
within root/usr/bin/luajit probe.lua on
within root/usr/bin/luajit probe.lua off
