/* The callers of `bench -- ws`: told by lines on the standard input what to do, each is answered with one line of JSON (load-client.ts). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FRAME = 160, SOUND = 10, PERIOD = 40, MARKS = 100, FIRST_LOUD = 3, QUIET = 3, BINS = 20000, MOST = 4096, ROOM = 8192, SHORT = 3 };
#define FRAME_MS 20.0
#define TICK_MS 1.0
#define PER_BIN_MS 0.1
#define STDIN_ID 0xffffffffu

typedef struct {
  int fd, open, filled, quiet, at, mark;
  long frames;                /* sent */
  double heard_ms, started;
  double sent[MARKS][SOUND];  /* when the frames of each sound went */
  float *late;                /* of this measurement: arrival less the audio before it */
  long lates, room;
  uint8_t in[ROOM];
} Caller;

typedef struct { uint8_t bytes[512]; int length; } Message;

static Caller *callers;
static int count, turn, poller, measuring;
static Message symbols[10], silence, close_frame;
static long sent, received, sounds_sent, sounds_heard, garbled;
static long delay_bins[BINS + 1], late_bins[BINS + 1];
static int8_t base64[256];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static double cpu_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void bin(long *bins, double ms) {
  double at = ceil(ms / PER_BIN_MS);
  bins[at < 1 ? 1 : at > BINS ? BINS : (int)at]++;
}

/* A whole masked message of a client (RFC 6455, 5.2). */
static Message masked(int opcode, const char *text, int length) {
  static const uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};
  Message m;
  int at = 0;
  m.bytes[at++] = 0x80 | opcode;
  if (length < 126) m.bytes[at++] = 0x80 | length;
  else {
    m.bytes[at++] = 0x80 | 126;
    m.bytes[at++] = length >> 8;
    m.bytes[at++] = length & 255;
  }
  memcpy(m.bytes + at, key, 4);
  at += 4;
  for (int i = 0; i < length; i++) m.bytes[at++] = text[i] ^ key[i & 3];
  m.length = at;
  return m;
}

/* One frame of nothing but `code`. */
static Message media(uint8_t code) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  static const char head[] = "{\"event\":\"media\",\"media\":{\"payload\":\"";
  char text[512];
  int at = sizeof head - 1;
  memcpy(text, head, at);
  for (int i = 0; i < FRAME; i += 3) {
    int left = FRAME - i, v = code << 16 | (left > 1 ? code << 8 : 0) | (left > 2 ? code : 0);
    text[at++] = letters[v >> 18];
    text[at++] = letters[v >> 12 & 63];
    text[at++] = left > 1 ? letters[v >> 6 & 63] : '=';
    text[at++] = left > 2 ? letters[v & 63] : '=';
  }
  memcpy(text + at, "\"}}", 3);
  return masked(1, text, at + 3);
}

static void prepare(void) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  memset(base64, -1, sizeof base64);
  for (int i = 0; i < 64; i++) base64[(int)letters[i]] = i;
  /* A digit is an exponent of mu-law and a sign: resampling to and fro leaves it what it was. */
  for (int d = 0; d < 10; d++) symbols[d] = media(~((d & 1) << 7 | (FIRST_LOUD + d / 2) << 4 | 8));
  silence = media(0xff);
  close_frame = masked(8, "\x03\xe8", 2);
}

static int digit(int mark, int at) { return at % 2 ? mark % 10 : mark / 10; }

static void gone(Caller *c) {
  if (!c->open) return;
  c->open = 0;
  epoll_ctl(poller, EPOLL_CTL_DEL, c->fd, NULL);
  close(c->fd);
}

/* Sends the frame that is due. */
static void speak(Caller *c) {
  int at = c->frames % PERIOD, mark = c->frames / PERIOD % MARKS;
  c->frames++;
  if (!c->open) return;
  const Message *m = at < SOUND ? &symbols[digit(mark, at)] : &silence;
  if (write(c->fd, m->bytes, m->length) != m->length) return gone(c); /* it does not read any more */
  if (at < SOUND) c->sent[mark][at] = now();
  if (!measuring) return;
  sent++;
  if (at == 0) sounds_sent++;
}

/* What is due of all; their phases are in order. */
static void speak_all(double t) {
  while (count > 0 && t >= callers[turn].started + callers[turn].frames * FRAME_MS) {
    speak(&callers[turn]);
    turn = (turn + 1) % count;
  }
}

