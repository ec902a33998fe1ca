/* Debian's libspeexdsp on the same audio: speex-echo NEAR FAR OUT RATE TAIL_MS; raw 16-bit mono, 20 ms blocks. Prints us of processor time a block. */
#include <speex/speex_echo.h>
#include <speex/speex_preprocess.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv) {
  if (argc != 6) return 2;
  FILE *near = fopen(argv[1], "rb"), *far = fopen(argv[2], "rb"), *out = fopen(argv[3], "wb");
  if (!near || !far || !out) return 3;
  int rate = atoi(argv[4]), size = rate / 50, tail = rate / 1000 * atoi(argv[5]);
  SpeexEchoState *echo = speex_echo_state_init(size, tail);
  SpeexPreprocessState *rest = speex_preprocess_state_init(size, rate);
  int off = 0;
  speex_echo_ctl(echo, SPEEX_ECHO_SET_SAMPLING_RATE, &rate);
  /* Only the suppression of what echo is left: no denoiser. */
  speex_preprocess_ctl(rest, SPEEX_PREPROCESS_SET_DENOISE, &off);
  speex_preprocess_ctl(rest, SPEEX_PREPROCESS_SET_ECHO_STATE, echo);
  short *a = malloc(2 * size), *b = malloc(2 * size), *c = malloc(2 * size);
  long blocks = 0;
  while (fread(a, 2, size, near) == (size_t)size && fread(b, 2, size, far) == (size_t)size) {
    speex_echo_cancellation(echo, a, b, c);
    speex_preprocess_run(rest, c);
    fwrite(c, 2, size, out);
    blocks++;
  }
  fclose(out);
  printf("%.1f\n", 1e6 * clock() / CLOCKS_PER_SEC / (blocks ? blocks : 1));
  return 0;
}
