// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "base/rng.h"
#include "compose/composer.h"
#include "compose/song.h"
#include "tests/failing_alloc.h"
#include "tests/folder.h"
#include "tests/tiny_models.h"
#include "tests/valid_phrase.h"

#include <pthread.h>
#include <string.h>

#define N_REQUESTS 120U
#define N_THREADS 4U

static Folder    folder;
static Composer* composer;
static Request   requests[N_REQUESTS];
static Phrase    wanted[N_REQUESTS];
static Phrase    phrase;
static Phrase    other;

static Composer*
new_composer(void)
{
  Composer* fresh   = NULL;
  Trouble   trouble = {""};
  CHECK(!composer_new(folder.path, NULL, &fresh, &trouble));
  CHECK(!trouble.text[0]);
  return fresh;
}

static Request
plain_request(const Part part, const int32_t i_phrase)
{
  Request request = {part, i_phrase, {4U, 4U}, 0U, {0}};
  mix_init(&request.mix);
  return request;
}

/// Requests of all sorts; knobs within their ranges
static void
draw_requests(void)
{
  static const Metre metres[] = {
    {4U, 4U}, {3U, 4U}, {5U, 4U}, {6U, 8U}, {7U, 8U}, {12U, 8U}, {2U, 2U}};

  for (uint32_t i = 0U; i < N_REQUESTS; ++i) {
    const uint64_t key     = rng_key(rng_seed(21U), i / 2U);
    Request* const request = &requests[i];
    uint8_t* const knob    = &request->mix.range;

    // Neighbours are the two parts of one place
    *request       = plain_request((Part)(i % 2U), 0);
    request->metre = metres[rng_below(key, 0U, 7U)];
    request->i_phrase =
      (int32_t)rng_below(key, 1U, 400U) - (int32_t)(i % 3U ? 0U : 200U);
    request->reroll = (uint16_t)(rng_below(key, 2U, 4U) ? 0U : 3U);
    for (uint32_t k = 0U; k < 17U; ++k) {
      knob[k] = (uint8_t)rng_below(key, 10U + k, 101U);
    }
    for (uint32_t k = 0U; k < N_STYLES; ++k) {
      request->mix.style[k] = (uint8_t)rng_below(key, 40U + k, 101U);
    }
    request->mix.seed          = rng_u32(key, 3U);
    request->mix.phrase_bars   = (uint8_t)(1U << rng_below(key, 4U, 4U));
    request->mix.form          = (uint8_t)rng_below(key, 5U, N_FORMS);
    request->mix.key           = (uint8_t)rng_below(key, 6U, 12U);
    request->mix.scale         = (uint8_t)rng_below(key, 7U, N_SCALES);
    request->mix.candidates    = (uint8_t)(1U + rng_below(key, 8U, 16U));
    request->mix.drum_map      = 0U;
    request->mix.melody_length = (uint8_t)(10U + rng_below(key, 9U, 191U));
  }
}

static void
test_every_phrase_is_valid(void)
{
  for (uint32_t i = 0U; i < N_REQUESTS; ++i) {
    const Request* const request = &requests[i];
    composer_compose(composer, request, &wanted[i]);

    const Phrase* const p = &wanted[i];
    CHECK(phrase_is_valid(p));
    CHECK(p->n_bars == request->mix.phrase_bars);
    CHECK(p->bar_ticks == metre_bar_ticks(request->metre));
    CHECK(p->n_tries >= 1U && p->n_tries <= 64U);
    CHECK(request->part == PART_DRUMS || phrase_is_monophonic(p));
    CHECK(request->part == PART_DRUMS ||
          phrase_is_in(p, (Scale)request->mix.scale, request->mix.key));
  }
}

static void
test_any_order_gives_the_same(void)
{
  for (uint32_t k = 0U; k < 3U * N_REQUESTS; ++k) {
    const uint32_t i = rng_below(99U, k, N_REQUESTS);
    composer_compose(composer, &requests[i], &phrase);
    CHECK(phrase_is_twin(&phrase, &wanted[i]));
  }
}

