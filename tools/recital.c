// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/recital.h"

#include "compose/composer.h"
#include "midi/midi_file.h"
#include "music/drum_map.h"
#include "music/style.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 256U
#define N_HOSTS 3U

// Opening ---------------------------------------------------------------------

/// The mix that the plugin's controls stand for
static void
read_mix(const Host* const host, Mix* const mix)
{
  static const struct {
    const char* symbol;
    size_t      offset;
  } rows[] = {{"key", offsetof(Mix, key)},
              {"scale", offsetof(Mix, scale)},
              {"register", offsetof(Mix, range)},
              {"phrase_bars", offsetof(Mix, phrase_bars)},
              {"variation", offsetof(Mix, variation)},
              {"form", offsetof(Mix, form)},
              {"energy", offsetof(Mix, energy)},
              {"gate", offsetof(Mix, gate)},
              {"drum_map", offsetof(Mix, drum_map)}};

  mix_init(mix);
  mix->seed = (uint32_t)lround(fmax(0.0, (double)host_get(host, "seed")));
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    const float value = host_get(host, rows[i].symbol);
    if (value >= 0.0f && value < 256.0f) {
      ((uint8_t*)mix)[rows[i].offset] = (uint8_t)lround((double)value);
    }
  }
  mix->phrase_bars = mix_phrase_bars(mix->phrase_bars);
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    char symbol[40];
    snprintf(symbol, sizeof(symbol), "mix_%s", style_row((Style)i)->symbol);
    const float value = host_get(host, symbol);
    mix->style[i] =
      value >= 0.0f && value <= 100.0f ? (uint8_t)lround((double)value) : 0U;
  }
}

Style
recital_style(const Recital* const self)
{
  unsigned best = STYLE_HOUSE;
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    best = self->mix.style[i] > self->mix.style[best] ? i : best;
  }
  return (Style)best;
}

static Status
turn_knob(Host* const                 host,
          const RecitalSetting* const setting,
          Trouble* const              trouble)
{
  for (uint32_t i = 0U; i < host_n_controls(host); ++i) {
    const HostControl control = host_control(host, i);
    if (!strcmp(control.symbol, setting->symbol)) {
      if (!(setting->value >= control.minimum &&
            setting->value <= control.maximum)) {
        return trouble_say(trouble,
                           STATUS_BAD_ARG,
                           "%s goes from %g to %g.",
                           setting->symbol,
                           (double)control.minimum,
                           (double)control.maximum);
      }
      host_set(host, setting->symbol, setting->value);
      return STATUS_SUCCESS;
    }
  }
  return trouble_say(
    trouble, STATUS_BAD_ARG, "There is no control \"%s\".", setting->symbol);
}

/// Preset, seed and knobs, in this order
static Status
set_up(Host* const host, const RecitalWish* const wish, Trouble* const trouble)
{
  Status st = wish->preset ? host_load_preset(host, wish->preset, trouble)
                           : STATUS_SUCCESS;
  if (!st && wish->seed >= 0) {
    host_set(host, "seed", (float)wish->seed);
  }
  for (uint32_t i = 0U; !st && i < wish->n_settings; ++i) {
    st = turn_knob(host, &wish->settings[i], trouble);
  }
  return st;
}

/// A host of one plugin, not active yet
static Status
open_host(const RecitalWish* const wish,
          const char* const        uri,
          Host** const             host,
          Trouble* const           trouble)
{
  const Metre    metre = {4U, 4U};
  const Timeline map   = timeline(wish->rate_hz, wish->bpm, metre);
  HostSetup      setup = host_setup(wish->bundle, uri);
  setup.rate_hz        = wish->rate_hz;
  setup.work           = HOST_WORK_INSIDE; // As in an export: nothing is late
  const Status st      = host_new(&setup, host, trouble);
  if (!st) {
    host_set_timeline(*host, &map);
    host_set_freewheel(*host, true);
  }
  return st;
}

