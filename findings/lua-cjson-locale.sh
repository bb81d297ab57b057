#!/bin/sh
# SPDX-License-Identifier: MIT
# Guess: JSON has one decimal point, so lua-cjson's numbers do not depend on os.setlocale, or an unfitting locale is
#   an error.
# Seen: lua-cjson looks at the locale once, when it is loaded. With a decimal comma set afterwards, encode {1.5}
#   gives [1,5]: valid JSON that says something else, without an error. decode refuses the valid [1.5]. A call of
#   cjson.new(), whose result is thrown away, mends the instance that was there before, too.
# Versions: lua-cjson 2.1.0+dfsg-2.2 on Lua 5.4.4-3+deb12u1, locale de_DE of locales 2.36-9+deb12u14 (Debian 12).
# Source: package lua-cjson; mpx/lua-cjson issue 70.
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

unpack lua-cjson=2.1.0+dfsg-2.2 lua5.4=5.4.4-3+deb12u1 liblua5.4-0=5.4.4-3+deb12u1 locales=2.36-9+deb12u14
folders=$(echo "$here"/root/usr/lib/*-linux-gnu*):$(echo "$here"/root/lib/*-linux-gnu*)
within() { env LD_LIBRARY_PATH="$folders" "$@"; }

mkdir locales
I18NPATH=$here/root/usr/share/i18n localedef -i de_DE -f UTF-8 locales/de_DE.UTF-8

cat >probe.lua <<'END'
local cjson = require "cjson"
local function row(when)
  local decoded, value = pcall(cjson.decode, "[1.5]")
  value = decoded and value[1] == 1.5 and "1.5" or tostring(value)
  print(("%-27s encode {1.5}: %s   decode [1.5]: %s"):format(when, cjson.encode {1.5}, value))
  return cjson.encode {1.5} .. " " .. tostring(decoded)
end
local before = row "as loaded"
assert(os.setlocale("de_DE.UTF-8", "numeric"))
local after = row "with a decimal comma"
cjson.new()
local mended = row "after an unused cjson.new()"
os.exit(before == "[1.5] true" and after == "[1,5] false" and mended == "[1.5] true")
END
modules=$(echo root/usr/lib/*-linux-gnu*/lua/5.4)
within env LUA_CPATH="$modules/?.so" LOCPATH="$here/locales" root/usr/bin/lua5.4 probe.lua