/* One frame came back: `code` is from its middle. */
static void hear(Caller *c, uint8_t code, int samples, double t) {
  int level = ~code & 0xff, loud = (level >> 4 & 7) >= FIRST_LOUD, symbol = ((level >> 4 & 7) - FIRST_LOUD) * 2 + (level >> 7);
  c->heard_ms += samples / 8.0;
  if (measuring) {
    received++;
    if (c->lates < c->room) c->late[c->lates++] = (float)(t - c->heard_ms - c->started);
  }
  if (!loud) {
    c->quiet++;
    return;
  }
  if (c->quiet >= QUIET) {
    c->at = 0;
    c->mark = symbol * 10;
  } else c->at++;
  c->quiet = 0;
  if (c->at == 1) {
    c->mark += symbol;
    if (measuring) sounds_heard++;
  }
  if (c->at < 1 || c->at >= SOUND) return;
  double at = c->sent[c->mark][c->at];
  if (!measuring) return;
  if (at == 0 || symbol != digit(c->mark, c->at)) garbled++;
  else bin(delay_bins, t - at);
}

/* Takes whole messages out of what has come. */
static void messages(Caller *c, double t) {
  static const char key[] = "\"payload\":\"";
  int at = 0;
  while (c->filled - at >= 2) {
    uint8_t *p = c->in + at;
    int length = p[1] & 127, head = 2;
    if (length == 126) {
      if (c->filled - at < 4) break;
      length = p[2] << 8 | p[3];
      head = 4;
    } else if (length == 127) return gone(c);
    if (head + length > ROOM) return gone(c);
    if (c->filled - at < head + length) break;
    if ((p[0] & 15) == 8) return gone(c);
    uint8_t *text = p + head, *found = (p[0] & 15) == 1 ? memmem(text, length, key, sizeof key - 1) : NULL;
    if (found) {
      uint8_t *from = found + sizeof key - 1, *end = memchr(from, '"', text + length - from);
      int letters = end ? end - from : 0, samples = letters * 3 / 4 - (letters && end[-1] == '=') - (letters && end[-2] == '=');
      int middle = letters / 8 * 4; /* the first of a group of four */
      if (letters >= 8) hear(c, base64[from[middle]] << 2 | base64[from[middle + 1]] >> 4, samples, t);
    }
    at += head + length;
  }
  memmove(c->in, c->in + at, c->filled - at);
  c->filled -= at;
}

/* Told once of what has come: reads until there is no more. */
static void readable(Caller *c, double t) {
  for (int room, got; c->open; ) {
    room = ROOM - c->filled;
    got = read(c->fd, c->in + c->filled, room);
    if (got <= 0) {
      if (got == 0 || errno != EAGAIN) gone(c);
      return;
    }
    c->filled += got;
    messages(c, t);
    if (got < room) return;
  }
}

static int dial(const char *host, int port, int index) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)}, from = {.sin_family = AF_INET};
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  inet_pton(AF_INET, host, &to.sin_addr);
  /* Each address has ports of its own. Where there is only one it has to do. */
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + index % 200);
  if (to.sin_addr.s_addr == htonl(INADDR_LOOPBACK)) (void)!bind(fd, (void *)&from, sizeof from);
  struct timeval patience = {10, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(fd, (void *)&to, sizeof to)) {
    close(fd);
    return -1;
  }
  return fd;
}

static int send_all(int fd, const void *bytes, int length) { return write(fd, bytes, length) == length; }

static int request(int fd, const char *host, int port, const char *path) {
  char text[1024];
  int length = snprintf(text, sizeof text,
                        "GET %s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", path, host, port);
  return send_all(fd, text, length);
}

static int started(int fd, long number) {
  char text[100];
  int length = snprintf(text, sizeof text, "{\"event\":\"start\",\"websocket_id\":\"caller-%ld\"}", number);
  Message m = masked(1, text, length);
  return send_all(fd, m.bytes, m.length);
}

/* Reads the answer of a handshake to its end, byte by byte: what follows is the caller's. */
static int accepted(int fd) {
  char text[2048];
  int at = 0;
  while (at < (int)sizeof text && (at < 4 || memcmp(text + at - 4, "\r\n\r\n", 4))) {
    if (read(fd, text + at, 1) <= 0) return 0;
    at++;
  }
  return !memcmp(text, "HTTP/1.1 101", 12);
}

