// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A race: several ways to do something, measured side by side.

   The contestants take turns, a few milliseconds each, for many rounds, so that
   a slow moment of the machine meets all of them.  What is told of each is the
   median of its rounds, and their quartiles.  Time is the thread's own: what
   other programs take from it is not counted.
*/
#ifndef PERPETUO_TOOLS_BENCH_RACE_H
#define PERPETUO_TOOLS_BENCH_RACE_H

#include <stdbool.h>
#include <stdint.h>

#define RACE_MAX_ROUNDS 512U

/// A way to do something
typedef struct {
  const char* name;        ///< "avx2", "OpenBLAS sgemv"; no tab
  void (*run)(void* what); ///< Does it once,
  void*  what;             ///< to this
  double n_units;          ///< Number of units that are in once; the
                           ///< figure is for one of these
} Contestant;

/// How long
typedef struct {
  uint32_t n_rounds; ///< At most RACE_MAX_ROUNDS
  double   turn_s;   ///< Length of a turn; 0 to do it once a turn
  bool     is_wall;  ///< Count the clock on the wall, not the thread's time
} RaceOptions;

/// Seconds for one unit
typedef struct {
  double   median;
  double   low;  ///< A quarter of the rounds was faster
  double   high; ///< A quarter was slower
  double   best;
  uint32_t n; ///< Rounds
} Spread;

/// 41 rounds of 5 ms, or as many as PERPETUO_BENCH_ROUNDS says
RaceOptions
race_options(void);

/// Seconds that this thread has worked, or that have gone by on the wall
double
race_now(bool is_wall);

/// What `n` figures, which are sorted by this, are about
Spread
race_spread(double* figures, uint32_t n);

/// Let `n` contestants run.  @param spreads (n).
void
race(RaceOptions       options,
     const Contestant* contestants,
     uint32_t          n,
     Spread*           spreads);

/**
   Print a row for tools/bench/bench.py, which makes the table of them.

   @param unit What the figure counts ("us"); `factor` turns seconds into it.
*/
void
race_print(const char* section,
           const char* name,
           const char* unit,
           double      factor,
           Spread      spread);

/// Print a row for a figure that was measured only once, or counted
void
race_print_figure(const char* section,
                  const char* name,
                  const char* unit,
                  double      figure);

/// Print why something was left out
void
race_skip(const char* section, const char* name, const char* why);

#endif // PERPETUO_TOOLS_BENCH_RACE_H