/// A host of one part, its knobs as they are on `other`, whose preset it may
/// not have
static Status
open_beside(const RecitalWish* const wish,
            const char* const        uri,
            const Host* const        other,
            Host** const             host,
            Trouble* const           trouble)
{
  const Status st = open_host(wish, uri, host, trouble);
  for (uint32_t i = 0U; !st && i < host_n_controls(*host); ++i) {
    const char* const symbol = host_control(*host, i).symbol;
    host_set(*host, symbol, host_get(other, symbol));
  }
  if (!st) {
    host_activate(*host);
  }
  return st;
}

/// Name and energy of every bar's section, as runs of equal ones
static void
find_sections(Recital* const self)
{
  const uint32_t phrase_bars = self->mix.phrase_bars;
  for (uint32_t bar = 0U; bar < self->wish->n_bars; ++bar) {
    uint32_t      energy  = 0U;
    const Request request = {
      PART_MELODY, (int32_t)(bar / phrase_bars), self->metre, 0U, self->mix};
    const char* const  name = composer_section(&request, &energy);
    RollSection* const last =
      self->n_sections ? &self->sections[self->n_sections - 1U] : NULL;
    if (last && !strcmp(last->name, name) && last->energy == energy) {
      ++last->n_bars;
    } else {
      RollSection* const next = &self->sections[self->n_sections++];
      snprintf(next->name, sizeof(next->name), "%s", name);
      next->bar    = bar;
      next->n_bars = 1U;
      next->energy = energy;
    }
  }
}

const RollSection*
recital_section(const Recital* const self, const uint32_t bar)
{
  size_t i = self->n_sections - 1U;
  while (i && self->sections[i].bar > bar) {
    --i;
  }
  return &self->sections[i];
}

Status
recital_open(Recital* const           self,
             const RecitalWish* const wish,
             Trouble* const           trouble)
{
  memset(self, 0, sizeof(*self));
  self->wish          = wish;
  self->metre.n_beats = 4U;
  self->metre.unit    = 4U;
  Status st           = open_host(wish, wish->uri, &self->host, trouble);
  st                  = st ? st : set_up(self->host, wish, trouble);
  if (!st) {
    host_activate(self->host);
  }
  if (!st && !strcmp(wish->uri, URI_DUO)) {
    st = open_beside(wish, URI_MELODY, self->host, &self->melody, trouble);
    st =
      st ? st : open_beside(wish, URI_DRUMS, self->host, &self->drums, trouble);
  }
  if (st) {
    return st;
  }

  read_mix(self->host, &self->mix);
  self->sections = (RollSection*)calloc(wish->n_bars, sizeof(RollSection));
  self->lines    = (RecitalLine*)calloc(wish->n_bars, sizeof(RecitalLine));
  if (!self->sections || !self->lines) {
    return trouble_say(trouble, STATUS_NO_MEM, "Memory is out.");
  }
  find_sections(self);
  return STATUS_SUCCESS;
}

void
recital_close(Recital* const self)
{
  free(self->notes);
  free(self->lines);
  free(self->sections);
  host_free(self->drums);
  host_free(self->melody);
  host_free(self->host);
  memset(self, 0, sizeof(*self));
}

// Playing ---------------------------------------------------------------------

static void
run_all(const Recital* const self, const uint32_t n_frames)
{
  Host* const hosts[N_HOSTS] = {self->host, self->melody, self->drums};
  if (self->watch) {
    watch_run(self->watch, n_frames, self->wish->rate_hz);
  }
  for (size_t i = 0U; i < N_HOSTS; ++i) {
    if (hosts[i]) {
      host_run(hosts[i], n_frames);
    }
  }
}

static Verdict
ask_verdict(const Host* const host)
{
  Verdict verdict = {false, 0.0, 0U};
  if (host) {
    verdict.is_there = true;
    verdict.score    = (double)host_get(host, "score");
    verdict.n_tries  = (uint32_t)fmax(0.0, (double)host_get(host, "tries"));
  }
  return verdict;
}

/// What is known of the phrase that is being played
static RecitalLine
observe_line(const Recital* const self, const uint32_t bar)
{
  const uint32_t    phrase_bars = self->mix.phrase_bars;
  const uint32_t    left        = self->wish->n_bars - bar;
  const bool        is_drums    = !strcmp(self->wish->uri, URI_DRUMS);
  const RecitalLine line        = {bar,
                            phrase_bars < left ? phrase_bars : left,
                                   ask_verdict(self->melody ? self->melody
                                        : is_drums   ? NULL
                                                     : self->host),
                                   ask_verdict(self->drums ? self->drums
                                        : is_drums  ? self->host
                                                    : NULL),
                                   0U};
  return line;
}

