/*
 * RTP generator of the relay benchmarks: sends one stream from each of its sockets and counts what comes back, with the
 * moment of each packet by the kernel's own stamp, so that a late reader does not look like a late relay.
 *
 *     rtp-generator <streams> <first port> <warm-up ms> <measured ms> <0 or 1> < targets
 *
 * One target port on 127.0.0.1 a line, in the order of the streams; stream i is bound to first port + 2i, and what it sends is
 * expected at stream i^1, or with 0 at stream i itself. A packet is 172 bytes, one each 20 ms; the streams are spread evenly over the 20 ms.
 * stdout: "begin" and "end" around the measured part, "window <epoch ms> <gap ms> <long gaps> <packets>" for each quarter of a second of it, then
 * one line of JSON. A gap is by how much two packets that were sent one after the other came apart, and 20 ms: what a listener
 * without a buffer would miss; long ones have more than 60 ms. In C, since a generator in JavaScript would cost more than what it
 * measures.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { packet_bytes = 172, header_bytes = 12, streams_max = 4096, bucket_us = 5, buckets = 200000 };

struct stream {
  int fd;
  struct sockaddr_in to;
  uint16_t sequence;
  uint32_t timestamp;
  /* How long the last packet that came to it had been on its way. */
  int64_t way_ns;
};

static struct stream streams[streams_max];
/* Histograms in steps of 5 µs up to one second; the last bucket holds what is longer. */
static uint32_t latency[buckets], lateness[buckets];
static uint64_t sent, received, foreign;
/* Of the window that runs. */
static int64_t gap_ns;
static uint64_t long_gaps, packets;
/* Another one each run: a relay that stays up between runs would take the same for a sender gone back in time. */
static uint32_t first_ssrc;
static int apart;