static void
test_a_fresh_composer_gives_the_same(void)
{
  for (uint32_t i = N_REQUESTS; i-- > 0U;) {
    Composer* const fresh = new_composer();
    composer_compose(fresh, &requests[i], &phrase);
    CHECK(phrase_is_twin(&phrase, &wanted[i]));
    composer_free(fresh);
  }
}

static void*
compose_all(void* const data)
{
  uint32_t* const n_wrong = (uint32_t*)data;
  Composer*       fresh   = NULL;
  Phrase* const   mine    = (Phrase*)malloc(sizeof(Phrase));
  Trouble         trouble = {""};
  const uint32_t  first   = *n_wrong;

  *n_wrong = N_REQUESTS;
  if (mine && !composer_new(folder.path, NULL, &fresh, &trouble)) {
    *n_wrong = 0U;
    for (uint32_t k = 0U; k < N_REQUESTS; ++k) {
      const uint32_t i = (first + k) % N_REQUESTS;
      composer_compose(fresh, &requests[i], mine);
      *n_wrong += phrase_is_twin(mine, &wanted[i]) ? 0U : 1U;
    }
  }
  composer_free(fresh);
  free(mine);
  return NULL;
}

static void
test_several_threads_give_the_same(void)
{
  pthread_t thread[N_THREADS];
  uint32_t  n_wrong[N_THREADS];
  for (uint32_t i = 0U; i < N_THREADS; ++i) {
    n_wrong[i] = 31U * i;
    CHECK(!pthread_create(&thread[i], NULL, compose_all, &n_wrong[i]));
  }
  for (uint32_t i = 0U; i < N_THREADS; ++i) {
    CHECK(!pthread_join(thread[i], NULL));
    CHECK(n_wrong[i] == 0U);
  }
}

/// Whether a request gives other notes once a change was made to it
static bool
differs(const Request* const a, const Request* const b)
{
  composer_compose(composer, a, &phrase);
  composer_compose(composer, b, &other);
  return !phrase_is_same(&phrase, &other);
}

static void
test_seeds_and_places_differ(void)
{
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    Request a  = plain_request((Part)part, 6);
    Request b  = a;
    b.mix.seed = 2U;
    CHECK(differs(&a, &b));

    // Where nothing is repeated
    a.mix.variation = 100U;
    b               = a;
    b.i_phrase      = 7;
    CHECK(differs(&a, &b));
  }
}

static void
test_with_no_variation_the_theme_returns(void)
{
  Request first           = plain_request(PART_MELODY, 6);
  first.mix.variation     = 0U;
  first.mix.humanise      = 0U;
  const int32_t returns[] = {7, 8, 9, 14, 15, 22, 6 + 16 * 1000, 6 - 16 * 1000};
  composer_compose(composer, &first, &phrase);
  CHECK(phrase.n_notes > 0U);
  for (size_t i = 0U; i < sizeof(returns) / sizeof(returns[0]); ++i) {
    Request again  = first;
    again.i_phrase = returns[i];
    composer_compose(composer, &again, &other);
    CHECK(phrase_is_same(&phrase, &other));
  }

  Request verse  = first;
  verse.i_phrase = 2;
  CHECK(differs(&first, &verse));
}

/// Whether two phrases have the same notes in a bar
static bool
same_bar(const Phrase* const a, const Phrase* const b, const uint32_t bar)
{
  const uint32_t begin = bar * a->bar_ticks;
  const uint32_t end   = begin + a->bar_ticks;
  const uint32_t i     = phrase_find(a, begin);
  const uint32_t k     = phrase_find(b, begin);
  const uint32_t n     = phrase_find(a, end) - i;
  if (phrase_find(b, end) - k != n) {
    return false;
  }
  for (uint32_t m = 0U; m < n; ++m) {
    if (a->notes[i + m].tick != b->notes[k + m].tick ||
        a->notes[i + m].key != b->notes[k + m].key) {
      return false;
    }
  }
  return true;
}

static void
test_fills_are_played_into_the_theme(void)
{
  Request request       = plain_request(PART_DRUMS, 6);
  request.mix.variation = 0U;
  request.mix.humanise  = 0U;
  request.mix.fill      = 0U;
  composer_compose(composer, &request, &phrase);

  uint32_t n_differ = 0U;
  request.mix.fill  = 100U;
  for (int32_t i = 6; i < 10; ++i) {
    request.i_phrase = i;
    composer_compose(composer, &request, &other);
    for (uint32_t bar = 0U; bar < 3U; ++bar) {
      CHECK(same_bar(&phrase, &other, bar));
    }
    n_differ += same_bar(&phrase, &other, 3U) ? 0U : 1U;
  }
  CHECK(n_differ >= 3U);
}