static long numbers;

static void do_connect(const char *host, int port, const char *path, int wanted) {
  count = wanted > MOST ? MOST : wanted;
  turn = 0;
  callers = calloc(count, sizeof *callers);
  for (int i = 0; i < count; i++) {
    Caller *c = &callers[i];
    c->fd = dial(host, port, i);
    c->quiet = QUIET;
    if (c->fd < 0 || !request(c->fd, host, port, path) || !accepted(c->fd) || !started(c->fd, numbers++)) {
      printf("{\"error\":\"caller %d of %d was not let in\"}\n", i + 1, count);
      return;
    }
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event e = {.events = EPOLLIN | EPOLLET, .data.u32 = i};
    epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &e);
    c->open = 1;
  }
  double from = now() + 20;
  for (int i = 0; i < count; i++) callers[i].started = from + i * FRAME_MS / count;
  printf("{}\n");
}

static void do_close(void) {
  for (int i = 0; i < count; i++) {
    if (callers[i].open) (void)!write(callers[i].fd, close_frame.bytes, close_frame.length);
    gone(&callers[i]);
    free(callers[i].late);
  }
  free(callers);
  callers = NULL;
  count = 0;
  printf("{}\n");
}

typedef struct { int fd, state, filled, media; char in[ROOM]; } Guest;

/* Short calls, so many at once: in, three frames where `talk`, their echo, out. */
static void do_storm(const char *host, int port, const char *path, long wanted, int at_once, int talk) {
  int own = epoll_create1(0);
  Guest *guests = calloc(at_once, sizeof *guests);
  long begun = 0, over = 0, failed = 0;
  double from = now(), cpu = cpu_ms();
  for (int i = 0; i < at_once; i++) guests[i].fd = -1;
  while (over + failed < wanted) {
    for (int i = 0; i < at_once && begun < wanted; i++) {
      Guest *g = &guests[i];
      if (g->fd >= 0) continue;
      begun++;
      g->state = g->filled = g->media = 0;
      g->fd = dial(host, port, begun);
      if (g->fd < 0) { failed++; continue; }
      fcntl(g->fd, F_SETFL, O_NONBLOCK);
      struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};
      epoll_ctl(own, EPOLL_CTL_ADD, g->fd, &e);
      request(g->fd, host, port, path);
    }
    struct epoll_event events[256];
    int n = epoll_wait(own, events, 256, 10000);
    if (n <= 0) { failed = wanted - over; break; }
    for (int k = 0; k < n; k++) {
      Guest *g = &guests[events[k].data.u32];
      int got = read(g->fd, g->in + g->filled, ROOM - g->filled - 1);
      if (got < 0 && errno == EAGAIN) continue;
      if (got <= 0) {
        close(g->fd);
        g->fd = -1;
        if (g->state == 2) over++;
        else failed++;
        continue;
      }
      g->filled += got;
      g->in[g->filled] = 0;
      if (g->state == 0) {
        char *end = memmem(g->in, g->filled, "\r\n\r\n", 4);
        if (!end) continue;
        if (memcmp(g->in, "HTTP/1.1 101", 12)) g->filled = ROOM - 1; /* refused: the server hangs up */
        else if (talk) {
          g->state = 1;
          started(g->fd, numbers++);
          for (int i = 0; i < SHORT; i++) (void)!write(g->fd, symbols[i].bytes, symbols[i].length);
        }
        else {
          g->state = 2;
          (void)!write(g->fd, close_frame.bytes, close_frame.length);
        }
      } else if (g->state == 1 && memmem(g->in, g->filled, "\"payload\"", 9)) {
        g->state = 2;
        (void)!write(g->fd, close_frame.bytes, close_frame.length);
      }
      if (g->filled >= ROOM - 1 || g->state == 2) g->filled = 0;
    }
  }
  for (int i = 0; i < at_once; i++) if (guests[i].fd >= 0) close(guests[i].fd);
  free(guests);
  close(own);
  printf("{\"over\":%ld,\"failed\":%ld,\"wallMs\":%.3f,\"cpuMs\":%.3f}\n", over, failed, now() - from, cpu_ms() - cpu);
}

static double measure_from, measure_until, measure_cpu;

