#!/bin/sh
# SPDX-License-Identifier: MIT
# Guess: On Lua 5.4, which has integers of 64 bits, lua-cjson writes an integer with all of its digits and reads one
#   as an integer.
# Seen: encode rounds each integer to 14 digits (1234567890123456 becomes 1.2345678901235e+15) without an error, and
#   encode_number_precision refuses more than 14. decode makes a float of each number: 1719184911 comes out as
#   1719184911.0, 9007199254740993 as its neighbour.
# Versions: lua-cjson 2.1.0+dfsg-2.2 on Lua 5.4.4-3+deb12u1 (Debian 12).
# Source: package lua-cjson; mpx/lua-cjson issues 33 and 80; OpenResty's fork allows a precision of 16
#   (openresty/lua-cjson pull request 4).
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

unpack lua-cjson=2.1.0+dfsg-2.2 lua5.4=5.4.4-3+deb12u1 liblua5.4-0=5.4.4-3+deb12u1
folders=$(echo "$here"/root/usr/lib/*-linux-gnu*):$(echo "$here"/root/lib/*-linux-gnu*)
within() { env LD_LIBRARY_PATH="$folders" "$@"; }

cat >probe.lua <<'END'
local cjson = require "cjson"
local integer = 1234567890123456
local encoded = cjson.encode {integer}
print("encode {1234567890123456}:        " .. encoded)
local fifteen, refusal = pcall(cjson.encode_number_precision, 15)
print("encode_number_precision(15):      " .. tostring(refusal))
local time, large = cjson.decode "1719184911", cjson.decode "9007199254740993"
print("decode 1719184911:                " .. tostring(time) .. ", " .. math.type(time))
print("decode 9007199254740993 as %d:    " .. ("%d"):format(large))
os.exit(encoded == "[1.2345678901235e+15]" and not fifteen and math.type(time) == "float" and
  tostring(time) == "1719184911.0" and large == 9007199254740992)
END
modules=$(echo root/usr/lib/*-linux-gnu*/lua/5.4)
within env LUA_CPATH="$modules/?.so" root/usr/bin/lua5.4 probe.lua