static void
test_never_twice(void)
{
  static Phrase all[32];
  Request       request  = plain_request(PART_MELODY, 0);
  request.mix.variation  = 100U;
  request.mix.humanise   = 0U;
  request.mix.candidates = 2U;
  for (uint32_t i = 0U; i < 32U; ++i) {
    request.i_phrase = (int32_t)i;
    composer_compose(composer, &request, &all[i]);
    for (uint32_t k = 0U; k < i; ++k) {
      CHECK(!phrase_is_same(&all[i], &all[k]));
    }
  }
}

static void
test_a_reroll_is_another_phrase(void)
{
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    for (int32_t i = 6; i < 10; ++i) {
      Request one   = plain_request((Part)part, i);
      one.mix.fill  = 0U;
      Request two   = one;
      Request three = one;
      two.reroll    = 1U;
      three.reroll  = 2U;
      CHECK(differs(&one, &two));
      CHECK(differs(&one, &three));
      CHECK(differs(&two, &three));
    }
  }
}

static void
test_a_strict_gate_is_counted(void)
{
  Request request        = plain_request(PART_MELODY, 7);
  request.mix.variation  = 90U;
  request.mix.candidates = 5U;
  request.mix.gate       = 0U;
  composer_compose(composer, &request, &phrase);
  CHECK(phrase.n_tries == 5U && phrase.n_rejected == 0U);

  request.mix.gate = 100U;
  composer_compose(composer, &request, &phrase);
  CHECK(phrase.n_tries == 15U && phrase.n_rejected == 15U);

  // The theme stands in
  Request theme        = request;
  theme.i_phrase       = 6;
  theme.mix.humanise   = 0U;
  request.mix.humanise = 0U;
  composer_compose(composer, &request, &phrase);
  composer_compose(composer, &theme, &other);
  CHECK(phrase.n_notes == other.n_notes && phrase.score == other.score);
  CHECK(other.n_tries == 15U && other.n_rejected == 15U);
}

static void
test_every_try_has_its_verdict(void)
{
  uint32_t n_good = 0U;
  for (uint32_t i = 0U; i < N_REQUESTS; ++i) {
    const Phrase* const p         = &wanted[i];
    uint32_t            n_refused = 0U;
    CHECK(p->n_scores == p->n_tries);
    for (uint32_t k = 0U; k < p->n_scores; ++k) {
      n_refused += p->scores[k] < 0 ? 1U : 0U;
      n_good += p->scores[k] > 0 ? 1U : 0U;
    }
    CHECK(n_refused <= p->n_rejected);
  }
  CHECK(n_good > N_REQUESTS);

  // The one that was chosen is among them
  Request request  = plain_request(PART_MELODY, 7);
  request.mix.gate = 0U;
  for (int32_t i = 0; i < 20; ++i) {
    request.i_phrase = i;
    composer_compose(composer, &request, &phrase);
    bool is_found = false;
    for (uint32_t k = 0U; k < phrase.n_scores; ++k) {
      is_found |=
        fabsf((float)phrase.scores[k] - 1000.0f * phrase.score) <= 0.51f;
    }
    CHECK(is_found);
  }
}

/// What is broken or just the theme again is refused; there are always some
static void
test_what_is_refused_is_marked(void)
{
  uint32_t n_refused = 0U;
  uint32_t n_quotes  = 0U;
  for (uint32_t i = 0U; i < N_REQUESTS; ++i) {
    for (uint32_t k = 0U; k < wanted[i].n_scores; ++k) {
      n_refused += wanted[i].scores[k] == SCORE_REFUSED ? 1U : 0U;
      n_quotes += wanted[i].scores[k] == SCORE_QUOTE ? 1U : 0U;
    }
  }
  CHECK(n_refused > 0U);
  CHECK(!n_quotes); // These models know no quotations
}

