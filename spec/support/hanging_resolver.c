/* SPDX-License-Identifier: MIT */
/* To be preloaded: looking up a name under hangs.example hangs, as with a name server that does not answer.
 * Once the file that HANGS_WHILE names is gone, new look-ups answer that it is this machine. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int resolver(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static int hangs(void) {
  const char *file = getenv("HANGS_WHILE");
  return !file || access(file, F_OK) == 0;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **result) {
  resolver *real = (resolver *)dlsym(RTLD_NEXT, "getaddrinfo");
  if (!node || !strstr(node, "hangs.example")) return real(node, service, hints, result);
  if (!hangs()) return real("127.0.0.1", service, hints, result);
  sleep(30);
  return EAI_AGAIN;
}
