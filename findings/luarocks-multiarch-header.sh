#!/bin/sh
# SPDX-License-Identifier: MIT
# Guess: A rock's external dependency is found by LuaRocks where Debian's own compiler finds it, by its header as by
#   its library.
# Seen: A library in Debian's multiarch folder (usr/lib/x86_64-linux-gnu) is found. A header in
#   usr/include/x86_64-linux-gnu, where Debian has curl/curl.h, is not: "Could not find header file for CURL",
#   although the compiler takes it without an option. A rockspec that names the header is not built with Debian's
#   libcurl without a further variable; one that names the library is.
# Versions: luarocks 3.8.0+dfsg1-1 on Lua 5.1.5-9, libcurl4-openssl-dev 7.88.1-10+deb12u15 (Debian 12).
# Source: packages luarocks, libcurl4-openssl-dev; rest-nvim/rest.nvim issue 335 meets it; luarocks.core.cfg asks gcc
#   for the multiarch name for libraries only.
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

command -v gcc >/dev/null || { echo "not run: LuaRocks asks gcc for the multiarch folder" >&2; exit 2; }
unpack luarocks=3.8.0+dfsg1-1 lua5.1=5.1.5-9 liblua5.1-0=5.1.5-9 libcurl4-openssl-dev=7.88.1-10+deb12u15

export LUAROCKS_SYSCONFDIR="$here" LUAROCKS_CONFIG="$here/config.lua" HOME="$here"
folders=$(echo "$here"/root/usr/lib/*-linux-gnu*):$(echo "$here"/root/lib/*-linux-gnu*)
within() { env LD_LIBRARY_PATH="$folders" "$@"; }
echo "external_deps_dirs = { '$here/root/usr' }" >config.lua

# built WANTED: whether a rock with that external dependency, and nothing to compile, is made
built() {
  rm -rf rock && mkdir rock
  cat >rock/probe-1.0-1.rockspec <<END
rockspec_format = "3.0"
package = "probe"
version = "1.0-1"
source = { url = "file://." }
external_dependencies = { CURL = { $1 } }
build = { type = "none" }
END
  (cd rock && within env LUA_PATH="$here/root/usr/share/lua/5.1/?.lua" \
    "$here/root/usr/bin/lua5.1" "$here/root/usr/bin/luarocks" --lua-version 5.1 \
    make --tree "$here/tree" --deps-mode none probe-1.0-1.rockspec) >log 2>&1
}
(cd root/usr && ls -d include/*/curl/curl.h lib/*/libcurl.so)
header=found library=found
built 'header = "curl/curl.h"' || header='not found'
grep -q 'Could not find header file for CURL' log || test "$header" = found
built 'library = "curl"' || library='not found'
echo "header:  $header"
echo "library: $library"
test "$header, $library" = 'not found, found'