static void
test_a_phrase_says_where_it_stands(void)
{
  for (uint32_t i = 0U; i < N_REQUESTS; ++i) {
    const Request* const request = &requests[i];
    const Phrase* const  p       = &wanted[i];
    const int64_t        bar     = (int64_t)request->i_phrase * p->n_bars;
    const Section        section = song_section(&request->mix, bar);
    CHECK(p->section == section.kind && p->energy == section.energy);
    for (uint32_t k = 0U; k < PHRASE_MAX_BARS; ++k) {
      CHECK(p->fill[k] ==
            (k < p->n_bars ? song_fill(&request->mix, bar + k) : FILL_NONE));
    }
  }
}

static void
test_more_candidates_score_more_together(void)
{
  double sums[2] = {0.0, 0.0};
  for (uint32_t i = 0U; i < 40U; ++i) {
    Request request        = plain_request(PART_MELODY, (int32_t)i);
    request.mix.variation  = 100U;
    request.mix.gate       = 0U;
    request.mix.candidates = 2U;
    composer_compose(composer, &request, &phrase);
    sums[0] += (double)phrase.score;
    request.mix.candidates = 16U;
    composer_compose(composer, &request, &phrase);
    sums[1] += (double)phrase.score;
  }
  CHECK(sums[1] > sums[0]);
}

static void
test_finishing_knobs_leave_the_notes(void)
{
  Request a          = plain_request(PART_MELODY, 7);
  Request b          = a;
  a.mix.humanise     = 0U;
  b.mix.humanise     = 0U;
  b.mix.key          = 2U;
  b.mix.velocity     = 70U;
  b.mix.drum_density = 90U;
  composer_compose(composer, &a, &phrase);
  composer_compose(composer, &b, &other);
  CHECK(phrase.n_notes == other.n_notes);
  for (uint32_t i = 0U; i < phrase.n_notes && i < other.n_notes; ++i) {
    CHECK(phrase.notes[i].tick == other.notes[i].tick);
    CHECK(phrase.notes[i].key + 2U == other.notes[i].key);
    CHECK(phrase.notes[i].velocity > other.notes[i].velocity);
  }
}

static void
test_far_away_and_below_zero(void)
{
  const int32_t places[] = {INT32_MAX, INT32_MIN, -1, 1 << 28, -(1 << 28)};
  for (size_t i = 0U; i < sizeof(places) / sizeof(places[0]); ++i) {
    for (unsigned bars = 1U; bars <= 8U; bars *= 2U) {
      Request request         = plain_request((Part)(i % 2U), places[i]);
      request.mix.phrase_bars = (uint8_t)bars;
      composer_compose(composer, &request, &phrase);
      CHECK(phrase_is_valid(&phrase));
      CHECK(phrase.n_notes > 0U);
    }
  }
}

static void
test_nonsense_is_borne(void)
{
  Request request = plain_request(PART_DRUMS, 3);
  memset(&request.mix, 0xFF, sizeof(request.mix));
  composer_compose(composer, &request, &phrase);
  CHECK(phrase_is_valid(&phrase));
  CHECK(phrase.n_bars == PHRASE_MAX_BARS);

  memset(&request, 0, sizeof(request));
  composer_compose(composer, &request, &phrase);
  CHECK(phrase_is_valid(&phrase));
  CHECK(phrase.n_bars == 1U && phrase.bar_ticks == 3840U);
}

static void
test_sections_have_names_and_energy(void)
{
  uint32_t      energy = 0U;
  const Request intro  = plain_request(PART_MELODY, 0);
  const Request drop   = plain_request(PART_DRUMS, 6);
  CHECK(!strcmp(composer_section(&intro, &energy), "intro"));
  CHECK(energy == 30U);
  CHECK(!strcmp(composer_section(&drop, &energy), "drop"));
  CHECK(energy == 97U);
}

