// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "compose/composer.h"

#include "base/rng.h"
#include "compose/accents.h"
#include "compose/choice.h"
#include "compose/desk.h"
#include "compose/finish.h"
#include "compose/gate.h"
#include "compose/generator.h"
#include "compose/lanes.h"
#include "compose/memo.h"
#include "compose/model_folder.h"
#include "compose/sketch.h"
#include "compose/song.h"
#include "music/drum_map.h"
#include "music/scale.h"

#include <stdlib.h>
#include <string.h>

#define MAX_CANDIDATES LANES_MAX
_Static_assert(MAX_CANDIDATES <= CHOICE_MAX, "more than can be chosen from");

/// Rounds of candidates before the theme is played instead
#define MAX_ROUNDS 3U

/// A crash begins so many bars, or a section
#define CRASH_BARS 8

/// A melody plays one note at most so many times in a row: a riff may insist
/// for a bar and a half
#define MAX_HAMMER 24U

/// Names of keys
enum { KEY_THEME = 201, KEY_PHRASE, KEY_FEEL, KEY_CHOICE };

struct Composer {
  Loaded     loaded[N_MODEL_JOBS][N_PARTS];
  Desks*     desks;
  Generator* generator[N_PARTS]; ///< Of the desk, while there is one
  Gate*      gate[N_PARTS];
  Candidate* candidates; ///< (MAX_CANDIDATES)
  Candidate  best;       ///< Of all rounds so far
  bool       has_best;
  Memo       memo;
  Take       recalled; ///< A theme of drums as it is played again
};

/// A request that can be trusted, and where in the song it stands
typedef struct {
  Request  request;
  int64_t  bar; ///< Its first
  uint32_t n_bars;
  uint32_t bar_grids;
  Section  section;
} Place;

/// The arrays that the Surroundings of a wish point to
typedef struct {
  uint8_t  fill[PHRASE_MAX_BARS];
  uint64_t onsets[SKETCH_ONSET_WORDS];
  uint64_t theme_onsets[SKETCH_ONSET_WORDS];
  Chord    chords[PHRASE_MAX_BARS * CHORDS_PER_BAR + 1U];
} Backdrop;

// ---------------------------------------------------------------- life cycle

static Status
load(Composer* const       self,
     const char* const     folder,
     const ModelIds* const wanted,
     Trouble* const        trouble)
{
  static const ModelIds newest = {{0U}, {0U}};
  const ModelIds* const ids    = wanted ? wanted : &newest;

  uint64_t missing[N_PARTS * N_MODEL_JOBS];
  uint32_t n_missing = 0U;
  Status   st        = STATUS_SUCCESS;
  for (unsigned part = 0U; !st && part < N_PARTS; ++part) {
    const uint64_t id[N_MODEL_JOBS] = {
      [MODEL_GENERATOR] = ids->part[part],
      [MODEL_GATE]      = ids->gate[part],
    };
    for (unsigned job = 0U; !st && job < N_MODEL_JOBS; ++job) {
      st = model_folder_find(folder,
                             (ModelJob)job,
                             (Part)part,
                             id[job],
                             &self->loaded[job][part],
                             trouble);
      if (!st && id[job] && self->loaded[job][part].id != id[job]) {
        missing[n_missing++] = id[job];
      }
    }
  }
  if (!st) {
    model_folder_say_missing(folder, missing, n_missing, trouble);
  }
  return st;
}

static Status
make_ready(Composer* const self, Trouble* const trouble)
{
  DeskNets nets;
  for (unsigned i = 0U; i < N_PARTS; ++i) {
    nets.generator[i] = self->loaded[MODEL_GENERATOR][i].net;
    nets.gate[i]      = self->loaded[MODEL_GATE][i].net;
  }
  const Status st = desks_join(&nets, &self->desks);
  return st ? trouble_say(trouble, st, "%s", status_text(st)) : st;
}

Status
composer_new(const char* const     folder,
             const ModelIds* const wanted,
             Composer** const      composer,
             Trouble* const        trouble)
{
  Composer* const self = (Composer*)calloc(1U, sizeof(Composer));
  if (!self) {
    return trouble_say(
      trouble, STATUS_NO_MEM, "%s", status_text(STATUS_NO_MEM));
  }

  Status st = load(self, folder, wanted, trouble);
  st        = st ? st : make_ready(self, trouble);
  if (st) {
    composer_free(self);
    return st;
  }

  *composer = self;
  return STATUS_SUCCESS;
}

