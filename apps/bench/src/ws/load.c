/* The callers of `bench -- ws`: told by lines on the standard input what to do, each is answered with one line of JSON (load-client.ts). */
#include "load-wire.h"
#include "load-storm.h"

typedef struct {
  int fd, open, filled, quiet, at, mark;
  long frames;                /* sent */
  double heard_ms, started;
  double sent[MARKS][SOUND];  /* when the frames of each sound went */
  float *late;                /* of this measurement: arrival less the audio before it */
  long lates, room;
  float early, final;         /* the least delay of the first fifth of it, and of the last */
  uint8_t in[ROOM];
} Caller;

static Caller *callers;
static int count, turn, poller, measuring;
static long sent, received, sounds_sent, sounds_heard, garbled;
static double measure_from, measure_until, measure_cpu;
static long delay_bins[BINS + 1], late_bins[BINS + 1];

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
  else {
    double share = (t - measure_from) / (measure_until - measure_from);
    bin(delay_bins, t - at);
    if (share < 0.2 && t - at < c->early) c->early = t - at;
    if (share > 0.8 && t - at < c->final) c->final = t - at;
  }
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
      if (c->fd >= 0) close(c->fd);
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

static void begin_measuring(double ms) {
  sent = received = sounds_sent = sounds_heard = garbled = 0;
  memset(delay_bins, 0, sizeof delay_bins);
  memset(late_bins, 0, sizeof late_bins);
  for (int i = 0; i < count; i++) {
    Caller *c = &callers[i];
    c->lates = 0;
    c->early = c->final = INFINITY;
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
    for (long from = 0; from < c->lates; from += WINDOW) {
      long n = c->lates - from < WINDOW ? c->lates - from : WINDOW;
      float earliest = least(c->late + from, n);
      for (long k = from; k < from + n; k++) bin(late_bins, c->late[k] - earliest);
    }
    double moved = fabs(c->final - c->early);
    if (isfinite(moved) && moved > drift) drift = moved;
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
