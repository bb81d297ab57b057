#!/bin/sh
# SPDX-License-Identifier: MIT
# Guess: libcurl sends a request again by itself when HTTP/2 allows it: the server has refused its stream with
#   REFUSED_STREAM, so it did not process it. A POST whose new connection breaks after the server has received it is
#   not sent again, and fails.
# Seen: When a request is refused on a kept-alive connection, libcurl sends it again, and leaves the note of the refusal
#   in the easy handle. It holds that note against a later request of the handle: when the new connection of that one
#   breaks without an answer, libcurl reports "REFUSED_STREAM, retrying a fresh connect", and sends the POST again,
#   though the server never refused it. The server gets it twice.
# Versions: libcurl4 7.88.1-10+deb12u15 with nghttp2 1.52.0 (Debian 12). 8.14.1 and 8.23.0 do the same.
# Source: package libcurl4; RFC 9113, 8.7; curl/curl issue 5119 shows the code that decides on repetitions.
set -eu

command -v python3 >/dev/null || { echo "not run: the server and the client need python3" >&2; exit 2; }
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

unpack libcurl4=7.88.1-10+deb12u15 $(libraries libcurl4)
folders=$(echo "$here"/root/usr/lib/*-linux-gnu*):$(echo "$here"/root/lib/*-linux-gnu*)
address=127.$((1 + $$ / 62500 % 250)).$((1 + $$ / 250 % 250)).$((1 + $$ % 250))
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.pem -days 2 \
  -subj /CN=localhost 2>/dev/null

cat >probe.py <<'END'
import ctypes, socket, ssl, struct, sys, threading

address, refuses = sys.argv[1], sys.argv[2] == "refused"
received = []

def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload

def read_exactly(connection, size):
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece: raise EOFError
        data += piece
    return data

# Answers a request. Returns whether the connection goes on.
def answer(connection, body, stream):
    if body == b"third":  # it has arrived, and now the server crashes: its kernel resets the connection
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
    if body == b"second" and refuses and received.count(body) == 1:
        connection.sendall(frame(3, 0, stream, struct.pack(">I", 7)))  # RST_STREAM, REFUSED_STREAM
        return True
    goes_on = body == b"first"
    goaway = frame(7, 0, 0, struct.pack(">II", stream, 0))  # NO_ERROR: the connection ends in good order
    connection.sendall((b"" if goes_on else goaway) + frame(1, 5, stream, b"\x88"))  # HEADERS, ":status: 200"
    return goes_on

def serve(connection):
    read_exactly(connection, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
    connection.sendall(frame(4, 0, 0))  # SETTINGS
    goes_on, acknowledged = True, False
    while goes_on or not acknowledged:
        head = read_exactly(connection, 9)
        size, kind, flags, stream = int.from_bytes(head[:3], "big"), head[3], head[4], int.from_bytes(head[5:], "big")
        payload = read_exactly(connection, size)
        if kind == 4 and flags & 1: acknowledged = True
        elif kind == 4: connection.sendall(frame(4, 1, 0))
        elif kind == 0 and payload:  # DATA
            received.append(payload)
            goes_on = answer(connection, payload, stream)

def accept(listener, context):
    while True:
        try:
            with context.wrap_socket(listener.accept()[0], server_side=True) as connection: serve(connection)
        except (EOFError, OSError):
            pass

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server.pem", "server.key")
context.set_alpn_protocols(["h2"])
listener = socket.create_server((address, 8443))
threading.Thread(target=accept, args=(listener, context), daemon=True).start()

curl = ctypes.CDLL("libcurl.so.4")
curl.curl_easy_init.restype = ctypes.c_void_p
curl.curl_version.restype = curl.curl_easy_strerror.restype = ctypes.c_char_p
URL, NOPROXY, POSTFIELDS, VERBOSE, SSL_VERIFYPEER, SSL_VERIFYHOST = 10002, 10177, 10015, 41, 64, 81
print(curl.curl_version().split()[0].decode())
easy = ctypes.c_void_p(curl.curl_easy_init())
def set_option(option, value):
    curl.curl_easy_setopt(easy, option, value if isinstance(value, bytes) else ctypes.c_long(value))
set_option(URL, b"https://%s:8443/" % address.encode())
set_option(NOPROXY, b"*")
set_option(SSL_VERIFYPEER, 0)
set_option(SSL_VERIFYHOST, 0)
set_option(VERBOSE, 1)
for body in b"first", b"second", b"third":
    set_option(POSTFIELDS, body)
    result = curl.curl_easy_strerror(curl.curl_easy_perform(easy)).decode()
    print(f"{body.decode()}: {result}; the server got it {received.count(body)}x")
END

# thrice WORD: three POSTs by one easy handle; with "refused", the server refuses the second once
thrice() {
  echo "the second is $1:"
  env LD_LIBRARY_PATH="$folders" timeout 60 python3 probe.py "$address" "$1" 2>trace >outcome
  cat outcome
  times="$times$(sed -n 's/^third:.*got it \([0-9]*\)x$/\1/p' outcome) $(grep -c REFUSED_STREAM, trace || true); "
}
times=
thrice accepted
thrice refused
test "$times" = '1 0; 2 1; '
