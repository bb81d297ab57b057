#!/bin/sh
# SPDX-License-Identifier: MIT
# Guess: After a request that timed out without a byte of an answer, the next one gets another connection: with
#   HTTP/1.1 libcurl closes the silent connection.
# Seen: With HTTP/2 it keeps it and puts the next request on it, which times out in its turn: when a path has gone
#   dead, a retry spends its whole time-out on the same dead connection.
# Versions: curl and libcurl 7.88.1-10+deb12u15 with nghttp2 1.52.0, nginx 1.22.1-9+deb12u11, stopped to make it
#   silent (Debian 12).
# Source: packages curl, libcurl4; curl/curl issue 17225 (labelled known-issue) has it after a change of network.
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
    listen $address:8443 ssl http2;
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

# thrice OPTION: a request each 3 s, three in all, each with a time-out of 1 s; the server falls silent after the first
thrice() {
  url=https://$address:8443/page
  : >trace
  within root/usr/bin/curl -q --noproxy '*' "$1" --insecure --silent --verbose --max-time 1 --rate 20/m \
    "$url" "$url" "$url" >trace 2>&1 &
  client=$!
  tries=0
  until grep -q 'left intact' trace || test "$tries" -ge 100; do
    tries=$((tries + 1))
    sleep 0.02
  done
  kill -STOP "$server"
  wait "$client" || true
  kill -CONT "$server"
}
count() { grep -c "$1" trace || true; }

outcomes=
for option in --http1.1 --http2; do
  thrice $option
  made=$(count '^. Connected to') reused=$(count 'Re-using existing')
  outcome="$(count 'timed out after') timed out, connections made: $made, used again: $reused"
  echo "$option: $outcome"
  outcomes="$outcomes$outcome; "
done
test "$outcomes" = '2 timed out, connections made: 2, used again: 1; 2 timed out, connections made: 1, used again: 2; '
