#!/bin/sh
# SPDX-License-Identifier: MIT
# Guess: A kept-alive connection that the server has closed while it was idle is noticed before it is used again,
#   with TLS as without, for libcurl looks at a connection before it takes it from the pool.
# Seen: Without TLS it is noticed. With TLS the server's close_notify still waits to be read, and libcurl takes these
#   bytes as a sign of life: the next request, a POST here, is written to the dead connection, and sent again on
#   another one when that has failed. A program that forbids or counts repetitions sees a failed request, although
#   the close was orderly and seconds old.
# Versions: curl and libcurl 7.88.1-10+deb12u15 with OpenSSL 3, nginx 1.22.1-9+deb12u11 with keepalive_timeout 1s
#   (Debian 12). libcurl 8.14.1 notices.
# Source: packages curl, libcurl4; curl/curl pull request 10690, which denies reuse to connections with unread input.
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

unpack curl=7.88.1-10+deb12u15 libcurl4=7.88.1-10+deb12u15 nginx=1.22.1-9+deb12u11 $(libraries curl libcurl4 nginx)
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
    listen $address:8080;
    listen $address:8443 ssl;
    ssl_certificate $here/server.pem;
    ssl_certificate_key $here/server.key;
    keepalive_timeout 1s;
    location /post { return 200 done; }
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

# twice URL: two POSTs, the second 3 s after the first, when nginx has closed the connection
twice() {
  within root/usr/bin/curl -q --noproxy '*' --insecure --silent --verbose --rate 20/m --data a=1 "$1" "$1" >trace 2>&1
}
count() { grep -c "$1" trace || true; }

within root/usr/bin/curl -q --version | sed 1q
twice "http://$address:8080/post"
plain_requests=$(count '^> POST') plain_noticed=$(count 'seems to be dead')
echo "plain: $plain_requests POSTs written, the dead connection noticed $plain_noticed times beforehand"
twice "https://$address:8443/post"
tls_requests=$(count '^> POST') tls_noticed=$(count 'seems to be dead') tls_died=$(count 'Connection died')
echo "TLS:   $tls_requests POSTs written, the dead connection noticed $tls_noticed times beforehand, $tls_died after"
test "$plain_requests $plain_noticed $tls_requests $tls_noticed $tls_died" = '2 1 3 0 1'
