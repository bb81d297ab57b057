#!/bin/sh
# SPDX-License-Identifier: MIT
# Guess: CURLOPT_KEYPASSWD for a private key that has no password is not needed and does no harm, whichever TLS
#   library libcurl was built with.
# Seen: libcurl with OpenSSL ignores the password, and so does libcurl with GnuTLS for a key in the older form (BEGIN
#   EC PRIVATE KEY). The same key without encryption in PKCS #8 (BEGIN PRIVATE KEY) is refused by the GnuTLS build:
#   CURLE_SSL_CONNECT_ERROR, "ASN1 parser: Error in TAG". Without a password it is accepted, and with encryption and
#   its password, too.
# Versions: libcurl 7.88.1-10+deb12u15 with GnuTLS 3.7.9 (libcurl3-gnutls) and with OpenSSL 3 (libcurl4), luajit2
#   2.1-20230119-1 (its FFI makes the calls), nginx 1.22.1-9+deb12u11 (Debian 12).
# Source: packages libcurl3-gnutls, libcurl4; libcurl's page CURLOPT_KEYPASSWD does not name the difference; GnuTLS'
#   manual, gnutls_certificate_set_x509_key_file2.
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

unpack libcurl4=7.88.1-10+deb12u15 libcurl3-gnutls=7.88.1-10+deb12u15 luajit2=2.1-20230119-1 \
  libluajit2-5.1-2=2.1-20230119-1 nginx=1.22.1-9+deb12u11 \
  $(libraries libcurl4 libcurl3-gnutls libluajit2-5.1-2 nginx)

openssl ecparam -name prime256v1 -genkey -noout -out older.key
openssl pkcs8 -topk8 -nocrypt -in older.key -out pkcs8.key
openssl pkcs8 -topk8 -passout pass:secret -in older.key -out encrypted.key
openssl req -x509 -new -key older.key -out client.pem -days 2 -subj /CN=client 2>/dev/null
folders=$(echo "$here"/root/usr/lib/*-linux-gnu*):$(echo "$here"/root/lib/*-linux-gnu*)
within() { env LD_LIBRARY_PATH="$folders" "$@"; }

address=127.$((1 + $$ / 62500 % 250)).$((1 + $$ / 250 % 250)).$((1 + $$ % 250))
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.pem -days 2 \
  -subj /CN=localhost 2>/dev/null
mkdir pages && echo page >pages/page
cat >nginx.conf <<END
daemon off; master_process off; pid $here/pid; error_log $here/error.log;
events {}
http {
  access_log off;
  client_body_temp_path $here/1; proxy_temp_path $here/2; fastcgi_temp_path $here/3;
  uwsgi_temp_path $here/4; scgi_temp_path $here/5;
  server {
    listen $address:8443 ssl;
    ssl_certificate $here/server.pem;
    ssl_certificate_key $here/server.key;
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

cat >probe.lua <<'END'
local ffi = require "ffi"
ffi.cdef [[
  void *curl_easy_init(void);
  int curl_easy_setopt(void *, int, ...);
  int curl_easy_perform(void *);
  char *curl_version(void);
]]
local URL, WRITEDATA, ERRORBUFFER, VERIFYPEER, VERIFYHOST, CERT, KEY, KEYPASSWD, PROXY =
  10002, 10001, 10010, 64, 81, 10025, 10087, 10026, 10004

local function connect(curl, key, password)
  local easy, message = curl.curl_easy_init(), ffi.new "char[256]"
  local body = io.tmpfile()
  curl.curl_easy_setopt(easy, URL, arg[1])
  curl.curl_easy_setopt(easy, PROXY, "")
  curl.curl_easy_setopt(easy, WRITEDATA, body)
  curl.curl_easy_setopt(easy, ERRORBUFFER, message)
  curl.curl_easy_setopt(easy, VERIFYPEER, ffi.cast("long", 0))
  curl.curl_easy_setopt(easy, VERIFYHOST, ffi.cast("long", 0))
  curl.curl_easy_setopt(easy, CERT, "client.pem")
  curl.curl_easy_setopt(easy, KEY, key)
  if password then curl.curl_easy_setopt(easy, KEYPASSWD, password) end
  local code = curl.curl_easy_perform(easy)
  return code == 0 and "accepted" or "error " .. code .. ", " .. ffi.string(message)
end

local same = true
for _, build in ipairs {"libcurl.so.4", "libcurl-gnutls.so.4"} do
  local curl = ffi.load(build)
  print((ffi.string(curl.curl_version()):match "^%S+ %S+"))
  for _, row in ipairs {{"older.key", "secret"}, {"pkcs8.key"}, {"pkcs8.key", "secret"}, {"encrypted.key", "secret"}} do
    local key, password = row[1], row[2]
    local outcome = connect(curl, key, password)
    print(("  %-13s %-17s %s"):format(key, password and "with a password" or "without", outcome))
    local refused = build == "libcurl-gnutls.so.4" and key == "pkcs8.key" and password
    same = same and (refused and outcome:find "^error 35, .*Error in TAG" or not refused and outcome == "accepted")
  end
end
os.exit(same and 0 or 1)
END
within root/usr/bin/luajit probe.lua "https://$address:8443/page"
