/* SPDX-License-Identifier: MIT
 * usage: link DELAY_MS MBIT_PER_S QUEUE_KIB LOSS_PPM
 * A link between two network namespaces, for kernels without netem: a TUN device at each end, 10.99.0.1 in A
 * and 10.99.0.2 in B. The namespaces are made here, and end with this program and those that entered them. A
 * packet arrives DELAY_MS later at the other end, after those before it have been sent at MBIT_PER_S (0: no
 * limit). A packet that finds more than QUEUE_KIB waiting is dropped, as are LOSS_PPM of a million at random.
 * Prints the paths of A and B, for nsenter(1), once both ends are up. Needs root; ends on a signal. Without
 * limit and loss, segments of one connection pass in one piece of up to 64 KiB, as a network card with
 * segmentation offload takes them. Packet by packet, this program carries no more than 130 MB/s. */
#include "base/monotonic_clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <math.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
  MTU = 1500,
  MAX_PACKET_BYTES = (1 << 16) + sizeof(struct virtio_net_hdr),
  MAX_PACKETS = 1 << 16,
  PACKETS_A_TURN = 64,
};

struct packet {
  double due;
  size_t size;
  unsigned char *bytes;
};

/* One direction. What is on its way lies in a ring, in the order in which it arrives. */
struct way {
  int from, to;
  struct packet *ring;
  unsigned entered, left;
  double free_at;      /* when the line has sent what entered so far */
  size_t queued_bytes; /* not sent yet */
  unsigned sent;       /* packets that the line has sent, of those that entered */
};

static struct {
  double delay, bytes_per_second, queue_bytes, loss;
  bool offloads; /* segmentation and checksums, to the other end */
} line;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static struct packet *packet_at(const struct way *way, unsigned number) {
  return &way->ring[number % MAX_PACKETS];
}

static bool is_lost(const struct way *way, size_t size) {
  return way->entered - way->left == MAX_PACKETS || (double)(way->queued_bytes + size) > line.queue_bytes ||
         drand48() < line.loss;
}

/* Packets leave the queue once the line has sent them, a delay before they arrive. */
static void note_sent(struct way *way, double now) {
  for (; way->sent != way->entered && packet_at(way, way->sent)->due - line.delay <= now; way->sent++)
    way->queued_bytes -= packet_at(way, way->sent)->size;
}

static bool take_packet(struct way *way, double now) {
  static unsigned char bytes[MAX_PACKET_BYTES];
  struct packet *packet = packet_at(way, way->entered);
  ssize_t size = read(way->from, bytes, sizeof bytes);
  if (size <= 0) return false;
  if (is_lost(way, (size_t)size)) return true;
  way->free_at = fmax(way->free_at, now);
  if (line.bytes_per_second > 0) way->free_at += (double)size / line.bytes_per_second;
  packet->size = (size_t)size;
  packet->bytes = malloc(packet->size);
  if (!packet->bytes) fail("malloc");
  memcpy(packet->bytes, bytes, packet->size);
  packet->due = way->free_at + line.delay;
  way->queued_bytes += packet->size;
  way->entered++;
  return true;
}

static void deliver(struct way *way, double now) {
  for (; way->left != way->entered && packet_at(way, way->left)->due <= now; way->left++) {
    const struct packet *packet = packet_at(way, way->left);
    if (write(way->to, packet->bytes, packet->size) < 0 && errno != EAGAIN && errno != ENOBUFS) fail("write");
    free(packet->bytes);
  }
}

static void turn(struct way *way) {
  double now = monotonic_clock_now();
  note_sent(way, now);
  for (int i = 0; i < PACKETS_A_TURN && take_packet(way, now); i++) {
  }
  deliver(way, now);
}

static double due_of(const struct way *way) {
  return way->left == way->entered ? INFINITY : packet_at(way, way->left)->due;
}

static void run(struct way ways[2]) {
  struct pollfd ends[2] = {{.fd = ways[0].from, .events = POLLIN}, {.fd = ways[1].from, .events = POLLIN}};
  for (;;) {
    double wait = fmax(0, fmin(1, fmin(due_of(&ways[0]), due_of(&ways[1])) - monotonic_clock_now()));
    struct timespec timeout = {(time_t)wait, (long)((wait - floor(wait)) * 1e9)};
    if (ppoll(ends, 2, &timeout, NULL) < 0 && errno != EINTR) fail("ppoll");
    turn(&ways[0]);
    turn(&ways[1]);
  }
}

/* Returns a descriptor that stands for it. */
static int enter_new_namespace(void) {
  int descriptor = -1;
  if (unshare(CLONE_NEWNET) == 0) descriptor = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail("a network namespace");
  return descriptor;
}

/* Returns the descriptor that carries the packets of a new device in the namespace of this process. */
static int open_end(const char *address, const char *peer) {
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI, .ifr_name = "far"};
  unsigned offloads = TUN_F_CSUM | TUN_F_TSO4;
  char command[256];
  int descriptor;
  if (line.offloads)
    request.ifr_flags |= IFF_VNET_HDR; /* a header before each packet tells what is left to do */
  descriptor = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  if (descriptor < 0 || ioctl(descriptor, TUNSETIFF, &request) != 0) fail("/dev/net/tun");
  if (line.offloads && ioctl(descriptor, TUNSETOFFLOAD, offloads) != 0) fail("TUNSETOFFLOAD");
  snprintf(
      command, sizeof command,
      "ip address add %s peer %s dev far && ip link set far mtu %d txqueuelen 10000 up && ip link set lo up",
      address, peer, MTU);
  if (system(command) != 0) exit(1);
  return descriptor;
}

int main(int count, char **arguments) {
  static struct way ways[2];
  static const struct sched_param first = {.sched_priority = 1};
  int namespaces[2];
  if (count != 5) return fputs("usage: link DELAY_MS MBIT_PER_S QUEUE_KIB LOSS_PPM\n", stderr), 2;
  line.delay = atof(arguments[1]) / 1e3;
  line.bytes_per_second = atof(arguments[2]) * 1e6 / 8;
  line.queue_bytes = atof(arguments[3]) * 1024;
  line.loss = atof(arguments[4]) / 1e6;
  line.offloads = line.bytes_per_second == 0 && line.loss == 0;
  namespaces[0] = enter_new_namespace();
  ways[0].from = ways[1].to = open_end("10.99.0.1", "10.99.0.2");
  namespaces[1] = enter_new_namespace();
  ways[1].from = ways[0].to = open_end("10.99.0.2", "10.99.0.1");
  sched_setscheduler(0, SCHED_FIFO, &first); /* where it may: a line does not wait for its ends' work */
  for (int i = 0; i < 2; i++)
    if (!(ways[i].ring = calloc(MAX_PACKETS, sizeof *ways[i].ring))) fail("calloc");
  printf("/proc/%d/fd/%d /proc/%d/fd/%d\n", getpid(), namespaces[0], getpid(), namespaces[1]);
  fflush(stdout);
  run(ways);
}