void
composer_free(Composer* const self)
{
  if (self) {
    desks_leave(self->desks);
    for (unsigned part = 0U; part < N_PARTS; ++part) {
      for (unsigned job = 0U; job < N_MODEL_JOBS; ++job) {
        loaded_clear(&self->loaded[job][part]);
      }
    }
    free(self);
  }
}

ModelIds
composer_models(const Composer* const self)
{
  ModelIds ids;
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    ids.part[part] = self->loaded[MODEL_GENERATOR][part].id;
    ids.gate[part] = self->loaded[MODEL_GATE][part].id;
  }
  return ids;
}

// ------------------------------------------------------------------- a place

static uint8_t
hold(const uint8_t value, const uint8_t least, const uint8_t most)
{
  return value < least ? least : value > most ? most : value;
}

/// Bring what came from outside into its ranges
static Place
place_of(const Request* const request)
{
  Place      place = {*request, 0, 1U, 1U, {0}};
  Mix* const mix   = &place.request.mix;
  Metre*     metre = &place.request.metre;

  mix->phrase_bars = hold(mix->phrase_bars, 1U, PHRASE_MAX_BARS);
  mix->candidates  = hold(mix->candidates, 1U, MAX_CANDIDATES);
  mix->scale       = mix->scale < N_SCALES ? mix->scale : (uint8_t)SCALE_FREE;
  mix->key         = (uint8_t)(mix->key % 12U);
  if (!metre->n_beats || !metre->unit) {
    *metre = (Metre){4U, 4U};
  }
  if ((unsigned)request->part >= N_PARTS) {
    place.request.part = PART_MELODY;
  }

  place.n_bars    = mix->phrase_bars;
  place.bar       = (int64_t)request->i_phrase * place.n_bars;
  place.bar_grids = metre_bar_grids(*metre);
  place.section   = song_section(mix, place.bar);
  return place;
}

const char*
composer_section(const Request* const request, uint32_t* const energy)
{
  const Place place = place_of(request);
  *energy           = place.section.energy;
  return song_section_name(place.section.kind);
}

/// The key of what is drawn for a theme or a phrase of a part
static uint64_t
draw_key(const Place* const place,
         const Part         part,
         const uint64_t     what,
         const uint64_t     name)
{
  const uint64_t song = rng_seed(place->request.mix.seed);
  return rng_key(rng_key(rng_key(song, (uint64_t)part), what), name);
}

static TakeKey
take_key(const Place* const place, const Part part, const bool is_theme)
{
  const Request* const request = &place->request;
  TakeKey              key     = {
                     .place = is_theme ? place->section.theme : (uint64_t)request->i_phrase,
                     .part     = (uint32_t)part,
                     .is_theme = is_theme,
                     .reroll   = is_theme ? 0U : request->reroll,
                     .n_beats  = request->metre.n_beats,
                     .unit     = request->metre.unit,
                     .n_bars   = place->n_bars,
                     .mix      = request->mix,
  };

  // What only finishing looks at
  key.mix.key           = 0U;
  key.mix.melody_length = 0U;
  key.mix.swing         = 0U;
  key.mix.humanise      = 0U;
  key.mix.velocity      = 0U;
  key.mix.drum_map      = 0U;
  key.mix.unused        = 0U;
  if (part == PART_MELODY) {
    key.mix.drum_density  = 0U;
    key.mix.drum_wildness = 0U;
  }
  return key;
}

// ------------------------------------------------------------------ one take

static const Take*
take_part(Composer* self, const Place* place, Part part, bool is_theme);