static void begin_measuring(double ms) {
  sent = received = sounds_sent = sounds_heard = garbled = 0;
  memset(delay_bins, 0, sizeof delay_bins);
  memset(late_bins, 0, sizeof late_bins);
  for (int i = 0; i < count; i++) {
    Caller *c = &callers[i];
    c->lates = 0;
    c->room = (long)(ms / FRAME_MS * 1.5) + 200;
    free(c->late);
    c->late = malloc(c->room * sizeof *c->late);
  }
  measuring = 1;
  measure_from = now();
  measure_until = measure_from + ms;
  measure_cpu = cpu_ms();
}

static float least(const float *values, long n) {
  float result = INFINITY;
  for (long i = 0; i < n; i++) if (values[i] < result) result = values[i];
  return result;
}

static void print_bins(const char *name, const long *bins) {
  const char *comma = "";
  printf(",\"%s\":[", name);
  for (int i = 1; i <= BINS; i++) if (bins[i]) {
    printf("%s[%d,%ld]", comma, i, bins[i]);
    comma = ",";
  }
  printf("]");
}

static void end_measuring(void) {
  double cpu = cpu_ms() - measure_cpu, wall = now() - measure_from, drift = 0;
  int open = 0;
  measuring = 0;
  for (int i = 0; i < count; i++) {
    Caller *c = &callers[i];
    open += c->open;
    float earliest = least(c->late, c->lates);
    for (long k = 0; k < c->lates; k++) bin(late_bins, c->late[k] - earliest);
    long tenth = c->lates / 10;
    if (tenth == 0) continue;
    double moved = fabs(least(c->late + c->lates - tenth, tenth) - least(c->late, tenth));
    if (moved > drift) drift = moved;
  }
  printf("{\"sent\":%ld,\"received\":%ld,\"soundsSent\":%ld,\"soundsHeard\":%ld,\"garbled\":%ld,\"open\":%d,\"cpuMs\":%.3f,\"wallMs\":%.3f,\"driftMs\":%.3f",
         sent, received, sounds_sent, sounds_heard, garbled, open, cpu, wall, drift);
  print_bins("delays", delay_bins);
  print_bins("lateness", late_bins);
  printf("}\n");
}

static void obey(char *line) {
  char host[64], path[256];
  int port, n, talk;
  long wanted;
  double ms;
  if (sscanf(line, "connect %63s %d %255s %d", host, &port, path, &n) == 4) do_connect(host, port, path, n);
  else if (sscanf(line, "storm %63s %d %255s %ld %d %d", host, &port, path, &wanted, &n, &talk) == 6) do_storm(host, port, path, wanted, n, talk);
  else if (sscanf(line, "measure %lf", &ms) == 1) begin_measuring(ms);
  else if (!strncmp(line, "close", 5)) do_close();
  else printf("{\"error\":\"not understood\"}\n");
  fflush(stdout);
}

int main(void) {
  struct rlimit limit = {MOST * 2, MOST * 2};
  if (setrlimit(RLIMIT_NOFILE, &limit)) {
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  signal(SIGPIPE, SIG_IGN);
  prepare();
  poller = epoll_create1(0);
  struct epoll_event e = {.events = EPOLLIN, .data.u32 = STDIN_ID}, events[512];
  epoll_ctl(poller, EPOLL_CTL_ADD, 0, &e);
  char line[1024];
  int filled = 0;
  double tick = now();
  for (;;) {
    double t = now();
    speak_all(t);
    if (measuring && t >= measure_until) {
      end_measuring();
      fflush(stdout);
    }
    int n;
    do {
      n = epoll_wait(poller, events, 512, count > 0 ? 0 : 1000);
      t = now();
      for (int k = 0; k < n; k++) {
        if (events[k].data.u32 != STDIN_ID) {
          readable(&callers[events[k].data.u32], t);
          continue;
        }
        int got = read(0, line + filled, sizeof line - 1 - filled);
        if (got <= 0) return 0;
        filled += got;
        line[filled] = 0;
        char *end;
        while ((end = strchr(line, '\n'))) {
          *end = 0;
          obey(line);
          filled -= end + 1 - line;
          memmove(line, end + 1, filled + 1);
          k = n; /* the callers may be others now */
        }
      }
    } while (n == 512);
    if (count == 0) continue;
    tick += TICK_MS;
    double wait = tick - now();
    if (wait < 0) tick = now();
    else {
      struct timespec pause = {0, (long)(wait * 1e6)};
      nanosleep(&pause, NULL);
    }
  }
}
