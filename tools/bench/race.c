// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/bench/race.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/// As many rounds as whoever runs the benchmark wishes
static uint32_t
wanted_rounds(void)
{
  const char* const text = getenv("PERPETUO_BENCH_ROUNDS");
  const long        n    = text ? strtol(text, NULL, 10) : 0L;
  return n > 0L && n <= (long)RACE_MAX_ROUNDS ? (uint32_t)n : 41U;
}

RaceOptions
race_options(void)
{
  const RaceOptions options = {wanted_rounds(), 0.005, false};
  return options;
}

double
race_now(const bool is_wall)
{
  struct timespec t;
  clock_gettime(is_wall ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int
compare(const void* const a, const void* const b)
{
  const double x = *(const double*)a;
  const double y = *(const double*)b;
  return (x > y) - (x < y);
}

Spread
race_spread(double* const figures, const uint32_t n)
{
  qsort(figures, n, sizeof(*figures), compare);

  const Spread spread = {
    figures[n / 2U], figures[n / 4U], figures[3U * n / 4U], figures[0], n};
  return spread;
}

static double
run_times(const Contestant* const c, const uint64_t times, const bool is_wall)
{
  const double start = race_now(is_wall);
  for (uint64_t i = 0U; i < times; ++i) {
    c->run(c->what);
  }
  return race_now(is_wall) - start;
}

/// How many times a contestant has to run to fill a turn; warms it up, too
static uint64_t
times_for(const Contestant* const c, const RaceOptions options)
{
  uint64_t times = 1U;
  double   took  = run_times(c, 1U, options.is_wall);
  while (options.turn_s > 0.0 && took < options.turn_s && times < 1U << 30U) {
    times *= took < options.turn_s / 4.0 ? 4U : 2U;
    took = run_times(c, times, options.is_wall);
  }
  return times;
}

void
race(const RaceOptions       options,
     const Contestant* const contestants,
     const uint32_t          n,
     Spread* const           spreads)
{
  const uint32_t N =
    options.n_rounds < RACE_MAX_ROUNDS ? options.n_rounds : RACE_MAX_ROUNDS;
  double* const   figures = (double*)calloc((size_t)n * N, sizeof(double));
  uint64_t* const times   = (uint64_t*)calloc(n, sizeof(uint64_t));
  if (!figures || !times) {
    abort();
  }

  for (uint32_t i = 0U; i < n; ++i) {
    times[i] = times_for(&contestants[i], options);
  }
  for (uint32_t r = 0U; r < N; ++r) {
    for (uint32_t i = 0U; i < n; ++i) {
      const Contestant* const c = &contestants[i];
      if (options.turn_s > 0.0) {
        c->run(c->what); // The others have left it cold
      }
      figures[(size_t)i * N + r] =
        run_times(c, times[i], options.is_wall) / (double)times[i] / c->n_units;
    }
  }
  for (uint32_t i = 0U; i < n; ++i) {
    spreads[i] = race_spread(figures + (size_t)i * N, N);
  }
  free(times);
  free(figures);
}

void
race_print(const char* const section,
           const char* const name,
           const char* const unit,
           const double      factor,
           const Spread      spread)
{
  printf("row\t%s\t%s\t%s\t%.9g\t%.9g\t%.9g\t%.9g\t%u\n",
         section,
         name,
         unit,
         spread.median * factor,
         spread.low * factor,
         spread.high * factor,
         spread.best * factor,
         spread.n);
  fflush(stdout);
}

void
race_print_figure(const char* const section,
                  const char* const name,
                  const char* const unit,
                  const double      figure)
{
  const Spread spread = {figure, figure, figure, figure, 1U};
  race_print(section, name, unit, 1.0, spread);
}

void
race_skip(const char* const section,
          const char* const name,
          const char* const why)
{
  printf("skip\t%s\t%s\t%s\n", section, name, why);
  fflush(stdout);
}
