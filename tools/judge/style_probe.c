// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/judge/style_probe.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/// How far the covariance is drawn towards independent features
#define SHRINKAGE 0.05

const char*
view_name(const View view)
{
  static const char* const names[N_VIEWS] = {
    [VIEW_MELODY] = "melody",
    [VIEW_DRUMS]  = "drums",
    [VIEW_BOTH]   = "melody and drums",
  };
  return names[view];
}

// -------------------------------------------------------------------- windows

static bool
has_melody(const Take* const take, const uint32_t begin)
{
  uint32_t n = 0U;
  if (take->n_lines) {
    take_notes_within(&take->line[0], begin, begin + WINDOW_STEPS, &n);
  }
  return n >= WINDOW_MIN_NOTES;
}

static bool
has_drums(const Take* const take, const uint32_t begin)
{
  for (uint32_t bar = 0U; bar < WINDOW_BARS; ++bar) {
    const uint32_t first = begin + bar * BAR_STEPS;
    uint32_t       n     = 0U;
    take_hits_within(take, first, first + BAR_STEPS, &n);
    if (!n) {
      return false;
    }
  }
  return true;
}

static bool
is_seen(const View view, const Take* const take, const uint32_t begin)
{
  return (view == VIEW_DRUMS || has_melody(take, begin)) &&
         (view == VIEW_MELODY || has_drums(take, begin));
}

static void
measure_melody(const Take* const take, const uint32_t begin, double* const row)
{
  const TakeLine* const line = &take->line[0];
  uint32_t              n    = 0U;
  const uint32_t        first =
    take_notes_within(line, begin, begin + WINDOW_STEPS, &n);
  melody_features_measure(line->notes + first, n, begin, row);
}

static void
measure_drums(const Take* const take, const uint32_t begin, double* const row)
{
  for (uint32_t bar = 0U; bar < WINDOW_BARS; ++bar) {
    double one[N_DRUM_FEATURES];
    drum_features_measure(take, begin / BAR_STEPS + bar, one);
    for (uint32_t c = 0U; c < N_DRUM_FEATURES; ++c) {
      row[c] = (bar ? row[c] : 0.0) + one[c] / WINDOW_BARS;
    }
  }
}

static uint32_t
count_columns(const View view)
{
  return (view == VIEW_DRUMS ? 0U : (uint32_t)N_MELODY_FEATURES) +
         (view == VIEW_MELODY ? 0U : (uint32_t)N_DRUM_FEATURES);
}

bool
view_measure(const View        view,
             const Take* const take,
             const uint32_t    begin,
             double* const     row)
{
  if (!is_seen(view, take, begin)) {
    return false;
  }
  if (view != VIEW_DRUMS) {
    measure_melody(take, begin, row);
  }
  if (view != VIEW_MELODY) {
    measure_drums(
      take, begin, row + (view == VIEW_BOTH ? N_MELODY_FEATURES : 0));
  }
  return true;
}

/// Windows of a take, spread evenly when there are many
static void
add_windows(const View        view,
            const Take* const take,
            const uint32_t    i_take,
            Samples* const    samples)
{
  const uint32_t n_pairs = take->n_bars / WINDOW_BARS;
  uint32_t       n_all   = 0U;
  for (uint32_t i = 0U; i < n_pairs; ++i) {
    n_all += is_seen(view, take, i * WINDOW_STEPS);
  }

  const uint32_t n = n_all < WINDOWS_PER_PIECE ? n_all : WINDOWS_PER_PIECE;
  uint32_t       k = 0U;
  uint32_t       i_window = 0U;
  for (uint32_t i = 0U; k < n && i < n_pairs; ++i) {
    double row[PROBE_COLUMNS];
    if (view_measure(view, take, i * WINDOW_STEPS, row) &&
        i_window++ == (uint32_t)((uint64_t)k * n_all / n)) {
      samples_add(samples, i_take, row);
      ++k;
    }
  }
}

Status
view_samples(const View view, const TakeSet* const set, Samples* const samples)
{
  const Status st = samples_init(
    samples, set->n_takes * WINDOWS_PER_PIECE, count_columns(view));
  for (uint32_t i = 0U; !st && i < set->n_takes; ++i) {
    add_windows(view, &set->takes[i], i, samples);
  }
  return st;
}

