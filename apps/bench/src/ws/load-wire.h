/* What callers send, as bytes that are made once (caller-wire.ts has the same), and clocks. */
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

enum { FRAME = 160, SOUND = 10, PERIOD = 40, MARKS = 100, FIRST_LOUD = 3, QUIET = 3, BINS = 20000, MOST = 4096, ROOM = 8192, SHORT = 3, WINDOW = 100 };
#define FRAME_MS 20.0
#define TICK_MS 1.0
#define PER_BIN_MS 0.1
#define STDIN_ID 0xffffffffu

typedef struct { uint8_t bytes[512]; int length; } Message;

static Message symbols[10], silence, close_frame;
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
