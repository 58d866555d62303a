;; The inner loop of the chunker gear64 (docs/format.md section 6). Compiled by scripts/build-wasm.mjs.
;;
;; h = (h << 1) + T[byte] has one 64-bit hash depend on the other, byte by byte. The unrolled loop shortens that
;; chain: of four bytes a b c d, the sums 2a+b, 4a+2b+c and 8a+4b+2c+d do not need h, and are ready before it is.
(module
  (import "env" "memory" (memory 1 65536 shared))
  (import "env" "table" (global $table i32)) ;; address of T: 256 little-endian i64
  (import "env" "limit" (global $limit i64)) ;; 2^(64 - maskBits): h < limit means that its top bits are zero
  (global $h (export "h") (mut i64) (i64.const 0))

  ;; Takes the bytes at [at, at + count) into h, without looking for a cut.
  (func (export "warm") (param $at i32) (param $count i32)
    (local $h i64)
    (local.set $h (global.get $h))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $h
          (i64.add (i64.shl (local.get $h) (i64.const 1))
            (i64.load (i32.add (global.get $table) (i32.shl (i32.load8_u (local.get $at)) (i32.const 3))))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
    (global.set $h (local.get $h)))

  ;; Takes the bytes at [at, at + count) into h until a cut is found.
  ;; Returns how many bytes lie before the cut (1 ... count), or 0: there is none yet.
  (func (export "scan") (param $at i32) (param $count i32) (result i32)
    (local $h i64) (local $limit i64) (local $table i32) (local $left i32) (local $sum i64)
    (local.set $h (global.get $h))
    (local.set $limit (global.get $limit))
    (local.set $table (global.get $table))
    (local.set $left (local.get $count))
    (block $found
      (block $tail ;; Fewer than four bytes are left, or one of the next four is the cut: the loop below finds which.
        (loop $next4
          (br_if $tail (i32.lt_u (local.get $left) (i32.const 4)))
          (local.set $sum
            (i64.load (i32.add (local.get $table) (i32.shl (i32.load8_u (local.get $at)) (i32.const 3)))))
          (br_if $tail
            (i64.lt_u (i64.add (i64.shl (local.get $h) (i64.const 1)) (local.get $sum)) (local.get $limit)))
          (local.set $sum
            (i64.add (i64.shl (local.get $sum) (i64.const 1))
              (i64.load (i32.add (local.get $table) (i32.shl (i32.load8_u offset=1 (local.get $at)) (i32.const 3))))))
          (br_if $tail
            (i64.lt_u (i64.add (i64.shl (local.get $h) (i64.const 2)) (local.get $sum)) (local.get $limit)))
          (local.set $sum
            (i64.add (i64.shl (local.get $sum) (i64.const 1))
              (i64.load (i32.add (local.get $table) (i32.shl (i32.load8_u offset=2 (local.get $at)) (i32.const 3))))))
          (br_if $tail
            (i64.lt_u (i64.add (i64.shl (local.get $h) (i64.const 3)) (local.get $sum)) (local.get $limit)))
          (local.set $sum
            (i64.add (i64.shl (local.get $sum) (i64.const 1))
              (i64.load (i32.add (local.get $table) (i32.shl (i32.load8_u offset=3 (local.get $at)) (i32.const 3))))))
          (br_if $tail
            (i64.lt_u (i64.add (i64.shl (local.get $h) (i64.const 4)) (local.get $sum)) (local.get $limit)))
          (local.set $h (i64.add (i64.shl (local.get $h) (i64.const 4)) (local.get $sum)))
          (local.set $at (i32.add (local.get $at) (i32.const 4)))
          (local.set $left (i32.sub (local.get $left) (i32.const 4)))
          (br $next4)))
      (loop $next
        (if (i32.eqz (local.get $left))
          (then
            (global.set $h (local.get $h))
            (return (i32.const 0))))
        (local.set $h
          (i64.add (i64.shl (local.get $h) (i64.const 1))
            (i64.load (i32.add (local.get $table) (i32.shl (i32.load8_u (local.get $at)) (i32.const 3))))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br_if $next (i64.ge_u (local.get $h) (local.get $limit)))))
    (i32.sub (local.get $count) (local.get $left))))