// ------------------------------------------------------------------- learning

/// What is learned from: windows of each style that the probe will know
typedef struct {
  Samples of[N_STYLES];
} School;

/// Bring a row to a mean of 0 and a deviation of 1
static void
standardise(const StyleProbe* const probe,
            const double* const     row,
            double* const           to)
{
  for (uint32_t c = 0U; c < probe->n_columns; ++c) {
    to[c] = (row[c] - probe->mean[c]) * probe->scale[c];
  }
}

/// Mean and deviation of each column, all styles counting alike
static void
learn_scale(const School* const school, StyleProbe* const probe)
{
  for (uint32_t c = 0U; c < probe->n_columns; ++c) {
    double mean   = 0.0;
    double square = 0.0;
    for (uint32_t s = 0U; s < probe->n_styles; ++s) {
      const double own    = samples_mean(&school->of[s], c);
      const double spread = samples_spread(&school->of[s], c);
      mean += own / probe->n_styles;
      square += (own * own + spread * spread) / probe->n_styles;
    }
    const double spread = sqrt(fmax(0.0, square - mean * mean));
    probe->mean[c]      = mean;
    probe->scale[c]     = spread > 1e-9 ? 1.0 / spread : 0.0;
  }
}

typedef double Matrix[PROBE_COLUMNS][PROBE_COLUMNS];

/// The mean of each style, kept in `weight` for now, and what is left around
/// them: one covariance, in which the styles count alike
static void
learn_classes(const School* const school,
              StyleProbe* const   probe,
              Matrix              around)
{
  const uint32_t n_columns = probe->n_columns;
  double         row[PROBE_COLUMNS];
  for (uint32_t s = 0U; s < probe->n_styles; ++s) {
    const Samples* const samples = &school->of[s];
    double* const        centre  = probe->weight[s];
    for (uint32_t c = 0U; c < n_columns; ++c) {
      centre[c] = (samples_mean(samples, c) - probe->mean[c]) * probe->scale[c];
    }
    const double share = 1.0 / samples->n_rows / probe->n_styles;
    for (uint32_t i = 0U; i < samples->n_rows; ++i) {
      standardise(probe, &samples->value[(size_t)i * n_columns], row);
      for (uint32_t a = 0U; a < n_columns; ++a) {
        for (uint32_t b = 0U; b <= a; ++b) {
          around[a][b] += share * (row[a] - centre[a]) * (row[b] - centre[b]);
        }
      }
    }
  }
}

/// Shrink a covariance and write its Cholesky factor over it
static void
factorise(const uint32_t n, Matrix around)
{
  double trace = 0.0;
  for (uint32_t a = 0U; a < n; ++a) {
    trace += around[a][a] / n;
  }
  for (uint32_t a = 0U; a < n; ++a) {
    for (uint32_t b = 0U; b <= a; ++b) {
      double sum = around[a][b] * (1.0 - SHRINKAGE) +
                   (a == b ? SHRINKAGE * trace + 1e-9 : 0.0);
      for (uint32_t k = 0U; k < b; ++k) {
        sum -= around[a][k] * around[b][k];
      }
      around[a][b] = a == b ? sqrt(fmax(sum, 1e-12)) : sum / around[b][b];
    }
  }
}

/// Solve (L L^T) x = x in place
static void
solve(const uint32_t n, Matrix factor, double* const x)
{
  for (uint32_t a = 0U; a < n; ++a) {
    for (uint32_t b = 0U; b < a; ++b) {
      x[a] -= factor[a][b] * x[b];
    }
    x[a] /= factor[a][a];
  }
  for (uint32_t a = n; a-- > 0U;) {
    for (uint32_t b = a + 1U; b < n; ++b) {
      x[a] -= factor[b][a] * x[b];
    }
    x[a] /= factor[a][a];
  }
}

/// From means and covariance to weights
static void
learn_weights(StyleProbe* const probe, Matrix around)
{
  factorise(probe->n_columns, around);
  for (uint32_t s = 0U; s < probe->n_styles; ++s) {
    double centre[PROBE_COLUMNS];
    memcpy(centre, probe->weight[s], sizeof(centre));
    solve(probe->n_columns, around, probe->weight[s]);
    for (uint32_t c = 0U; c < probe->n_columns; ++c) {
      probe->bias[s] -= 0.5 * centre[c] * probe->weight[s][c];
    }
  }
}

