// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   What RTNeural's step costs, in the form that it is fastest in.

   RTNeural's models are templates, so their sizes are known to the compiler.
   tools/bench/bench.py compiles this for each of its backends, where it is
   given a folder that RTNeural is in; no part of it is kept here.

   RTNeural has no sparse inputs.  Our 703 columns, 16 of them hot, would be a
   product with mostly nothing; whoever uses it looks up a short vector for what
   is hot.  So here, as for the other libraries, 44 such numbers and our 20
   dense ones go in, and the looking up is given to them for nothing.
*/

#define EIGEN_STACK_ALLOCATION_LIMIT 0 // Such matrices are not small

#include <RTNeural/RTNeural.h>

extern "C" {
#include "tools/bench/race.h"
}

#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace
{

constexpr int n_in  = 64;
constexpr int n_out = 96;

using Matrix = std::vector<std::vector<float>>;

Matrix
random_matrix(std::mt19937& rng, const int n_rows, const int n_columns)
{
  std::uniform_real_distribution<float> draw(-0.1F, 0.1F);
  Matrix                                matrix(static_cast<size_t>(n_rows),
                std::vector<float>(static_cast<size_t>(n_columns)));
  for (auto& row : matrix) {
    for (auto& x : row) {
      x = draw(rng);
    }
  }
  return matrix;
}

template<class Lstm>
void
fill_lstm(std::mt19937& rng, Lstm& lstm)
{
  lstm.setWVals(random_matrix(rng, Lstm::in_size, 4 * Lstm::out_size));
  lstm.setUVals(random_matrix(rng, Lstm::out_size, 4 * Lstm::out_size));
  lstm.setBVals(random_matrix(rng, 1, 4 * Lstm::out_size)[0]);
}

template<int H>
struct Runner {
  using Net = RTNeural::ModelT<float,
                               n_in,
                               n_out,
                               RTNeural::LSTMLayerT<float, n_in, H>,
                               RTNeural::LSTMLayerT<float, H, H>,
                               RTNeural::DenseT<float, H, n_out>>;

  alignas(64) float input[n_in];
  Net   net;
  float sum = 0.0F; ///< So that nothing is optimised away

  Runner()
  {
    std::mt19937 rng(1U);
    fill_lstm(rng, net.template get<0>());
    fill_lstm(rng, net.template get<1>());
    net.template get<2>().setWeights(random_matrix(rng, n_out, H));
    net.template get<2>().setBias(random_matrix(rng, 1, n_out)[0].data());
    net.reset();
    for (float& x : input) {
      x = random_matrix(rng, 1, 1)[0][0];
    }
  }

  static void
  step(void* const what)
  {
    Runner* const r = static_cast<Runner*>(what);
    r->sum += r->net.forward(r->input);
  }
};

template<int H>
void
measure(const char* const form)
{
  const auto        runner = std::make_unique<Runner<H>>();
  const Contestant  c      = {form, Runner<H>::step, runner.get(), 1.0};
  const std::string name =
    "RTNeural step, 2x" + std::to_string(H) + ": " + form;
  Spread spread = {};

  race(race_options(), &c, 1U, &spread);
  if (!(runner->sum > -1e30F && runner->sum < 1e30F)) {
    race_skip("kernels", name.c_str(), "it computes nonsense");
    return;
  }
  race_print("kernels", name.c_str(), "us", 1e6, spread);
}

} // namespace

int
main(const int argc, char** const argv)
{
  const char* const form = argc > 1 ? argv[1] : "";
  measure<256>(form);
  measure<512>(form);
  return 0;
}