static uint32_t
n_onsets(const Host* const host)
{
  const Capture* const capture = host_capture(host);
  uint32_t             n       = 0U;
  for (size_t i = 0U; i < capture->n_events; ++i) {
    const CaptureEvent* const event = &capture->events[i];
    n += (event->bytes[0] & 0xF0U) == 0x90U && event->bytes[2];
  }
  return n;
}

/// Roll to a bar line, all hosts block by block
static void
roll_to_bar(Recital* const self, const uint32_t bar)
{
  const int64_t end = (int64_t)ceil(
    timeline_frame(host_timeline(self->host), (int32_t)bar, 0.0) - 1e-6);
  while (host_song_frame(self->host) < end) {
    const int64_t left = end - host_song_frame(self->host);
    run_all(self, left < BLOCK ? (uint32_t)left : BLOCK);
  }
}

/// The hosts stand at the beginning, and then start
static void
start(const Recital* const self)
{
  Host* const hosts[N_HOSTS] = {self->host, self->melody, self->drums};
  for (size_t i = 0U; i < N_HOSTS; ++i) {
    if (hosts[i]) {
      host_locate(hosts[i], 0);
    }
  }
  run_all(self, BLOCK);
  for (size_t i = 0U; i < N_HOSTS; ++i) {
    if (hosts[i]) {
      host_play(hosts[i]);
    }
  }
}

const RecitalLine*
recital_play_bar(Recital* const self)
{
  const uint32_t bar = self->bar++;
  if (!bar) {
    start(self);
  }
  if (bar % self->mix.phrase_bars == 0U) {
    run_all(self, BLOCK);
    self->lines[self->n_lines++] = observe_line(self, bar);
  }
  roll_to_bar(self, bar + 1U);

  RecitalLine* const line = &self->lines[self->n_lines - 1U];
  if (bar + 1U < line->bar + line->n_bars) {
    return NULL;
  }
  const uint32_t n = n_onsets(self->host);
  line->n_notes    = n - self->n_heard;
  self->n_heard    = n;
  return line;
}

/// Let what sounds end
static void
stop(const Recital* const self)
{
  Host* const hosts[N_HOSTS] = {self->host, self->melody, self->drums};
  for (size_t i = 0U; i < N_HOSTS; ++i) {
    if (hosts[i]) {
      host_stop(hosts[i]);
      host_set(hosts[i], "enabled", 0.0f); // It may follow nobody
    }
  }
  run_all(self, BLOCK);
}

Status
recital_end(Recital* const self, Trouble* const trouble)
{
  const char*   text   = "";
  CaptureFaults faults = {0U, 0U, 0U, 0U, 0U, 0U};
  stop(self);
  if (capture_notes(host_capture(self->host),
                    host_timeline(self->host),
                    &self->notes,
                    &self->n_notes,
                    &faults)) {
    return trouble_say(trouble, STATUS_NO_MEM, "Memory is out.");
  }
  if (capture_n_faults(&faults) || host_n_faults(self->host, &text)) {
    return trouble_say(
      trouble,
      STATUS_MISMATCH,
      "The plugin broke a rule: %zu notes doubled, %zu left hanging, "
      "%zu ends without a note. %.120s",
      faults.n_doubled,
      faults.n_hanging,
      faults.n_orphans,
      text);
  }
  const float n_late = host_get(self->host, "late");
  return n_late > 0.0f ? trouble_say(trouble,
                                     STATUS_MISMATCH,
                                     "%g phrases were late.",
                                     (double)n_late)
                       : STATUS_SUCCESS;
}

// What is left behind ---------------------------------------------------------

