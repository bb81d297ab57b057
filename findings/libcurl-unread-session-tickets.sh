#!/bin/sh
# SPDX-License-Identifier: MIT
# Guess: A kept-alive connection in which TLS 1.3 session tickets wait to be read is alive: a server may send them at
#   any time (RFC 8446, 4.6.1), and the TLS library reads them before the next answer.
# Seen: libcurl 8.14 takes any unread byte on an idle HTTP/1.1 connection for its end, closes it, and makes another
#   one, with a handshake. A server that sends a ticket after each answer gets a new connection for each request. With
#   TLS 1.2, which has no such tickets, libcurl uses the connection again, and 7.88 does with both.
# Versions: curl and libcurl 7.88.1-10+deb12u15 (Debian 12), 8.14.1-2+deb13u7 (Debian 13), both with OpenSSL 3.
#   The server is made with libssl-dev 3.0.22-1~deb12u2.
# Source: packages curl, libcurl4, libcurl4t64; curl/curl pull request 10690, which denies reuse to connections with
#   unread input.
set -eu

here=$(mktemp -d)
server=
trap 'test -z "$server" || kill -KILL "$server" || true; rm -rf "$here"' EXIT
trap 'exit 1' INT TERM
cd "$here"

# unpack FOLDER PACKAGE[=VERSION]...: fetches these packages and unpacks them
unpack() {
  folder=$1
  shift
  apt-get download "$@" >download.log 2>&1 || {
    cat download.log >&2
    echo "not run: apt has not got these versions; apt-get update may help" >&2
    exit 2
  }
  for package in *.deb; do dpkg -x "$package" "$folder"; done
  rm -f ./*.deb
}

# libraries PACKAGE...: the libraries that these depend on
libraries() {
  apt-cache depends --recurse --important --no-conflicts --no-breaks --no-replaces --no-enhances "$@" |
    grep '^lib[a-z0-9.+-]*$' | grep -vx -e "$(printf '%s\n' "$@")" | sort -u
}

command -v gcc >/dev/null || { echo "not run: the server needs gcc" >&2; exit 2; }
unpack 12 curl=7.88.1-10+deb12u15 libcurl4=7.88.1-10+deb12u15 libssl-dev=3.0.22-1~deb12u2 libssl3=3.0.22-1~deb12u2 \
  $(libraries curl libcurl4 libssl3)

# From here on, apt uses the index of Debian 13, which it keeps in this folder.
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep '/debian/*$' | sed 1q)
mkdir -p apt/lists/partial apt/cache/archives/partial
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >apt/sources
touch apt/status
cat >apt/configuration <<END
Dir::Etc::SourceList "$here/apt/sources"; Dir::Etc::SourceParts "/dev/null";
Dir::State "$here/apt"; Dir::State::Status "$here/apt/status"; Dir::Cache "$here/apt/cache";
END
export APT_CONFIG="$here/apt/configuration"
apt-get update >update.log 2>&1 || { cat update.log >&2; echo "not run: no index of Debian 13" >&2; exit 2; }
unpack 13 curl=8.14.1-2+deb13u7 libcurl4t64=8.14.1-2+deb13u7 $(libraries curl libcurl4t64)

cat >server.c <<'END'
/* Answers each request, and sends a session ticket after each answer. */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";

static void serve(SSL *ssl) {
  char request[4096];
  while (SSL_read(ssl, request, sizeof request) > 0) {
    SSL_write(ssl, answer, (int)strlen(answer));
    if (SSL_version(ssl) == TLS1_3_VERSION && SSL_new_session_ticket(ssl) == 1) SSL_do_handshake(ssl);
  }
}

int main(int count, char **arguments) {
  SSL_CTX *context = SSL_CTX_new(TLS_server_method());
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(8443)};
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (count != 2 || inet_pton(AF_INET, arguments[1], &address.sin_addr) != 1) return 1;
  SSL_CTX_use_certificate_file(context, "server.pem", SSL_FILETYPE_PEM);
  SSL_CTX_use_PrivateKey_file(context, "server.key", SSL_FILETYPE_PEM);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 9)) return 1;
  puts("listening");
  fflush(stdout);
  for (;;) {
    SSL *ssl = SSL_new(context);
    SSL_set_fd(ssl, accept(listener, NULL, NULL));
    if (SSL_accept(ssl) == 1) serve(ssl);
    SSL_free(ssl);
  }
}
END
lib12=$(echo "$here"/12/usr/lib/*-linux-gnu)
gcc -I12/usr/include -I"$(echo 12/usr/include/*-linux-gnu)" server.c -o server -L"$lib12" -lssl -lcrypto
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.pem -days 2 \
  -subj /CN=localhost 2>/dev/null
address=127.$((1 + $$ / 62500 % 250)).$((1 + $$ / 250 % 250)).$((1 + $$ % 250))
LD_LIBRARY_PATH=$lib12 ./server "$address" >started &
server=$!
tries=0
until test -s started; do
  tries=$((tries + 1))
  test "$tries" -lt 100 || { echo "not run: the server did not start" >&2; exit 2; }
  sleep 0.1
done

# twice RELEASE OPTION...: two requests, the second 1 s after the first, with the curl of that Debian and its own libc
twice() {
  release=$1
  shift
  "$(find "$here/$release" -name 'ld-linux*.so.*' | sed 1q)" \
    --library-path "$(echo "$here/$release"/usr/lib/*-linux-gnu):$(echo "$here/$release"/lib/*-linux-gnu)" \
    "$here/$release/usr/bin/curl" -q --noproxy '*' --insecure --silent --verbose --rate 60/m --http1.1 "$@" \
    "https://$address:8443/" "https://$address:8443/" >trace 2>&1
}
outcomes=
for release in 12 13; do
  for version in 1.2 1.3; do
    twice $release --tls-max $version
    made=$(grep -c 'Connected to' trace || true) dead=$(grep -c 'seems to be dead' trace || true)
    outcome="connections made: $made, thought dead: $dead"
    echo "Debian $release, TLS $version: $outcome"
    outcomes="$outcomes$outcome; "
  done
done
alive='connections made: 1, thought dead: 0; '
test "$outcomes" = "$alive$alive${alive}connections made: 2, thought dead: 1; "