static int64_t now_ns(clockid_t clock) {
  struct timespec at;
  clock_gettime(clock, &at);
  return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static void note(uint32_t *histogram, int64_t ns) {
  int64_t bucket = ns < 0 ? 0 : ns / 1000 / bucket_us;
  histogram[bucket < buckets ? bucket : buckets - 1]++;
}

static double quantile(const uint32_t *histogram, double share) {
  uint64_t all = 0, seen = 0;
  for (int i = 0; i < buckets; i++) all += histogram[i];
  for (int i = 0; i < buckets; i++) {
    seen += histogram[i];
    if (all > 0 && seen >= share * (double)all) return (i + 1) * bucket_us / 1000.0;
  }
  return 0;
}

static void open_stream(int index, int port, int target) {
  struct stream *one = &streams[index];
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
  int yes = 1, bytes = 1 << 20;
  inet_pton(AF_INET, "127.0.0.1", &here.sin_addr);
  one->to = here;
  one->to.sin_port = htons(target);
  one->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  setsockopt(one->fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes);
  setsockopt(one->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  if (one->fd < 0 || bind(one->fd, (struct sockaddr *)&here, sizeof here) != 0) {
    perror("rtp-generator: bind");
    exit(2);
  }
}

/* Marked packets (in the measured part) carry the mark of this run and the moment of sending; the others a zero. */

static void send_one(int index, int marked) {
  struct stream *one = &streams[index];
  unsigned char packet[packet_bytes];
  memset(packet, 0xd5, sizeof packet);
  uint32_t timestamp = htonl(one->timestamp), ssrc = htonl(first_ssrc + index), mark = marked ? first_ssrc : 0;
  uint16_t sequence = htons(one->sequence);
  packet[0] = 0x80;
  packet[1] = 0;
  memcpy(packet + 2, &sequence, 2);
  memcpy(packet + 4, &timestamp, 4);
  memcpy(packet + 8, &ssrc, 4);
  memcpy(packet + 12, &mark, 4);
  memcpy(packet + 16, &index, 4);
  int64_t at = now_ns(CLOCK_REALTIME);
  memcpy(packet + 20, &at, 8);
  if (sendto(one->fd, packet, sizeof packet, 0, (struct sockaddr *)&one->to, sizeof one->to) > 0 && marked) sent++;
  one->sequence++;
  one->timestamp += 160;
}

static void note_gap(struct stream *to, int64_t way_ns);

static void receive_all(int index) {
  unsigned char packets[32][2048];
  char control[32][128];
  struct mmsghdr heads[32];
  struct iovec parts[32];
  for (;;) {
    for (int i = 0; i < 32; i++) {
      parts[i] = (struct iovec){packets[i], sizeof packets[i]};
      heads[i].msg_hdr = (struct msghdr){
          .msg_iov = &parts[i], .msg_iovlen = 1, .msg_control = control[i], .msg_controllen = sizeof control[i]};
    }
    int count = recvmmsg(streams[index].fd, heads, 32, 0, NULL);
    if (count <= 0) return;
    for (int i = 0; i < count; i++) {
      uint32_t mark;
      int from;
      int64_t at, arrived = 0;
      if (heads[i].msg_len != packet_bytes) continue;
      memcpy(&mark, packets[i] + 12, 4);
      memcpy(&from, packets[i] + 16, 4);
      memcpy(&at, packets[i] + 20, 8);
      if (mark != first_ssrc) continue;
      if (from != (index ^ apart)) {
        foreign++;
        continue;
      }
      for (struct cmsghdr *c = CMSG_FIRSTHDR(&heads[i].msg_hdr); c; c = CMSG_NXTHDR(&heads[i].msg_hdr, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
        struct timespec stamp;
        memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
        arrived = (int64_t)stamp.tv_sec * 1000000000 + stamp.tv_nsec;
      }
      received++;
      note(latency, arrived - at);
      note_gap(&streams[index], arrived - at);
    }
    if (count < 32) return;
  }
}

static void note_gap(struct stream *to, int64_t way_ns) {
  int64_t gap = way_ns - to->way_ns + 20000000;
  if (to->way_ns != 0 && gap > gap_ns) gap_ns = gap;
  if (to->way_ns != 0 && gap > 60000000) long_gaps++;
  to->way_ns = way_ns;
  packets++;
}

static void tell_window(void) {
  printf("window %lld %.1f %llu %llu\n", (long long)(now_ns(CLOCK_REALTIME) / 1000000), gap_ns / 1e6,
         (unsigned long long)long_gaps, (unsigned long long)packets);
  fflush(stdout);
  gap_ns = 0;
  long_gaps = packets = 0;
}

static double cpu_ms(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
}

int main(int argc, char **argv) {
  if (argc != 6) return 2;
  apart = atoi(argv[5]);
  int count = atoi(argv[1]), port = atoi(argv[2]);
  int64_t warm_ns = atoll(argv[3]) * 1000000, measured_ns = atoll(argv[4]) * 1000000;
  if (count < 2 || count > streams_max) return 2;
  int poller = epoll_create1(0);
  first_ssrc = (uint32_t)now_ns(CLOCK_REALTIME);
  for (int i = 0; i < count; i++) {
    int target;
    if (scanf("%d", &target) != 1) return 2;
    open_stream(i, port + 2 * i, target);
    struct epoll_event interest = {.events = EPOLLIN, .data.u32 = i};
    epoll_ctl(poller, EPOLL_CTL_ADD, streams[i].fd, &interest);
    streams[i].sequence = 1000;
  }
  const int64_t step = 20000000 / count, begun = now_ns(CLOCK_MONOTONIC);
  const int64_t tail_ns = 300000000;
  int64_t turn = 0, wall = 0;
  double cpu = 0;
  int phase = 0;
  int64_t window = 0;
  for (;;) {
    int64_t now = now_ns(CLOCK_MONOTONIC) - begun;
    if (phase == 1 && now >= window) {
      if (window > 0) tell_window();
      window = now + 250000000;
    }
    if (phase == 0 && now >= warm_ns) {
      phase = 1;
      cpu = cpu_ms();
      wall = now;
      puts("begin");
      fflush(stdout);
    } else if (phase == 1 && now >= warm_ns + measured_ns) {
      phase = 2;
      cpu = cpu_ms() - cpu;
      wall = now - wall;
      puts("end");
      fflush(stdout);
    } else if (phase == 2 && now >= warm_ns + measured_ns + tail_ns) break;
    while (turn * step <= now) {
      /* After a stall of ours the lost turns are sent at once: they count as late, not as lost. */
      if (phase == 1) note(lateness, now - turn * step);
      send_one((int)(turn % count), phase == 1);
      turn++;
      if ((turn & 15) == 0) now = now_ns(CLOCK_MONOTONIC) - begun;
    }
    struct epoll_event ready[256];
    int many = epoll_wait(poller, ready, 256, 1);
    for (int i = 0; i < many; i++) receive_all((int)ready[i].data.u32);
  }
  printf("{\"sent\":%llu,\"received\":%llu,\"foreign\":%llu,\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f,"
         "\"lateP99\":%.3f,\"core\":%.3f}\n",
         (unsigned long long)sent, (unsigned long long)received, (unsigned long long)foreign, quantile(latency, 0.5),
         quantile(latency, 0.99), quantile(latency, 1), quantile(lateness, 0.99), cpu * 1e6 / (double)wall);
  return 0;
}
