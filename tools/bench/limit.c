// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/bench/limit.h"

#include "tools/bench/race.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define N_TRIES 31U
#define N_ROUNDS 20000U
#define CHILL_BYTES ((size_t)160 << 20U)
#define STREAMS 4U
#define LINE 64U

/// Eight sums side by side: as many as hide the instructions' latency
#define EIGHT(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7)

#if defined(__GNUC__) && defined(__x86_64__)

// Written out, so that no compiler can leave out what comes to nothing

#  define DPBUSD(i) "vpdpbusd %%zmm14, %%zmm15, %%zmm" #  i "\n"
#  define MADDUBS(i)                        \
    "vpmaddubsw %%ymm14, %%ymm15, %%ymm8\n" \
    "vpmaddwd %%ymm8, %%ymm13, %%ymm8\n"    \
    "vpaddd %%ymm8, %%ymm" #i ", %%ymm" #i "\n"
#  define MADD(i)               \
    "movdqa %%xmm14, %%xmm8\n"  \
    "pmaddwd %%xmm15, %%xmm8\n" \
    "paddd %%xmm8, %%xmm" #i "\n"

#  define REGISTERS                                                         \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", \
      "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

#  define DEFINE_LOOP(name, STEP)                             \
    static void name(void)                                    \
    {                                                         \
      uint64_t n = N_ROUNDS;                                  \
      __asm__ volatile("1:\n" EIGHT(STEP) "dec %0\n jnz 1b\n" \
                       : "+r"(n)                              \
                       :                                      \
                       : REGISTERS, "cc");                    \
    }

DEFINE_LOOP(loop_avx512, DPBUSD)
DEFINE_LOOP(loop_avx2, MADDUBS)
DEFINE_LOOP(loop_sse2, MADD)

static const struct {
  const char* backend;
  void (*loop)(void);
  double n; ///< Multiply-adds of one step
} loops[] = {
  {"avx512", loop_avx512, 64.0},
  {"avx2", loop_avx2, 32.0},
  {"sse2", loop_sse2, 8.0},
};

double
limit_multiply_adds(const char* const backend)
{
  double best = 0.0;
  for (size_t i = 0U; i < sizeof(loops) / sizeof(loops[0]); ++i) {
    for (uint32_t r = 0U; !strcmp(backend, loops[i].backend) && r < N_TRIES;
         ++r) {
      const double start = race_now(false);
      loops[i].loop();
      const double took = race_now(false) - start;
      const double rate = 8.0 * N_ROUNDS * loops[i].n / took;
      best              = rate > best ? rate : best;
    }
  }
  return best;
}

typedef uint64_t Wide __attribute__((vector_size(64)));

/// What four streams' lines come to
#  define READ_STREAMS                                                  \
    Wide sum[STREAMS] = {{0U}};                                         \
    for (size_t i = 0U; i < n_stream; i += LINE) {                      \
      for (size_t s = 0U; s < STREAMS; ++s) {                           \
        sum[s] ^= *(const Wide*)(const void*)(from + s * n_stream + i); \
      }                                                                 \
    }                                                                   \
    const Wide all = (sum[0] ^ sum[1]) ^ (sum[2] ^ sum[3]);             \
    uint64_t   one = 0U;                                                \
    for (size_t i = 0U; i < 8U; ++i) {                                  \
      one ^= all[i];                                                    \
    }                                                                   \
    return one;

__attribute__((target("avx512f"), optimize("O3"))) static uint64_t
read_avx512(const char* const from, const size_t n_stream)
{
  READ_STREAMS
}

__attribute__((target("avx2"), optimize("O3"))) static uint64_t
read_avx2(const char* const from, const size_t n_stream)
{
  READ_STREAMS
}

__attribute__((optimize("O3"))) static uint64_t
read_plain(const char* const from, const size_t n_stream)
{
  READ_STREAMS
}

static uint64_t (*best_read(void))(const char*, size_t)
{
  return __builtin_cpu_supports("avx512f") ? read_avx512
         : __builtin_cpu_supports("avx2")  ? read_avx2
                                           : read_plain;
}

#else

double
limit_multiply_adds(const char* const backend)
{
  (void)backend;
  return 0.0;
}

static uint64_t
read_plain(const char* const from, const size_t n_stream)
{
  uint64_t sum = 0U;
  for (size_t i = 0U; i < STREAMS * n_stream; i += sizeof(sum)) {
    uint64_t word = 0U;
    memcpy(&word, from + i, sizeof(word));
    sum ^= word;
  }
  return sum;
}

static uint64_t (*best_read(void))(const char*, size_t)
{
  return read_plain;
}

#endif

/// Where what was read ends up, so that it has to be
static volatile uint64_t sink;

double
limit_bandwidth(const size_t n_bytes)
{
  const size_t n_stream = n_bytes / STREAMS / LINE * LINE;
  char* const  array    = (char*)aligned_alloc(LINE, STREAMS * n_stream);
  if (!array) {
    return 0.0;
  }

  double best = 0.0;
  memset(array, 1, STREAMS * n_stream);
  for (uint32_t r = 0U; r < N_TRIES; ++r) {
    const uint32_t n_times = 20U;
    const double   start   = race_now(false);
    for (uint32_t i = 0U; i < n_times; ++i) {
      sink = best_read()(array, n_stream);
    }
    const double took = race_now(false) - start;
    const double rate = n_times * (double)(STREAMS * n_stream) / took;
    best              = rate > best ? rate : best;
  }
  free(array);
  return best;
}

void
limit_chill(void)
{
  static char* array;
  if (!array && (array = (char*)malloc(CHILL_BYTES))) {
    memset(array, 1, CHILL_BYTES);
  }
  if (array) {
    sink = best_read()(array, CHILL_BYTES / STREAMS);
  }
}