/// What every wish of a place begins with
static void
begin_wish(Composer* const    self,
           const Place* const place,
           const Part         part,
           const bool         is_theme,
           Backdrop* const    backdrop,
           Wish* const        wish)
{
  const Section* const section = &place->section;
  const bool           is_bridge =
    !is_theme && part == PART_MELODY &&
    song_is_bridge(&place->request.mix, place->bar, place->n_bars);
  const Mix        bridge = song_bridge_mix(&place->request.mix);
  const Mix* const mix    = is_bridge ? &bridge : &place->request.mix;
  const uint32_t   wildness =
    part == PART_MELODY ? mix->melody_wildness : mix->drum_wildness;

  memset(wish, 0, sizeof(*wish));
  wish->part          = part;
  wish->n_bars        = place->n_bars;
  wish->around.metre  = place->request.metre;
  wish->around.n_bars = place->n_bars;
  wish->around.i_bar  = is_theme ? 0U : (uint32_t)place->bar;
  wish->around.fill   = backdrop->fill;
  wish->around.chords = backdrop->chords;
  wish->pitches       = scale_pitches((Scale)mix->scale);
  wish_set_wildness(wish, wildness);
  wish_describe(mix,
                part,
                is_theme ? place->section.theme_energy : place->section.energy,
                song_mode(&place->request.mix),
                song_character(&place->request.mix, part, section),
                wish->dense);

  // A theme goes round; a phrase may lead on to another section
  const Section after =
    song_section(&place->request.mix, place->bar + place->n_bars);
  song_chords(&place->request.mix,
              section,
              is_theme ? section : &after,
              place->n_bars,
              backdrop->chords);
  for (uint32_t i = 0U; i < PHRASE_MAX_BARS; ++i) {
    backdrop->fill[i] =
      is_theme ? (uint8_t)FILL_NONE : (uint8_t)song_fill(mix, place->bar + i);
  }

  // Drums know what the melody plays
  if (part == PART_DRUMS) {
    const Take* const melody = take_part(self, place, PART_MELODY, is_theme);
    sketch_onsets(&melody->sketch, place->bar_grids, backdrop->onsets);
    wish->around.onsets = backdrop->onsets;
  }
}

/// Let the wish stand in relation to its theme.  @return Whether there is
/// anything left to be written.
static bool
treat_theme(Composer* const    self,
            const Place* const place,
            const Treatment    treatment,
            const Take* const  theme,
            Backdrop* const    backdrop,
            Wish* const        wish)
{
  const uint32_t n   = place->n_bars;
  const uint32_t all = (1U << n) - 1U;

  wish->theme = &theme->sketch;
  if (treatment == TREAT_REPEAT) {
    wish->kept = all;
    for (uint32_t i = 0U; wish->part == PART_DRUMS && i < n; ++i) {
      wish->kept &= ~((backdrop->fill[i] != FILL_NONE ? 1U : 0U) << i);
    }
    if (wish->kept == all) {
      return false;
    }
  } else if (treatment == TREAT_VARY && n > 1U) {
    wish->kept = (1U << n / 2U) - 1U;
  } else {
    wish->is_answer = true;
  }

  if (wish->is_answer && wish->part == PART_DRUMS) {
    const Take* const melody = take_part(self, place, PART_MELODY, true);
    sketch_onsets(&melody->sketch, place->bar_grids, backdrop->theme_onsets);
    wish->theme_onsets = backdrop->theme_onsets;
  }
  return true;
}

/// Silence is no phrase, one note no melody, and drums that come in late are no
/// loop
static bool
is_broken(const Wish* const wish, const Sketch* const sketch)
{
  return !sketch->n_notes ||
         (wish->part == PART_MELODY && sketch_repeats(sketch) > MAX_HAMMER) ||
         (wish->part == PART_DRUMS &&
          sketch->notes[0].grid >= metre_bar_grids(wish->around.metre));
}

static uint32_t
find_best(const float* const scores, const uint32_t n)
{
  uint32_t best = 0U;
  for (uint32_t i = 1U; i < n; ++i) {
    best = scores[i] > scores[best] ? i : best;
  }
  return best;
}

/// What became of a candidate, for those who watch
static void
keep_score(Take* const take, const int16_t score)
{
  if (take->n_scores < PHRASE_MAX_TRIES) {
    take->scores[take->n_scores++] = score;
  }
}

static int16_t
thousandths(const float score)
{
  return score > 0.0f ? (int16_t)(score * 1000.0f + 0.5f) : 0;
}

