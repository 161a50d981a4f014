// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "learn/adam.h"

#include "learn/curves.h"

#include <math.h>

#define ADAM_BETA1 0.9
#define ADAM_BETA2 0.99
#define ADAM_EPSILON 1e-8
#define PI 3.14159265358979323846

double
adam_rate(const AdamOptions* const options, const uint64_t i_step)
{
  if (i_step < options->n_warmup) {
    return options->rate * (double)(i_step + 1U) / (double)options->n_warmup;
  }
  if (i_step >= options->n_steps) {
    return options->rate * options->floor;
  }

  const double done = (double)(i_step - options->n_warmup) /
                      (double)(options->n_steps - options->n_warmup);
  const double fall = 0.5 * (1.0 + cos(PI * done));
  return options->rate * (options->floor + (1.0 - options->floor) * fall);
}

WIDE_LOOPS double
adam_squares(const Real* const gradient, const size_t n)
{
  // Eight sums side by side, added in fixed order
  double sum[8] = {0.0};
  size_t i      = 0U;
  for (; i + 8U <= n; i += 8U) {
    for (size_t j = 0U; j < 8U; ++j) {
      sum[j] += (double)gradient[i + j] * (double)gradient[i + j];
    }
  }
  for (; i < n; ++i) {
    sum[0] += (double)gradient[i] * (double)gradient[i];
  }
  return ((sum[0] + sum[1]) + (sum[2] + sum[3])) +
         ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

double
adam_norm(const Real* const gradient, const size_t n)
{
  double sum = 0.0;
  for (size_t i = 0U; i < n; i += ADAM_BLOCK) {
    sum += adam_squares(gradient + i, n - i < ADAM_BLOCK ? n - i : ADAM_BLOCK);
  }
  return sqrt(sum);
}

AdamFactors
adam_factors(const AdamOptions* const options,
             const uint64_t           i_step,
             const double             norm)
{
  const double rate  = adam_rate(options, i_step);
  const double count = (double)(i_step + 1U);
  const double clip  = options->clip;

  const AdamFactors factors = {
    .rate   = (Real)(rate / (1.0 - pow(ADAM_BETA1, count))),
    .unbias = (Real)(1.0 / (1.0 - pow(ADAM_BETA2, count))),
    .keep   = (Real)(1.0 - rate * options->decay),
    .scale  = (Real)(clip > 0.0 && norm > clip ? clip / norm : 1.0),
  };
  return factors;
}

WIDE_LOOPS void
adam_update(const AdamFactors factors,
            const size_t      n,
            Real* restrict const weights,
            Real* restrict const first,
            Real* restrict const second,
            Real* restrict const gradient)
{
  const Real beta1 = (Real)ADAM_BETA1;
  const Real beta2 = (Real)ADAM_BETA2;
  const Real one   = (Real)1;
  for (size_t i = 0U; i < n; ++i) {
    const Real g = gradient[i] * factors.scale;
    const Real m = beta1 * first[i] + (one - beta1) * g;
    const Real v = beta2 * second[i] + (one - beta2) * g * g;

#ifdef PERPETUO_DOUBLE
    const Real root = sqrt(v * factors.unbias);
#else
    const Real root = sqrtf(v * factors.unbias);
#endif
    gradient[i] = g;
    first[i]    = m;
    second[i]   = v;
    weights[i]  = weights[i] * factors.keep -
                 factors.rate * m / (root + (Real)ADAM_EPSILON);
  }
}

double
adam_step(const AdamOptions* const options,
          const uint64_t           i_step,
          const size_t             n,
          Real* const              weights,
          Real* const              first,
          Real* const              second,
          Real* const              gradient)
{
  const double norm = adam_norm(gradient, n);
  if (isfinite(norm)) {
    adam_update(
      adam_factors(options, i_step, norm), n, weights, first, second, gradient);
  }
  return norm;
}