static void
test_models_are_known_by_id(void)
{
  const ModelIds ids = composer_models(composer);
  CHECK(ids.part[0] && ids.part[1] && ids.gate[0] && ids.gate[1]);
  CHECK(ids.part[0] != ids.part[1] && ids.part[0] != ids.gate[0]);

  Composer* fresh   = NULL;
  Trouble   trouble = {""};
  CHECK(!composer_new(folder.path, &ids, &fresh, &trouble));
  CHECK(!trouble.text[0]);
  composer_free(fresh);
  fresh = NULL;

  ModelIds lost         = ids;
  lost.gate[PART_DRUMS] = 1U;
  CHECK(!composer_new(folder.path, &lost, &fresh, &trouble));
  CHECK(strstr(trouble.text, "0000000000000001"));
  if (fresh) {
    const ModelIds found = composer_models(fresh);
    CHECK(!memcmp(&found, &ids, sizeof(ids)));
  }
  composer_free(fresh);
}

static void
test_bad_folders_are_refused(void)
{
  Folder    bad;
  Composer* fresh   = NULL;
  Trouble   trouble = {""};
  CHECK(composer_new("/nowhere/at/all", NULL, &fresh, &trouble) ==
        STATUS_NO_FILE);
  CHECK(strstr(trouble.text, "/nowhere/at/all"));
  CHECK(!fresh);

  CHECK(folder_make(&bad));
  CHECK(!tiny_models_write(bad.path, 1U, &trouble));
  const TinyModel tiny = {
    .job = MODEL_GATE, .part = PART_DRUMS, .vocab_version = "0"};
  char path[128];
  snprintf(path, sizeof(path), "%s/gate_drums.safetensors", bad.path);
  CHECK(!tiny_model_write(&tiny, path, &trouble));
  CHECK(composer_new(bad.path, NULL, &fresh, &trouble) == STATUS_MISMATCH);
  CHECK(strstr(trouble.text, "vocab_version \"0\""));
  CHECK(!fresh);

  remove(path);
  CHECK(composer_new(bad.path, NULL, &fresh, &trouble) == STATUS_NO_FILE);
  CHECK(strstr(trouble.text, "gate_drums.safetensors"));
  folder_free(&bad);
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
    Composer* fresh   = NULL;
    Trouble   trouble = {""};
    failing_alloc_begin(nth);
    const Status st = composer_new(folder.path, NULL, &fresh, &trouble);
    failed          = failing_alloc_end();
    CHECK(failed == (st != STATUS_SUCCESS));
    CHECK(failed == !fresh);
    CHECK(failed == (trouble.text[0] != '\0'));
    composer_free(fresh);
    CHECK(failing_alloc_n_live() == n_live);
  }
}

static void
test_composing_allocates_nothing(void)
{
  if (!failing_alloc_is_able()) {
    return;
  }
  Composer* const fresh  = new_composer();
  const int64_t   n_live = failing_alloc_n_live();
  failing_alloc_begin(1U);
  composer_compose(fresh, &requests[1], &phrase);
  CHECK(!failing_alloc_end());
  CHECK(failing_alloc_n_live() == n_live);
  composer_free(fresh);
}

int
main(void)
{
  Trouble trouble = {""};
  if (!folder_make(&folder) || tiny_models_write(folder.path, 1U, &trouble)) {
    fprintf(stderr, "No models: %s\n", trouble.text);
    return 1;
  }
  draw_requests();
  composer = new_composer();

  RUN(test_every_phrase_is_valid);
  RUN(test_any_order_gives_the_same);
  RUN(test_a_fresh_composer_gives_the_same);
  RUN(test_several_threads_give_the_same);
  RUN(test_seeds_and_places_differ);
  RUN(test_with_no_variation_the_theme_returns);
  RUN(test_fills_are_played_into_the_theme);
  RUN(test_never_twice);
  RUN(test_a_reroll_is_another_phrase);
  RUN(test_a_strict_gate_is_counted);
  RUN(test_every_try_has_its_verdict);
  RUN(test_what_is_refused_is_marked);
  RUN(test_a_phrase_says_where_it_stands);
  RUN(test_more_candidates_score_more_together);
  RUN(test_finishing_knobs_leave_the_notes);
  RUN(test_far_away_and_below_zero);
  RUN(test_nonsense_is_borne);
  RUN(test_sections_have_names_and_energy);
  RUN(test_models_are_known_by_id);
  RUN(test_bad_folders_are_refused);
  RUN(test_no_memory_is_said);
  RUN(test_composing_allocates_nothing);

  composer_free(NULL);
  composer_free(composer);
  folder_free(&folder);
  CHECK_END();
}
