// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "tools/train/key.h"

#include <string.h>

static const KeyHint no_hint = {false, 0, false, false, 0};

static const uint8_t major[7] = {0U, 2U, 4U, 5U, 7U, 9U, 11U};
static const uint8_t minor[7] = {0U, 2U, 3U, 5U, 7U, 8U, 10U};

/// What a plain piece gives away: chords I IV V I over their roots
static KeyEvidence
listen(const uint8_t* const scale, const uint8_t tonic)
{
  static const uint8_t roots[] = {0U, 3U, 4U, 0U};
  const Stretch        stretch = {0U, 4U * 1920U, 480U};
  KeyEvidence          evidence;
  key_evidence_init(&evidence);
  for (uint32_t bar = 0U; bar < 4U; ++bar) {
    for (uint32_t k = 0U; k < 6U; k += 2U) {
      const uint32_t degree = roots[bar] + k;
      const uint8_t  pitch =
        (uint8_t)(60U + tonic + scale[degree % 7U] + degree / 7U * 12U);
      const MidiNote note = {bar * 1920U, 1920U, pitch, 90U, 0U};
      key_evidence_add(&evidence, &stretch, &note, 1U);
    }
    const MidiNote bass = {
      bar * 1920U, 1920U, (uint8_t)(36U + tonic + scale[roots[bar]]), 90U, 0U};
    key_evidence_add(&evidence, &stretch, &bass, 1U);
  }
  return evidence;
}

static void
test_every_key_by_its_notes(void)
{
  for (uint8_t tonic = 0U; tonic < 12U; ++tonic) {
    KeyEvidence evidence = listen(major, tonic);
    Key         key      = key_find(&evidence, &no_hint);
    CHECK(key.tonic == tonic && key.mode == 1 && !key.is_stated);
    evidence = listen(minor, tonic);
    key      = key_find(&evidence, &no_hint);
    CHECK(key.tonic == tonic && key.mode == -1);
  }
}

static void
test_silence_has_no_key(void)
{
  KeyEvidence evidence;
  key_evidence_init(&evidence);
  const Key key = key_find(&evidence, &no_hint);
  CHECK(key.mode == 0 && key.tonic == 0 && !key.is_stated);
}

static void
test_a_trusted_hint_decides(void)
{
  // Three flats and dorian: the signature is the tonic's minor, C
  const KeyEvidence evidence = listen(major, 6U);
  KeyHint           hint     = {true, -3, true, true, -1};
  Key               key      = key_find(&evidence, &hint);
  CHECK(key.tonic == 0 && key.mode == -1 && key.is_stated);

  hint = (KeyHint){true, 3, false, true, 0};
  key  = key_find(&evidence, &hint);
  CHECK(key.tonic == 9 && key.mode == 1);
}

static void
test_accidentals_tip_the_scales(void)
{
  // Notes that A minor and C major share; one flat makes it neither
  KeyEvidence evidence;
  key_evidence_init(&evidence);
  static const uint8_t pitches[] = {60U, 62U, 64U, 65U, 67U, 69U};
  const Stretch        stretch   = {0U, 960U, 480U};
  for (size_t i = 0U; i < sizeof(pitches); ++i) {
    const MidiNote note = {0U, 480U, pitches[i], 90U, 0U};
    key_evidence_add(&evidence, &stretch, &note, 1U);
  }
  const KeyHint one_flat = {true, -1, false, false, 0};
  const Key     key      = key_find(&evidence, &one_flat);
  CHECK(key.tonic == 5 || key.tonic == 2);
}

static void
test_few_notes_go_by_the_bass(void)
{
  // Root, octave, minor third, as acid lines have it
  KeyEvidence evidence;
  key_evidence_init(&evidence);
  const Stretch stretch = {0U, 1920U, 480U};
  for (uint32_t i = 0U; i < 8U; ++i) {
    const MidiNote note = {
      i * 240U, 240U, (uint8_t)(31U + (i % 4U == 3U ? 15U : 0U)), 90U, 0U};
    key_evidence_add(&evidence, &stretch, &note, 1U);
  }
  const Key key = key_find(&evidence, &no_hint);
  CHECK(key.tonic == 7 && key.mode == -1);
}

static void
test_what_a_song_says(void)
{
  MidiSong* const song = midi_song_new(480U);
  KeyHint         hint = key_hint(song, 0U, 1000U);
  CHECK(!hint.has_signature && !hint.is_trusted && !hint.mode);

  CHECK(!midi_song_add_key(song, 0U, 2, false));
  CHECK(!midi_song_add_key(song, 500U, -2, true));
  hint = key_hint(song, 0U, 1000U);
  CHECK(hint.has_signature && hint.n_sharps == 2 && !hint.is_trusted);
  hint = key_hint(song, 500U, 1000U);
  CHECK(hint.n_sharps == -2 && hint.is_minor);

  CHECK(!midi_song_add_text(
    song, 0U, MIDI_TEXT, "style trance; mode phrygian; CC0"));
  hint = key_hint(song, 0U, 1000U);
  CHECK(hint.is_trusted && hint.mode == -1);
  midi_song_free(song);
}

static void
test_engravers_are_trusted(void)
{
  MidiSong* const song = midi_song_new(480U);
  CHECK(!midi_song_add_key(song, 0U, 0, true));
  CHECK(!midi_song_add_text(song, 0U, MIDI_TEXT, "LilyPond 2.24.1"));
  const KeyHint hint = key_hint(song, 0U, 1000U);
  CHECK(hint.is_trusted);
  const KeyEvidence evidence = listen(major, 3U);
  const Key         key      = key_find(&evidence, &hint);
  CHECK(key.tonic == 9 && key.mode == -1);
  midi_song_free(song);
}

int
main(void)
{
  RUN(test_every_key_by_its_notes);
  RUN(test_silence_has_no_key);
  RUN(test_a_trusted_hint_decides);
  RUN(test_accidentals_tip_the_scales);
  RUN(test_few_notes_go_by_the_bass);
  RUN(test_what_a_song_says);
  RUN(test_engravers_are_trusted);
  CHECK_END();
}