Status
style_probe_learn(const View           view,
                  const TakeSet* const sets,
                  const uint32_t       styles,
                  StyleProbe* const    probe)
{
  School school;
  Matrix around;
  Status st = STATUS_SUCCESS;
  memset(&school, 0, sizeof(school));
  memset(around, 0, sizeof(around));
  memset(probe, 0, sizeof(*probe));
  probe->view      = view;
  probe->n_columns = count_columns(view);
  for (uint32_t i = 0U; !st && i < N_STYLES; ++i) {
    Samples* const samples = &school.of[probe->n_styles];
    if (styles >> i & 1U) {
      st = view_samples(view, &sets[i], samples);
      if (!st && samples_n_pieces(samples) >= PROBE_LEAST_PIECES) {
        probe->style[probe->n_styles++] = (Style)i;
      } else {
        samples_clear(samples);
      }
    }
  }

  if (!st && probe->n_styles >= PROBE_LEAST_STYLES) {
    learn_scale(&school, probe);
    learn_classes(&school, probe, around);
    learn_weights(probe, around);
  } else {
    probe->n_styles = 0U;
  }
  for (uint32_t s = 0U; s < N_STYLES; ++s) {
    samples_clear(&school.of[s]);
  }
  return st;
}

// --------------------------------------------------------------------- asking

void
style_probe_ask(const StyleProbe* const probe,
                const double* const     row,
                double* const           likely)
{
  double x[PROBE_COLUMNS];
  double top = -INFINITY;
  double sum = 0.0;
  standardise(probe, row, x);
  for (uint32_t s = 0U; s < probe->n_styles; ++s) {
    likely[s] = probe->bias[s];
    for (uint32_t c = 0U; c < probe->n_columns; ++c) {
      likely[s] += probe->weight[s][c] * x[c];
    }
    top = fmax(top, likely[s]);
  }
  for (uint32_t s = 0U; s < probe->n_styles; ++s) {
    likely[s] = exp(likely[s] - top);
    sum += likely[s];
  }
  for (uint32_t s = 0U; s < probe->n_styles; ++s) {
    likely[s] /= sum;
  }
}

int
style_probe_find(const StyleProbe* const probe, const Style style)
{
  for (uint32_t s = 0U; s < probe->n_styles; ++s) {
    if (probe->style[s] == style) {
      return (int)s;
    }
  }
  return -1;
}

Status
style_probe_count(const StyleProbe* const probe,
                  const TakeSet* const    set,
                  ProbeCount* const       count)
{
  Samples      samples;
  const Status st = view_samples(probe->view, set, &samples);
  memset(count, 0, sizeof(*count));
  for (uint32_t i = 0U; probe->n_styles && i < samples.n_rows; ++i) {
    double   likely[N_STYLES];
    uint32_t best = 0U;
    style_probe_ask(
      probe, &samples.value[(size_t)i * samples.n_columns], likely);
    for (uint32_t s = 1U; s < probe->n_styles; ++s) {
      best = likely[s] > likely[best] ? s : best;
    }
    ++count->n_as[probe->style[best]];
    ++count->n_windows;
  }
  samples_clear(&samples);
  return st;
}

ProbeResult
style_probe_result(const StyleProbe* const probe,
                   const ProbeCount* const own,
                   const ProbeCount* const real)
{
  ProbeResult result = {0U, 0.0, 0.0, (double)NAN};
  for (uint32_t s = 0U; s < probe->n_styles; ++s) {
    const Style style = probe->style[s];
    if (own[style].n_windows && real[style].n_windows) {
      result.accuracy += (double)own[style].n_as[style] / own[style].n_windows;
      result.real += (double)real[style].n_as[style] / real[style].n_windows;
      ++result.n_styles;
    }
  }
  const double n  = result.n_styles ? result.n_styles : (double)NAN;
  result.accuracy = result.accuracy / n;
  result.real     = result.real / n;
  result.chance   = probe->n_styles ? 1.0 / probe->n_styles : (double)NAN;
  return result;
}
