;; The inner loop of the resampler: a polyphase FIR filter on four lanes (WebAssembly SIMD).
;; Assembled into kernel-bytes.ts by `node scripts/build-kernel.mjs`; a test checks that the two agree.
;; Addresses are bytes; `count` is samples. Buffers are padded: every loop may run past its end, never past its buffer.
(module
  (memory (import "env" "memory") 1)

  ;; 16-bit samples to floats of the same value, 4 at a time.
  (func (export "widen") (param $from i32) (param $to i32) (param $count i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $from) (i32.shl (local.get $count) (i32.const 1))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $from) (local.get $end)))
        (v128.store (local.get $to) (f32x4.convert_i32x4_s (v128.load16x4_s (local.get $from))))
        (local.set $from (i32.add (local.get $from) (i32.const 8)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (br $next))))

  ;; Floats to 16-bit samples, to the nearest, saturating, 8 at a time.
  (func (export "narrow") (param $from i32) (param $to i32) (param $count i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $to) (i32.shl (local.get $count) (i32.const 1))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $to) (local.get $end)))
        (v128.store (local.get $to) (i16x8.narrow_i32x4_s
          (i32x4.trunc_sat_f32x4_s (f32x4.nearest (v128.load (local.get $from))))
          (i32x4.trunc_sat_f32x4_s (f32x4.nearest (v128.load offset=16 (local.get $from))))))
        (local.set $from (i32.add (local.get $from) (i32.const 32)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (br $next))))

  ;; `count` outputs. Time is counted in ticks, `up` of them per input sample and `down` per output sample. The output at
  ;; `tick` is the dot product of the taps of phase `tick % up` and the `width` (a multiple of 16) inputs that begin at
  ;; input `tick / up` of the window.
  (func (export "filter") (param $tick i32) (param $up i32) (param $down i32) (param $taps i32) (param $width i32)
    (param $window i32) (param $to i32) (param $count i32)
    (local $index i32) (local $tap i32) (local $end i32) (local $x i32) (local $last i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $width (i32.shl (local.get $width) (i32.const 2)))
    (local.set $last (i32.add (local.get $to) (i32.shl (local.get $count) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $to) (local.get $last)))
        (local.set $index (i32.div_u (local.get $tick) (local.get $up)))
        (local.set $tap (i32.add (local.get $taps) (i32.mul (local.get $width)
          (i32.sub (local.get $tick) (i32.mul (local.get $index) (local.get $up))))))
        (local.set $end (i32.add (local.get $tap) (local.get $width)))
        (local.set $x (i32.add (local.get $window) (i32.shl (local.get $index) (i32.const 2))))
        (local.set $a (v128.const i64x2 0 0))
        (local.set $b (v128.const i64x2 0 0))
        (local.set $c (v128.const i64x2 0 0))
        (local.set $d (v128.const i64x2 0 0))
        ;; Four sums, so that no addition waits for the one before it.
        (loop $more
          (local.set $a (f32x4.add (local.get $a)
            (f32x4.mul (v128.load (local.get $tap)) (v128.load (local.get $x)))))
          (local.set $b (f32x4.add (local.get $b)
            (f32x4.mul (v128.load offset=16 (local.get $tap)) (v128.load offset=16 (local.get $x)))))
          (local.set $c (f32x4.add (local.get $c)
            (f32x4.mul (v128.load offset=32 (local.get $tap)) (v128.load offset=32 (local.get $x)))))
          (local.set $d (f32x4.add (local.get $d)
            (f32x4.mul (v128.load offset=48 (local.get $tap)) (v128.load offset=48 (local.get $x)))))
          (local.set $x (i32.add (local.get $x) (i32.const 64)))
          (local.set $tap (i32.add (local.get $tap) (i32.const 64)))
          (br_if $more (i32.lt_u (local.get $tap) (local.get $end))))
        (local.set $a (f32x4.add
          (f32x4.add (local.get $a) (local.get $b))
          (f32x4.add (local.get $c) (local.get $d))))
        (f32.store (local.get $to) (f32.add
          (f32.add (f32x4.extract_lane 0 (local.get $a)) (f32x4.extract_lane 1 (local.get $a)))
          (f32.add (f32x4.extract_lane 2 (local.get $a)) (f32x4.extract_lane 3 (local.get $a)))))
        (local.set $tick (i32.add (local.get $tick) (local.get $down)))
        (local.set $to (i32.add (local.get $to) (i32.const 4)))
        (br $next)))))
