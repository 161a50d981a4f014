// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Lie to the MIDI reader, and to what picks lines out of what it read.

   With clang -fsanitize=fuzzer and -DFUZZING it is a libFuzzer target; else a
   program that reads the files it is given once, such as those of
   tests/data/midi.
*/

#include "tests/check.h"
#include "tests/fuzz.h"

#include "midi/midi_file.h"
#include "tools/train/key.h"
#include "tools/train/lines.h"
#include "tools/train/quantise.h"

#include <stdint.h>
#include <stdlib.h>

/// What holds of every song that was read
static void
check_song(const MidiSong* const song)
{
  CHECK(song->ticks_per_quarter);
  for (uint32_t i = 0U; i < song->n_tracks; ++i) {
    const MidiTrack* const track = &song->tracks[i];
    CHECK(track->n_notes);
    for (uint32_t k = 0U; k < track->n_notes; ++k) {
      const MidiNote* const note = &track->notes[k];
      CHECK(note->length && note->velocity && note->velocity < 128U);
      CHECK(note->key < 128U && note->channel < MIDI_CHANNELS);
      CHECK(!k || track->notes[k - 1U].tick <= note->tick);
    }
  }
  for (uint32_t i = 0U; i < song->n_metres; ++i) {
    const MidiMetre metre = song->metres[i];
    CHECK(metre.n_beats && metre.unit && !(metre.unit & (metre.unit - 1U)));
  }
}

static void
use_stave(const Stave* const stave, const Stretch* const stretch)
{
  uint32_t first = 0U;
  uint32_t n     = 0U;
  uint32_t n_out = 0U;
  lines_within(stave, stretch, &first, &n);
  GridNote* const out = (GridNote*)malloc((n + 1U) * sizeof(GridNote));
  CHECK(out);
  CHECK(!(
    stave->is_drums
      ? quantise_drums(stretch, stave->notes + first, n, out, &n_out)
      : quantise_melody(stretch, stave->notes + first, n, true, out, &n_out)));
  CHECK(n_out <= n);
  for (uint32_t i = 1U; i < n_out; ++i) {
    CHECK(out[i - 1U].grid <= out[i].grid && out[i].grid % 2U == 0U);
  }
  free(out);
}

static void
use_song(const MidiSong* const song)
{
  const uint32_t bar     = song->ticks_per_quarter * 4U;
  const uint32_t most    = bar * 20000U;
  const Stretch  stretch = {0U,
                           song->end_tick < most ? song->end_tick + 1U : most,
                            song->ticks_per_quarter};
  StaveList      staves  = {0U, NULL};
  MelodyPick     picks[LINES_MAX_MELODIES];
  KeyEvidence    evidence;
  key_evidence_init(&evidence);
  CHECK(!lines_gather(song, &staves));
  CHECK(lines_pick_melodies(&staves, &stretch, bar, picks) <=
        LINES_MAX_MELODIES);
  for (uint32_t i = 0U; i < staves.n_staves; ++i) {
    const Stave* const stave = &staves.staves[i];
    uint32_t           first = 0U;
    uint32_t           n     = 0U;
    lines_within(stave, &stretch, &first, &n);
    key_evidence_add(&evidence, &stretch, stave->notes + first, n);
    use_stave(stave, &stretch);
  }

  const KeyHint hint = key_hint(song, 0U, stretch.end);
  const Key     key  = key_find(&evidence, &hint);
  CHECK(key.tonic >= 0 && key.tonic < 12);
  lines_clear(&staves);
}

int
LLVMFuzzerTestOneInput(const uint8_t* const bytes, const size_t n_bytes)
{
  Trouble      trouble = {""};
  MidiSong*    song    = NULL;
  const Status st      = midi_file_parse(bytes, n_bytes, &song, &trouble);
  CHECK(st ? !song && trouble.text[0] : song != NULL);
  if (!st) {
    check_song(song);
    use_song(song);
  }
  midi_song_free(song);
  if (check_n_failed || check_n_bad) {
    abort();
  }
  return 0;
}
