// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Composes some phrases and says what came out, a line for each, and one for
   what a normed net of random weights says.

   test_same_bits.py builds it in many ways and compares the lines.  Words:
   the folder of models, and the names of a backend and of an instruction set
   for plain loops, if not the preferred ones.
*/

#include "compose/composer.h"
#include "music/mix.h"
#include "nn/isa.h"
#include "nn/net.h"
#include "nn/product.h"
#include "tests/random_model.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/// What is asked for: a row for each phrase, of both parts
typedef struct {
  uint32_t seed;
  int32_t  i_phrase;
  Metre    metre;
  uint16_t reroll;
  uint8_t  style;
  uint8_t  other_style;
  uint8_t  wildness;
  uint8_t  form;
} Wish;

static const Wish wishes[] = {
  {1U, 0, {4U, 4U}, 0U, 0U, 0U, 50U, FORM_STEADY},
  {1U, 1, {4U, 4U}, 0U, 0U, N_STYLES - 1U, 50U, FORM_CLUB},
  {7U, 9, {4U, 4U}, 1U, 1U, N_STYLES / 2U, 100U, FORM_WAVES},
  {7U, -3, {3U, 4U}, 0U, N_STYLES - 1U, N_STYLES - 2U, 60U, FORM_CLUB},
  {4000000000U, 100000, {7U, 8U}, 3U, 2U, 3U, 0U, FORM_STEADY},
};

/// FNV-1a over what a note is, so that no padding counts
static uint64_t
hash_u32(const uint64_t hash, const uint32_t value)
{
  uint64_t h = hash;
  for (unsigned i = 0U; i < 4U; ++i) {
    h = (h ^ ((value >> (8U * i)) & 0xFFU)) * UINT64_C(1099511628211);
  }
  return h;
}

static void
tell(Composer* const composer, const Wish* const wish, const Part part)
{
  static Phrase phrase;

  Request request = {part, wish->i_phrase, wish->metre, wish->reroll, {0}};
  mix_init(&request.mix);
  memset(request.mix.style, 0, sizeof(request.mix.style));
  request.mix.seed                     = wish->seed;
  request.mix.style[wish->other_style] = 40U;
  request.mix.style[wish->style]       = 100U;
  request.mix.melody_wildness          = wish->wildness;
  request.mix.drum_wildness            = wish->wildness;
  request.mix.form                     = wish->form;
  request.mix.humanise                 = 30U;
  request.mix.swing                    = 20U;
  composer_compose(composer, &request, &phrase);

  uint64_t hash = UINT64_C(14695981039346656037);
  for (uint32_t i = 0U; i < phrase.n_notes; ++i) {
    const Note* const note = &phrase.notes[i];

    hash = hash_u32(hash, note->tick);
    hash = hash_u32(hash, note->length);
    hash = hash_u32(hash, note->key);
    hash = hash_u32(hash, note->velocity);
  }
  uint32_t score = 0U;
  memcpy(&score, &phrase.score, sizeof(score));
  printf("part %u phrase %d seed %u: %u notes %016" PRIx64
         ", score %08x after %u tries, %u rejected\n",
         (unsigned)part,
         wish->i_phrase,
         wish->seed,
         phrase.n_notes,
         hash,
         score,
         phrase.n_tries,
         phrase.n_rejected);
}

#define N_STEPS 40U

static void
tell_normed(void)
{
  const NetShape  shape = {60U, 5U, 12U, 2U, 90U, 30U, 1U};
  Model* const    model = random_model(&shape, 1U);
  Net*            net   = NULL;
  uint16_t        hot[N_STEPS * 5U];
  float           logits[30];
  uint64_t        hash = UINT64_C(14695981039346656037);
  NetState* const state =
    net_new(model, &net, NULL) ? NULL : net_state_new(net, 1U);

  random_hot(&shape, 2U, N_STEPS, hot);
  for (uint32_t i = 0U; state && i < N_STEPS; ++i) {
    net_step(net, state, hot + (size_t)i * shape.n_hot, logits);
    for (uint32_t v = 0U; v < shape.n_out; ++v) {
      uint32_t bits = 0U;
      memcpy(&bits, &logits[v], sizeof(bits));
      hash = hash_u32(hash, bits);
    }
  }
  printf("normed net: %016" PRIx64 "%s\n", hash, state ? "" : ", no memory");
  net_state_free(state);
  net_free(net);
  model_free(model);
}

/// Use the loops of an instruction set
static bool
use_loops(const char* const name)
{
  for (int isa = ISA_PLAIN; isa < N_ISAS; ++isa) {
    if (!strcmp(name, isa_name((Isa)isa))) {
      return isa_use((Isa)isa);
    }
  }
  return false;
}

int
main(const int argc, char** const argv)
{
#ifdef WITH_BLAS
  product_add(&product_blas);
#endif
  if (argc < 2 || (argc > 2 && !product_use(argv[2])) ||
      (argc > 3 && !use_loops(argv[3]))) {
    fprintf(stderr, "digest MODELS [BACKEND [LOOPS]]: no such ones here\n");
    return 2;
  }

  Composer* composer = NULL;
  Trouble   trouble  = {""};
  if (composer_new(argv[1], NULL, &composer, &trouble)) {
    fprintf(stderr, "%s\n", trouble.text);
    return 1;
  }
  for (size_t i = 0U; i < sizeof(wishes) / sizeof(*wishes); ++i) {
    for (unsigned part = 0U; part < N_PARTS; ++part) {
      tell(composer, &wishes[i], (Part)part);
    }
  }
  composer_free(composer);
  tell_normed();
  return 0;
}
