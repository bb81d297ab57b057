#!/bin/sh
# SPDX-License-Identifier: MIT
# Guess: CURLINFO_ACTIVESOCKET, described as the most recently active socket of the handle, gives the socket of a
#   transfer that is under way in a multi handle.
# Seen: It gives -1 (CURL_SOCKET_BAD) from the first byte to the last. It gives the socket when the transfer has
#   ended and the handle has not been removed, and -1 again after curl_multi_remove_handle. A program that must know
#   a transfer's socket gets it from CURLMOPT_SOCKETFUNCTION or CURLOPT_OPENSOCKETFUNCTION.
# Versions: libcurl 7.88.1-10+deb12u15, luajit2 2.1-20230119-1 (its FFI makes the calls), nginx 1.22.1-9+deb12u11
#   (Debian 12). libcurl 8.14.1 does the same; 8.23.0 gives the socket from the beginning.
# Source: package libcurl4; libcurl's page CURLINFO_ACTIVESOCKET; curl/curl issue 5299 and pull request 5520, which
#   changed only the words of the page.
set -eu

here=$(mktemp -d)
server=
trap 'test -z "$server" || kill -KILL "$server" || true; rm -rf "$here"' EXIT
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

unpack libcurl4=7.88.1-10+deb12u15 luajit2=2.1-20230119-1 libluajit2-5.1-2=2.1-20230119-1 nginx=1.22.1-9+deb12u11 \
  $(libraries libcurl4 libluajit2-5.1-2 nginx)
folders=$(echo "$here"/root/usr/lib/*-linux-gnu*):$(echo "$here"/root/lib/*-linux-gnu*)
within() { env LD_LIBRARY_PATH="$folders" "$@"; }

address=127.$((1 + $$ / 62500 % 250)).$((1 + $$ / 250 % 250)).$((1 + $$ % 250))
mkdir pages && echo page >pages/page
cat >nginx.conf <<END
daemon off; master_process off; pid $here/pid; error_log $here/error.log;
events {}
http {
  access_log off;
  client_body_temp_path $here/1; proxy_temp_path $here/2; fastcgi_temp_path $here/3;
  uwsgi_temp_path $here/4; scgi_temp_path $here/5;
  server {
    listen $address:8080;
    limit_rate 20k;
    root $here/pages;
  }
}
END
env LD_LIBRARY_PATH="$folders" root/usr/sbin/nginx -e "$here/error.log" -p "$here" -c "$here/nginx.conf" &
server=$!
tries=0
until test -s pid; do
  tries=$((tries + 1))
  test "$tries" -lt 100 || { cat error.log >&2; echo "not run: nginx did not start" >&2; exit 2; }
  sleep 0.1
done
dd if=/dev/zero of=pages/slow bs=1000 count=50 2>/dev/null

cat >probe.lua <<'END'
local ffi = require "ffi"
ffi.cdef [[
  void *curl_easy_init(void);
  int curl_easy_setopt(void *, int, ...);
  int curl_easy_getinfo(void *, int, ...);
  void *curl_multi_init(void);
  int curl_multi_add_handle(void *, void *);
  int curl_multi_remove_handle(void *, void *);
  int curl_multi_perform(void *, int *);
  int curl_multi_poll(void *, void *, unsigned, int, int *);
  char *curl_version(void);
]]
local curl = ffi.load "libcurl.so.4"
local URL, WRITEDATA, SIZE_DOWNLOAD, ACTIVESOCKET = 10002, 10001, 0x600000 + 8, 0x500000 + 44
print((ffi.string(curl.curl_version()):match "^%S+"))

local easy, multi = curl.curl_easy_init(), curl.curl_multi_init()
local body = io.tmpfile()
curl.curl_easy_setopt(easy, URL, arg[1])
curl.curl_easy_setopt(easy, WRITEDATA, body)
curl.curl_multi_add_handle(multi, easy)

local running, bytes, descriptor = ffi.new "int[1]", ffi.new "int64_t[1]", ffi.new "int[1]"
local function socket()
  curl.curl_easy_getinfo(easy, ACTIVESOCKET, descriptor)
  return descriptor[0]
end

local seen, known = 0, 0
repeat
  curl.curl_multi_perform(multi, running)
  curl.curl_easy_getinfo(easy, SIZE_DOWNLOAD, bytes)
  if running[0] > 0 and bytes[0] > 0 then
    seen = seen + 1
    if socket() ~= -1 then known = known + 1 end
  end
  if running[0] > 0 then curl.curl_multi_poll(multi, nil, 0, 500, nil) end
until running[0] == 0
print(("under way, with bytes received: asked %d times, a socket %d times"):format(seen, known))
local ended = socket()
print("ended, in the multi handle: " .. (ended >= 0 and "a socket" or ended))
curl.curl_multi_remove_handle(multi, easy)
local removed = socket()
print("removed: " .. (removed >= 0 and "a socket" or removed))
os.exit(seen > 0 and known == 0 and ended >= 0 and removed == -1 and 0 or 1)
END
within root/usr/bin/luajit probe.lua "http://$address:8080/slow"