/// Write and judge one round; the best that was chosen in any so far stays in
/// self->best.  What is broken is refused, and what is `same`, which may be
/// null; and so is what quotes, but that is still better than those: where a
/// theme has nothing else after its last round, the one that the gate likes
/// best is played.
static void
play_round(Composer* const     self,
           const Wish* const   wish,
           const Mix* const    mix,
           const uint64_t      key,
           const Sketch* const same,
           Take* const         take)
{
  Candidate* const candidates = self->candidates;
  const uint32_t   n          = mix->candidates;
  generator_write(self->generator[wish->part], key, n, candidates);
  gate_judge(self->gate[wish->part], wish, n, candidates);

  float scores[MAX_CANDIDATES];
  float favour[MAX_CANDIDATES];
  for (uint32_t i = 0U; i < n; ++i) {
    const Sketch* const sketch = &candidates[i].sketch;
    const bool          is_refused =
      is_broken(wish, sketch) || (same && sketch_is_equal(sketch, same));
    const bool is_quote =
      quotes_are_in(&self->loaded[MODEL_GATE][wish->part].quotes, wish, sketch);
    const float liked = candidates[i].score;
    scores[i]         = is_refused ? CHOICE_REFUSED
                        : is_quote ? 0.5f * liked - 0.75f
                                   : liked;
    favour[i]         = accents_favour(accents_met(wish, sketch));
    keep_score(take,
               is_refused ? (int16_t)SCORE_REFUSED
               : is_quote ? (int16_t)SCORE_QUOTE
                          : thousandths(liked));
    take->n_rejected += choice_reaches(scores[i], mix->gate) ? 0U : 1U;
    ++take->n_tries;
  }

  const int drawn =
    choice_draw(scores, favour, n, mix->gate, rng_key(key, KEY_CHOICE));
  const uint32_t one = drawn < 0 ? find_best(scores, n) : (uint32_t)drawn;
  if (!self->has_best || scores[one] > self->best.score) {
    self->best       = candidates[one];
    self->best.score = scores[one];
    self->has_best   = true;
  }
}

static void
take_best(const Composer* const self, Take* const take)
{
  take->sketch = self->best.sketch;
  take->score  = self->best.score > 0.0f ? self->best.score : 0.0f;
}

/// Play rounds until one has what the gate lets pass.  @return Whether it has.
static bool
play_rounds(Composer* const     self,
            const Wish* const   wish,
            const Mix* const    mix,
            const uint64_t      key,
            const uint32_t      n_rounds,
            const Sketch* const same,
            Take* const         take)
{
  self->has_best = false;
  generator_begin(self->generator[wish->part], wish);
  for (uint32_t round = 0U; round < n_rounds; ++round) {
    play_round(self, wish, mix, rng_key(key, round), same, take);
    if (choice_reaches(self->best.score, mix->gate)) {
      return true;
    }
  }
  return false;
}

/// What no round gets past the gate is a theme all the same, the best that was
/// chosen: there is nothing to fall back to
static void
compose_theme(Composer* const    self,
              const Place* const place,
              const Part         part,
              Take* const        take)
{
  Backdrop backdrop;
  Wish     wish;
  begin_wish(self, place, part, true, &backdrop, &wish);
  (void)play_rounds(self,
                    &wish,
                    &place->request.mix,
                    draw_key(place, part, KEY_THEME, place->section.theme),
                    MAX_ROUNDS,
                    NULL,
                    take);
  take_best(self, take);
}

/// A theme as a phrase plays it again.  Its crash marks a beginning, which not
/// every phrase is.
static const Take*
recall_theme(Composer* const self, const Place* const place, const Part part)
{
  const Take* const theme = take_part(self, place, part, true);
  if (part != PART_DRUMS || place->bar % CRASH_BARS == 0 ||
      place->bar == place->section.first_bar) {
    return theme;
  }

  Take* const take     = &self->recalled;
  *take                = *theme;
  take->sketch.n_notes = 0U;
  for (uint32_t i = 0U; i < theme->sketch.n_notes; ++i) {
    const GridNote* const note = &theme->sketch.notes[i];
    if (note->grid || note->pitch != (int8_t)DRUM_CRASH) {
      take->sketch.notes[take->sketch.n_notes++] = *note;
    }
  }
  return take;
}

