// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// Music for a window's model, made by counting: the same everywhere
#ifndef PERPETUO_TESTS_UI_SCENE_H
#define PERPETUO_TESTS_UI_SCENE_H

#include "plugin/ui/ui_model.h"

#include <stdint.h>
#include <string.h>

/// A place in bar 26 of a song that rolls
static inline TalkPlace
ui_scene_place(const unsigned parts)
{
  TalkPlace place;
  memset(&place, 0, sizeof(place));
  place.state = (int32_t)(TALK_IS_ROLLING | TALK_IS_KNOWN | TALK_IS_ENABLED |
                          TALK_HAS_WORKER | TALK_HAS_MODELS |
                          (parts & 1U ? TALK_HAS_MELODY : 0U) |
                          (parts & 2U ? TALK_HAS_DRUMS : 0U));
  place.bar   = 25;
  place.bar_ticks        = 3840;
  place.n_beats          = 4;
  place.unit             = 4;
  place.tick             = 1700.0f;
  place.ticks_per_second = 2048.0f;
  place.bpm              = 128.0f;
  place.i_bar            = 1;
  for (int part = 0; part < N_PARTS; ++part) {
    place.now[part]  = parts >> part & 1U ? 1 + part : 0;
    place.next[part] = parts >> part & 1U ? 11 + part : 0;
  }
  return place;
}

static inline void
ui_scene_hear(UiModel* const model, const TalkMessage* const message)
{
  ui_model_hear(model, message, 1000000);
}

/// The i-th note of a phrase
static inline Note
ui_scene_note(const int32_t id, const Part part, const uint32_t i)
{
  static const uint8_t drums[] = {36U, 42U, 42U, 38U};
  static const uint8_t steps[] = {60U, 64U, 67U, 72U, 69U};
  const uint32_t       n       = (uint32_t)id;
  const Note           note    = {i * (part == PART_MELODY ? 480U : 240U),
                     part == PART_MELODY ? 200U + 60U * (i % 4U) : 100U,
                     part == PART_MELODY ? steps[(i * (2U + n % 3U)) % 5U]
                                                      : drums[i % 4U],
                                  (uint8_t)(60U + (i * 37U + n) % 60U)};
  return note;
}

static inline void
ui_scene_phrase(UiModel* const model,
                const int32_t  id,
                const Part     part,
                const int32_t  bar)
{
  TalkMessage message;
  memset(&message, 0, sizeof(message));
  message.kind           = TALK_PHRASE;
  TalkPhrase* const head = &message.as.phrase;
  head->id               = id;
  head->part             = (int32_t)part;
  head->bar              = bar;
  head->n_bars           = 4;
  head->bar_ticks        = 3840;
  head->n_notes          = part == PART_MELODY ? 32 : 64;
  head->score            = 0.25f + 0.0625f * (float)(id % 12);
  head->n_tries          = 8;
  head->n_rejected       = 3;
  head->section          = 3;
  head->energy           = 97;
  head->n_fills          = 4;
  head->fills[3]         = 2;
  head->n_scores         = 8;
  for (int32_t i = 0; i < 8; ++i) {
    head->scores[i] = i == 6   ? SCORE_REFUSED
                      : i == 7 ? SCORE_QUOTE
                               : (i * 377 + id * 131) % 1000;
  }
  ui_scene_hear(model, &message);

  for (int32_t first = 0; first < head->n_notes;) {
    TalkMessage said;
    memset(&said, 0, sizeof(said));
    said.kind              = TALK_NOTES;
    TalkNotes* const notes = &said.as.notes;
    notes->id              = id;
    notes->first           = first;
    for (; notes->n < (int32_t)TALK_MAX_NOTES && first < head->n_notes;
         ++notes->n, ++first) {
      const Note     note  = ui_scene_note(id, part, (uint32_t)first);
      int32_t* const words = &notes->words[3 * notes->n];
      words[0]             = (int32_t)note.tick;
      words[1]             = (int32_t)note.length;
      words[2]             = note.key | note.velocity << 8;
    }
    ui_scene_hear(model, &said);
  }
}

/// Phrases of now and next, bars that were played, and where it is
static inline void
ui_scene_fill(UiModel* const model, const unsigned parts)
{
  for (int part = 0; part < N_PARTS; ++part) {
    if (parts >> part & 1U) {
      ui_scene_phrase(model, 1 + part, (Part)part, 24);
      ui_scene_phrase(model, 11 + part, (Part)part, 28);
    }
  }
  TalkMessage message;
  memset(&message, 0, sizeof(message));
  message.kind     = TALK_PLACE;
  message.as.place = ui_scene_place(parts);
  ui_scene_hear(model, &message);

  memset(&message, 0, sizeof(message));
  message.kind      = TALK_BAR;
  const TalkBar bar = {24, 24, 3840, 4, 4, 128.0f, 0, {1, 2}};
  message.as.bar    = bar;
  ui_scene_hear(model, &message);
}

#endif // PERPETUO_TESTS_UI_SCENE_H