int
recital_voice(const Recital* const self, const CaptureNote* const note)
{
  const long channel = lround((double)host_get(self->host, "drum_channel"));
  if (note->channel + 1L != channel) {
    return -1;
  }
  int voice = 0;
  while (voice < (int)N_DRUM_VOICES &&
         drum_map_key((DrumMap)self->mix.drum_map, (DrumVoice)voice) !=
           note->key) {
    ++voice;
  }
  return voice;
}

/// The General MIDI program that suits a style
static uint8_t
program_of(const Style style)
{
  enum { PIANO = 0, HARPSICHORD = 6, SQUARE = 80, SAW = 81, CHARANG = 84 };
  static const uint8_t programs[N_STYLES] = {[STYLE_HOUSE]       = SAW,
                                             [STYLE_DEEPHOUSE]   = SQUARE,
                                             [STYLE_PROGRESSIVE] = SAW,
                                             [STYLE_TECHNO]      = SAW,
                                             [STYLE_TRANCE]      = SAW,
                                             [STYLE_SYNTHWAVE]   = SAW,
                                             [STYLE_DNB]         = SQUARE,
                                             [STYLE_FUTUREBASS]  = SAW,
                                             [STYLE_GARAGE]      = SQUARE,
                                             [STYLE_ACID]        = SAW,
                                             [STYLE_GAME]        = SQUARE,
                                             [STYLE_ROCK]        = CHARANG,
                                             [STYLE_FUNK]        = SQUARE,
                                             [STYLE_BAROQUE]     = HARPSICHORD,
                                             [STYLE_CLASSICAL]   = PIANO,
                                             [STYLE_ROMANTIC]    = PIANO};
  return programs[style];
}

/// Add a captured note to its track, as General MIDI has it
static Status
add_note(const Recital* const     self,
         const CaptureNote* const note,
         MidiSong* const          midi)
{
  const int      voice = recital_voice(self, note);
  const bool     drum  = voice >= 0;
  const MidiNote out   = {(uint32_t)note->bar * metre_bar_ticks(self->metre) +
                            note->tick,
                        note->length ? note->length : 1U,
                        drum && voice < (int)N_DRUM_VOICES
                            ? drum_map_key(DRUM_MAP_GM, (DrumVoice)voice)
                            : note->key,
                          note->velocity,
                        drum ? MIDI_DRUM_CHANNEL : 0U};
  return midi_song_add_note(midi, drum ? 1U : 0U, out);
}

static Status
fill_midi(const Recital* const self, MidiSong* const midi)
{
  snprintf(midi->name, sizeof(midi->name), "Perpetuo, seed %u", self->mix.seed);
  Status st = midi_song_add_tempo(midi, 0U, self->wish->bpm);
  st        = st
                ? st
                : midi_song_add_metre(midi, 0U, self->metre.n_beats, self->metre.unit);
  st        = st ? st : midi_song_add_track(midi, "Melody");
  st        = st ? st : midi_song_add_track(midi, "Drums");
  for (size_t i = 0U; !st && i < self->n_sections; ++i) {
    const RollSection* const section = &self->sections[i];
    const uint32_t           tick = section->bar * metre_bar_ticks(self->metre);
    st = midi_song_add_text(midi, tick, MIDI_MARKER, section->name);
  }
  for (size_t i = 0U; !st && i < self->n_notes; ++i) {
    if (self->notes[i].bar >= 0) {
      st = add_note(self, &self->notes[i], midi);
    }
  }
  if (!st) {
    midi->tracks[0].program[0] = program_of(recital_style(self));
    midi->tracks[1].program[MIDI_DRUM_CHANNEL] = 0U;
  }
  return st;
}

Status
recital_write_midi(const Recital* const self,
                   const char* const    path,
                   Trouble*             trouble)
{
  MidiSong* const midi = midi_song_new(TICKS_PER_QUARTER);
  Status          st   = midi ? fill_midi(self, midi) : STATUS_NO_MEM;
  if (st) {
    trouble_say(trouble, st, "%s", status_text(st));
  }
  st = st ? st : midi_file_save(path, midi, trouble);
  midi_song_free(midi);
  return st;
}

static RollNote
roll_note(const Recital* const     self,
          const CaptureNote* const note,
          const uint8_t            row)
{
  const double   ticks = metre_bar_ticks(self->metre);
  const RollNote out   = {
      note->bar + note->tick / ticks, note->length / ticks, row, note->velocity};
  return out;
}

