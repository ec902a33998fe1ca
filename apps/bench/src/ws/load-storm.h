/* Getting in, and short calls. */

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
