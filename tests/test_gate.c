// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "compose/gate.h"
#include "compose/generator.h"
#include "compose/model_folder.h"
#include "tests/failing_alloc.h"
#include "tests/folder.h"
#include "tests/tiny_models.h"

#include <string.h>

#define MAX_N 16U

static Loaded     generators[N_PARTS];
static Loaded     gates[N_PARTS];
static Generator* generator[N_PARTS];
static Gate*      gate[N_PARTS];
static Chord      chords[PHRASE_MAX_BARS * CHORDS_PER_BAR + 1U];
static Candidate  some[MAX_N];
static Candidate  others[MAX_N];
static uint16_t   tokens[SKETCH_MAX_TOKENS];

static Wish
plain_wish(const Part part)
{
  Mix mix;
  mix_init(&mix);
  Wish wish = {.part    = part,
               .n_bars  = 4U,
               .around  = {{4U, 4U}, 8U, 4U, NULL, NULL, chords},
               .pitches = 0xFFFU};
  for (uint32_t i = 0U; i < sizeof(chords); ++i) {
    chords[i] = (Chord)(5U * i % N_CHORDS);
  }
  wish_describe(&mix, part, 60U, -1, (Character){0, 0}, wish.dense);
  wish_set_wildness(&wish, 50U);
  return wish;
}

static void
write_some(const Wish* const wish)
{
  generator_begin(generator[wish->part], wish);
  generator_write(generator[wish->part], 5U, MAX_N, some);
}

/// The score by the book: one net, one sequence, one step after another
static float
plain_score(const Wish* const wish, const Sketch* const sketch)
{
  const Net* const net   = gates[wish->part].net;
  NetState* const  state = net_state_new(net, 1U);
  const uint32_t   n =
    sketch_encode(sketch, wish->part, wish_end_grid(wish), tokens);

  Cursor   cursor;
  GridNote note;
  uint16_t hot[VOCAB_MAX_HOT];
  float    logits[N_GATE_CLASSES];
  cursor_init(&cursor, wish->part, wish->around.metre);
  net_condition(net, state, wish->dense);
  for (uint32_t i = 0U; i <= n; ++i) {
    cursor_inputs(&cursor, &wish->around, hot);
    net_step(net, state, hot, logits);
    if (i < n) {
      (void)cursor_step(&cursor, tokens[i], &note);
    }
  }
  net_state_free(state);
  return gate_score(logits);
}

static void
test_scores_are_by_the_book(void)
{
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    const Wish wish = plain_wish((Part)part);
    write_some(&wish);
    gate_judge(gate[part], &wish, MAX_N, some);
    for (uint32_t i = 0U; i < MAX_N; ++i) {
      CHECK(some[i].score > 0.0f && some[i].score < 1.0f);
      CHECK(some[i].score == plain_score(&wish, &some[i].sketch));
    }
    CHECK(some[0].score != some[1].score);
  }
}

static void
test_a_score_is_the_same_in_any_company(void)
{
  const Wish wish = plain_wish(PART_DRUMS);
  write_some(&wish);
  gate_judge(gate[PART_DRUMS], &wish, MAX_N, some);
  for (uint32_t n = 1U; n <= MAX_N; ++n) {
    memcpy(others, some, sizeof(others));
    gate_judge(gate[PART_DRUMS], &wish, n, others + (MAX_N - n));
    for (uint32_t i = 0U; i < MAX_N; ++i) {
      CHECK(others[i].score == some[i].score);
    }
  }
}

static void
test_what_is_asked_counts(void)
{
  Wish wish = plain_wish(PART_MELODY);
  write_some(&wish);
  gate_judge(gate[PART_MELODY], &wish, MAX_N, some);
  memcpy(others, some, sizeof(others));
  memset(wish.dense, 0, N_STYLES);
  wish.dense[STYLE_BAROQUE] = 127;
  gate_judge(gate[PART_MELODY], &wish, MAX_N, some);
  CHECK(some[0].score != others[0].score);
}

static void
test_silence_has_a_score(void)
{
  const Wish wish        = plain_wish(PART_MELODY);
  some[0].sketch.n_notes = 0U;
  gate_judge(gate[PART_MELODY], &wish, 1U, some);
  CHECK(some[0].score > 0.0f && some[0].score < 1.0f);
}

static void
test_scores_of_outputs(void)
{
  const float even[2] = {3.0f, 3.0f};
  const float real[2] = {-2.0f, 2.0f};
  const float not [2] = {2.0f, -2.0f};
  CHECK(gate_score(even) == 0.5f);
  NEAR(gate_score(real), 1.0 / (1.0 + exp(-4.0)), 1e-6);
  NEAR(gate_score(not ), 1.0 / (1.0 + exp(4.0)), 1e-6);
}

static void
test_no_memory_is_said(void)
{
  if (!failing_alloc_is_able()) {
    return;
  }
  const int64_t n_live = failing_alloc_n_live();
  bool          failed = true;
  for (uint32_t nth = 1U; failed; ++nth) {
    Gate* fresh = NULL;
    failing_alloc_begin(nth);
    const Status st = gate_new(gates[PART_DRUMS].net, PART_DRUMS, &fresh);
    failed          = failing_alloc_end();
    CHECK(failed == (st == STATUS_NO_MEM));
    gate_free(fresh);
    CHECK(failing_alloc_n_live() == n_live);
  }
}

static Status
load_all(const char* const folder, Trouble* const trouble)
{
  Status st = tiny_models_write(folder, 2U, trouble);
  for (unsigned i = 0U; !st && i < N_PARTS; ++i) {
    const Part p = (Part)i;
    st           = model_folder_find(
      folder, MODEL_GENERATOR, p, 0U, &generators[i], trouble);
    st = st ? st
            : model_folder_find(folder, MODEL_GATE, p, 0U, &gates[i], trouble);
    st = st ? st : generator_new(generators[i].net, p, &generator[i]);
    st = st ? st : gate_new(gates[i].net, p, &gate[i]);
  }
  return st;
}

int
main(void)
{
  Folder  folder;
  Trouble trouble = {""};
  if (!folder_make(&folder) || load_all(folder.path, &trouble)) {
    fprintf(stderr, "No models: %s\n", trouble.text);
    return 1;
  }
  folder_free(&folder);

  RUN(test_scores_are_by_the_book);
  RUN(test_a_score_is_the_same_in_any_company);
  RUN(test_what_is_asked_counts);
  RUN(test_silence_has_a_score);
  RUN(test_scores_of_outputs);
  RUN(test_no_memory_is_said);

  gate_free(NULL);
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    generator_free(generator[part]);
    gate_free(gate[part]);
    loaded_clear(&generators[part]);
    loaded_clear(&gates[part]);
  }
  CHECK_END();
}