/// Melody and drums of the song, in arrays with room for all
static void
fill_notes(const Recital* const self,
           RollNote* const      melody,
           RollNote* const      drums,
           Roll* const          roll)
{
  for (size_t i = 0U; i < self->n_notes; ++i) {
    const CaptureNote* const note  = &self->notes[i];
    const int                voice = recital_voice(self, note);
    if (voice < 0) {
      melody[roll->n_melody++] = roll_note(self, note, note->key);
    } else if (voice < (int)N_DRUM_VOICES) {
      drums[roll->n_drums++] = roll_note(self, note, (uint8_t)voice);
    }
  }
  roll->melody = melody;
  roll->drums  = drums;
}

static void
fill_phrase(const Recital* const     self,
            const RecitalLine* const line,
            RollPhrase*              phrase)
{
  const double gate = self->mix.gate;
  phrase->bar       = line->bar;
  phrase->n_bars    = line->n_bars;
  phrase->is_passed = (!line->melody.is_there || line->melody.score >= gate) &&
                      (!line->drums.is_there || line->drums.score >= gate);

  const Verdict* const verdicts[] = {&line->melody, &line->drums};
  const char* const    names[]    = {"melody", "drums"};
  size_t               n_text     = 0U;
  size_t               n_brief    = 0U;
  for (size_t i = 0U; i < 2U; ++i) {
    if (verdicts[i]->is_there) {
      const double score = verdicts[i]->score / 100.0;
      n_text += (size_t)snprintf(phrase->text + n_text,
                                 sizeof(phrase->text) - n_text,
                                 "%s%s %.2f (%u)",
                                 n_text ? " · " : "",
                                 names[i],
                                 score,
                                 verdicts[i]->n_tries % 10000U);
      n_brief += (size_t)snprintf(phrase->brief + n_brief,
                                  sizeof(phrase->brief) - n_brief,
                                  "%s%.2f",
                                  n_brief ? " " : "",
                                  score);
    }
  }
}

Status
recital_write_picture(const Recital* const self,
                      const double         scale,
                      const char* const    path,
                      Trouble* const       trouble)
{
  static const char* const keys[12] = {
    "C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"};
  const size_t      n      = self->n_notes + 1U;
  RollNote* const   melody = (RollNote*)calloc(n, sizeof(RollNote));
  RollNote* const   drums  = (RollNote*)calloc(n, sizeof(RollNote));
  RollPhrase* const phrases =
    (RollPhrase*)calloc(self->n_lines + 1U, sizeof(RollPhrase));
  Status st = STATUS_NO_MEM;
  if (!melody || !drums || !phrases) {
    trouble_say(trouble, st, "Memory is out.");
  } else {
    char title[96];
    char subtitle[128];
    Roll roll;
    memset(&roll, 0, sizeof(roll));
    snprintf(title,
             sizeof(title),
             "Perpetuo  ·  %.60s",
             self->wish->preset ? self->wish->preset
                                : style_row(recital_style(self))->name);
    snprintf(subtitle,
             sizeof(subtitle),
             "seed %u  ·  %g bpm  ·  %u bars  ·  tonic %s  ·  gate %.2f",
             self->mix.seed,
             self->wish->bpm,
             self->wish->n_bars,
             keys[self->mix.key % 12U],
             self->mix.gate / 100.0);
    for (size_t i = 0U; i < self->n_lines; ++i) {
      fill_phrase(self, &self->lines[i], &phrases[i]);
    }
    roll.scale      = scale;
    roll.title      = title;
    roll.subtitle   = subtitle;
    roll.n_bars     = self->wish->n_bars;
    roll.n_beats    = self->metre.n_beats;
    roll.tonic      = self->mix.key % 12U;
    roll.sections   = self->sections;
    roll.n_sections = self->n_sections;
    roll.phrases    = phrases;
    roll.n_phrases  = self->n_lines;
    fill_notes(self, melody, drums, &roll);
    st = piano_roll_draw(&roll, path, trouble);
  }
  free(phrases);
  free(drums);
  free(melody);
  return st;
}
