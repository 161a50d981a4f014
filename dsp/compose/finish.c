// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "compose/finish.h"

#include "music/drum_map.h"
#include "music/groove.h"
#include "music/scale.h"

/// A drum's note: a sixteenth, or less where its key is struck again
#define DRUM_TICKS (TICKS_PER_QUARTER / 4U)

/// Energy at which nothing is louder or softer than written
#define USUAL_ENERGY 60

#define N_CLASSES 12

int
finish_tonic(const uint32_t key)
{
  const int k = (int)(key % N_CLASSES);
  return 60 + (k > 6 ? k - N_CLASSES : k);
}

/// How uneven hands are.  Drums are so as far as the styles of the mix are: a
/// drummer's hands are, a machine's hardly.
static uint32_t
humanise_of(const Finish* const finish)
{
  const Mix* const mix = finish->mix;
  if (finish->part == PART_MELODY) {
    return mix->humanise;
  }

  int8_t   styles[N_STYLES];
  uint32_t loose = 0U;
  mix_styles(mix, PART_DRUMS, styles);
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    loose += (uint32_t)styles[i] * style_row((Style)i)->looseness;
  }
  const uint32_t percent = mix->humanise * (loose / 127U) / 100U;
  return percent < 100U ? percent : 100U;
}

/// A note's onset, in its own bar
static uint32_t
onset_of(const Finish* const   finish,
         const uint32_t        humanise,
         const GridNote* const note)
{
  const uint32_t bar_ticks = metre_bar_ticks(finish->metre);
  const uint32_t written   = note->grid * TICKS_PER_GRID;
  const uint32_t begin     = written - written % bar_ticks;
  const uint32_t place     = written - begin;

  const int moved =
    (int)place + (int)groove_swing(place, finish->mix->swing) + note->lean +
    groove_drift(
      finish->key, written, (uint32_t)(uint8_t)note->pitch, humanise);

  const int last = (int)bar_ticks - 1;
  return begin + (uint32_t)(moved < 0 ? 0 : moved > last ? last : moved);
}

static uint8_t
velocity_of(const Finish* const finish, const GridNote* const note)
{
  const uint32_t written = note->grid * TICKS_PER_GRID;
  const uint32_t place   = written % metre_bar_ticks(finish->metre);

  // Drums carry their own accents
  const int accent =
    finish->part == PART_MELODY ? groove_accent(finish->metre, place) : 0;
  const int energy = ((int)finish->energy - USUAL_ENERGY) / 4;
  const int loud =
    (note->velocity + accent + energy) * (int)finish->mix->velocity / 100 +
    groove_touch(finish->key,
                 written,
                 (uint32_t)(uint8_t)note->pitch,
                 finish->mix->humanise);
  return (uint8_t)(loud < 1 ? 1 : loud > 127 ? 127 : loud);
}

static uint8_t
melody_key(const Finish* const finish, const int pitch)
{
  const int key = finish_tonic(finish->mix->key) +
                  scale_snap((Scale)finish->mix->scale, pitch);
  return (uint8_t)(key < 0 ? 0 : key > 127 ? 127 : key);
}

/// Where a melody's note ends, before the next one cuts it
static uint32_t
melody_length(const Finish* const finish, const GridNote* const note)
{
  const uint32_t bar_ticks = metre_bar_ticks(finish->metre);
  const uint32_t begin     = note->grid * TICKS_PER_GRID;
  const uint32_t end       = begin + note->length * TICKS_PER_GRID;
  const uint32_t swung =
    end + groove_swing(end % bar_ticks, finish->mix->swing) - begin -
    groove_swing(begin % bar_ticks, finish->mix->swing);
  const uint32_t length = swung * finish->mix->melody_length / 100U;
  return length ? length : 1U;
}

static void
finish_melody(const Finish* const finish,
              const Sketch* const sketch,
              Phrase* const       phrase)
{
  // From the end, so that each note knows where the next one begins; one that
  // feel has pushed onto or past the next is left out
  const uint32_t humanise = humanise_of(finish);
  uint32_t       next     = finish->n_bars * metre_bar_ticks(finish->metre);
  for (uint32_t i = sketch->n_notes; i-- > 0U;) {
    const GridNote* const note  = &sketch->notes[i];
    const uint32_t        tick  = onset_of(finish, humanise, note);
    const uint32_t        whole = melody_length(finish, note);
    if (tick < next) {
      const uint32_t length = next - tick < whole ? next - tick : whole;
      (void)phrase_add(phrase,
                       (Note){tick,
                              length,
                              melody_key(finish, note->pitch),
                              velocity_of(finish, note)});
      next = tick;
    }
  }
}

static void
finish_drums(const Finish* const finish,
             const Sketch* const sketch,
             Phrase* const       phrase)
{
  const uint32_t humanise = humanise_of(finish);
  for (uint32_t i = 0U; i < sketch->n_notes; ++i) {
    const GridNote* const note = &sketch->notes[i];
    const uint8_t         key =
      drum_map_key((DrumMap)finish->mix->drum_map, (DrumVoice)note->pitch);
    (void)phrase_add(phrase,
                     (Note){onset_of(finish, humanise, note),
                            DRUM_TICKS,
                            key,
                            velocity_of(finish, note)});
  }
}

void
finish_phrase(const Finish* const finish,
              const Sketch* const sketch,
              Phrase* const       phrase)
{
  phrase_init(phrase, finish->n_bars, metre_bar_ticks(finish->metre));
  if (finish->part == PART_MELODY) {
    finish_melody(finish, sketch, phrase);
  } else {
    finish_drums(finish, sketch, phrase);
  }
  phrase_finish(phrase);
}