static void
compose_phrase(Composer* const    self,
               const Place* const place,
               const Part         part,
               Take* const        take)
{
  const Request* const request = &place->request;
  const Mix* const     mix     = &request->mix;
  const Take* const    theme   = recall_theme(self, place, part);
  const Treatment      treatment =
    song_treatment(mix, part, place->bar, place->n_bars, request->reroll);

  Backdrop backdrop;
  Wish     wish;
  begin_wish(self, place, part, false, &backdrop, &wish);
  if (!treat_theme(self, place, treatment, theme, &backdrop, &wish)) {
    *take = *theme;
    return;
  }

  const bool     is_repeat = treatment == TREAT_REPEAT;
  const uint64_t key =
    rng_key(draw_key(place, part, KEY_PHRASE, (uint64_t)request->i_phrase),
            request->reroll);
  const bool is_passed = play_rounds(
    self, &wish, mix, key, MAX_ROUNDS, is_repeat ? NULL : &theme->sketch, take);

  // The theme stands in, but not where something else was asked for; drums
  // play their fills in it all the same
  const bool is_other = request->reroll || mix->variation >= 100U;
  if (is_passed || is_repeat || (is_other && self->best.score >= 0.0f)) {
    take_best(self, take);
    return;
  }
  wish.is_answer = false;
  if (treat_theme(self, place, TREAT_REPEAT, theme, &backdrop, &wish)) {
    (void)play_rounds(
      self, &wish, mix, rng_key(key, MAX_ROUNDS), 1U, NULL, take);
    take_best(self, take);
  } else {
    take->sketch = theme->sketch;
    take->score  = theme->score;
  }
}

/// Compose a theme or phrase of a part, or remember it
static const Take*
take_part(Composer* const    self,
          const Place* const place,
          const Part         part,
          const bool         is_theme)
{
  const TakeKey     key   = take_key(place, part, is_theme);
  const Take* const known = memo_find(&self->memo, &key);
  if (known) {
    return known;
  }

  // What this one needs is composed first: it must not find itself half made
  if (part == PART_DRUMS) {
    (void)take_part(self, place, PART_MELODY, is_theme);
  }
  if (!is_theme) {
    (void)take_part(self, place, part, true);
  }

  Take* const take     = memo_add(&self->memo, &key);
  take->sketch.n_notes = 0U;
  take->score          = 0.0f;
  take->n_tries        = 0U;
  take->n_rejected     = 0U;
  take->n_scores       = 0U;
  if (is_theme) {
    compose_theme(self, place, part, take);
  } else {
    compose_phrase(self, place, part, take);
  }
  return take;
}

/// Sit down at a desk
static void
sit_down(Composer* const self, Desk* const desk)
{
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    self->generator[part] = desk->generator[part];
    self->gate[part]      = desk->gate[part];
  }
  self->candidates = desk->candidates;
}

/// What there is to be said of a phrase, beside its notes
static void
tell(const Place* const place, const Take* const take, Phrase* const phrase)
{
  phrase->score      = take->score;
  phrase->n_tries    = take->n_tries;
  phrase->n_rejected = take->n_rejected;
  phrase->n_scores   = take->n_scores;
  memcpy(
    phrase->scores, take->scores, take->n_scores * sizeof(take->scores[0]));
  phrase->section = (uint8_t)place->section.kind;
  phrase->energy  = (uint8_t)place->section.energy;
  for (uint32_t i = 0U; i < place->n_bars; ++i) {
    phrase->fill[i] = (uint8_t)song_fill(&place->request.mix, place->bar + i);
  }
}

void
composer_compose(Composer* const      self,
                 const Request* const request,
                 Phrase* const        phrase)
{
  const Place place = place_of(request);
  const Part  part  = place.request.part;
  Desk* const desk  = desks_take(self->desks);
  sit_down(self, desk);
  const Take* const take = take_part(self, &place, part, false);
  desks_give_back(self->desks, desk);

  const Finish finish = {
    &place.request.mix,
    part,
    place.request.metre,
    place.n_bars,
    place.section.energy,
    draw_key(&place, part, KEY_FEEL, (uint64_t)request->i_phrase),
  };
  finish_phrase(&finish, &take->sketch, phrase);
  tell(&place, take, phrase);
}
