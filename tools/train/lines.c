// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/train/lines.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(((Stave*)0)->name) <= MIDI_TEXT_ROOM, "names are cut");

#define MIN_NOTES 8U
#define LOWEST_SCORE 0.0 ///< Below that nothing is a melody
#define SECOND_SCORE 6.0 ///< A second line must be one beyond doubt

/// What a word in a name says; the most and the least of all words are added
typedef struct {
  const char* word;
  int         score;
  bool        is_whole; ///< Must end where a word ends, too
} WordRow;

static const WordRow words[] = {
  {"lead", 10, false},
  {"melod", 10, false},
  {"303", 14, false},
  {"arp", 7, true},
  {"arpegg", 6, false},
  {"voice", 9, true},
  {"vocal", 9, false},
  {"vox", 8, false},
  {"singstimme", 9, false},
  {"gesang", 9, false},
  {"stimme", 9, false},
  {"chant", 9, false},
  {"canto", 9, false},
  {"sopran", 9, false},
  {"mezzo", 8, false},
  {"contralto", 6, false},
  {"baritone", 6, false},
  {"s", 8, true},
  {"violin", 7, false},
  {"violino", 7, false},
  {"flute", 7, false},
  {"flauto", 7, false},
  {"traverso", 7, false},
  {"oboe", 6, false},
  {"clarinet", 5, false},
  {"trumpet", 6, false},
  {"sax", 6, false},
  {"recorder", 7, false},
  {"whistle", 6, false},
  {"dessus", 7, false},
  {"solo", 7, false},
  {"theme", 8, false},
  {"treble", 6, false},
  {"upper", 6, false},
  {"up", 6, true},
  {"top", 6, true},
  {"right", 6, false},
  {"rh", 6, true},
  {"md", 6, true},
  {"staff1", 2, false},
  {"mel", 8, true},
  {"tune", 8, true},
  {"led", 8, true},
  {"square", 3, false},
  {"sawtooth", 3, false},
  {"pluck", 3, false},
  {"bell", 2, false},
  {"guitar", 1, false},
  {"synth", 1, false},
  {"piano", -4, false},
  {"klavier", -4, false},

  {"bass", -10, false},
  {"basso", -10, false},
  {"basse", -10, false},
  {"basu", -10, false},
  {"baixo", -10, false},
  {"sub", -10, true},
  {"chord", -9, false},
  {"akkord", -9, false},
  {"pad", -8, false},
  {"fx", -8, true},
  {"left", -7, false},
  {"lower", -7, false},
  {"down", -7, true},
  {"lh", -7, true},
  {"mg", -7, true},
  {"bottom", -7, false},
  {"pedal", -8, false},
  {"staff2", -6, false},
  {"staff3", -6, false},
  {"cello", -12, false},
  {"violoncello", -12, false},
  {"viola", -12, true},
  {"contrabass", -10, false},
  {"violin 2", -16, false},
  {"violin ii", -16, false},
  {"violino ii", -16, false},
  {"violon 2", -16, false},
  {"tenor", -3, false},
  {"alto", -3, false},
  {"string", -3, false},
  {"rhythm", -6, false},
  {"rythm", -6, false},
  {"choir", -2, false},
  {"drum", -20, false},
  {"perc", -12, false},
  {"timpani", -12, false},
  {"hit", -4, true},
  {"sfx", -8, false},
  {"noise", -8, false},
};

/// What each eight General MIDI instruments say
static const int program_score[16] = {
  0,  // Pianos
  0,  // Bells and mallets
  0,  // Organs
  -1, // Guitars
  -8, // Basses
  0,  // Strings
  -1, // Ensembles
  1,  // Brass
  2,  // Reeds
  2,  // Pipes
  3,  // Leads
  -4, // Pads
  -3, // Effects
  1,  // Of the world
  -8, // Percussion
  -10 // Noises
};

// ---------------------------------------------------------------- gathering

static bool
is_letter(const char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char
lower(const char c)
{
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/// Whether `word` begins at `text`, in letters of any case
static bool
begins(const char* const text, const char* const word)
{
  size_t i = 0U;
  while (word[i] && lower(text[i]) == word[i]) {
    ++i;
  }
  return !word[i];
}

/// Whether a name has a word; it must begin where a word begins
static bool
has_word(const char* const name, const WordRow* const row)
{
  for (const char* c = name; *c; ++c) {
    if ((c == name || !is_letter(c[-1])) && begins(c, row->word) &&
        (!row->is_whole || !is_letter(c[strlen(row->word)]))) {
      return true;
    }
  }
  return false;
}

/// Where a name such as "Piano staff1 voice2" comes to its voice, or null
static char*
find_voice(char* const name)
{
  char* const voice = strstr(name, " voice");
  return voice && voice[6] >= '0' && voice[6] <= '9' ? voice : NULL;
}

/// Whether two tracks are voices of one staff: "Piano staff1 voice1" and
/// "... voice2", or "upper:one" and "upper:two"
static bool
is_same_staff(const char* const stave, const char* const track)
{
  const char* const colon  = strchr(stave, ':');
  const size_t      n_left = colon ? (size_t)(colon - stave) + 1U : 0U;
  if (n_left > 1U && *stave != '\\') {
    return !strncmp(stave, track, n_left);
  }

  const size_t n = strlen(stave);
  return strstr(stave, " staff") && !strncmp(stave, track, n) &&
         (!track[n] || !strncmp(track + n, " voice", 6U));
}

/// Cut a name where it only tells voices of a staff apart
static void
cut_voice(char* const name)
{
  char* const voice = find_voice(name);
  if (voice) {
    *voice = '\0';
  }
}

/// The stave that a track's notes on a channel go to
static Stave*
find_stave(StaveList* const       list,
           const MidiTrack* const track,
           const uint8_t          channel,
           const uint32_t         n_before)
{
  const bool is_drums = channel == MIDI_DRUM_CHANNEL;
  for (uint32_t i = 0U; i < list->n_staves; ++i) {
    Stave* const stave = &list->staves[i];
    if (is_drums ? stave->is_drums
                 : !stave->is_drums && i < n_before &&
                     is_same_staff(stave->name, track->name)) {
      return stave;
    }
  }
  return NULL;
}

static Stave*
add_stave(StaveList* const       list,
          const MidiTrack* const track,
          const uint8_t          channel)
{
  Stave* const staves =
    (Stave*)realloc(list->staves, (list->n_staves + 1U) * sizeof(Stave));
  if (!staves) {
    return NULL;
  }

  list->staves       = staves;
  Stave* const stave = &staves[list->n_staves++];
  memset(stave, 0, sizeof(*stave));
  memcpy(stave->name, track->name, sizeof(stave->name) - 1U);
  cut_voice(stave->name);
  stave->program  = track->program[channel];
  stave->is_drums = channel == MIDI_DRUM_CHANNEL;
  return stave;
}

static Status
add_channel(Stave* const           stave,
            const MidiTrack* const track,
            const uint8_t          channel,
            const uint32_t         n_notes)
{
  MidiNote* const notes = (MidiNote*)realloc(
    stave->notes, ((size_t)stave->n_notes + n_notes) * sizeof(MidiNote));
  if (!notes) {
    return STATUS_NO_MEM;
  }

  stave->notes = notes;
  for (uint32_t i = 0U; i < track->n_notes; ++i) {
    if (track->notes[i].channel == channel) {
      notes[stave->n_notes++] = track->notes[i];
    }
  }
  return STATUS_SUCCESS;
}

static Status
gather_track(StaveList* const list, const MidiTrack* const track)
{
  uint32_t n_notes[MIDI_CHANNELS] = {0U};
  for (uint32_t i = 0U; i < track->n_notes; ++i) {
    ++n_notes[track->notes[i].channel];
  }

  // Channels of one track are different players, so only look at what was
  // there before this track
  const uint32_t n_before = list->n_staves;
  for (uint8_t channel = 0U; channel < MIDI_CHANNELS; ++channel) {
    if (n_notes[channel]) {
      Stave* stave = find_stave(list, track, channel, n_before);
      if (!stave && list->n_staves == LINES_MAX_STAVES) {
        return STATUS_FULL;
      }
      stave = stave ? stave : add_stave(list, track, channel);
      if (!stave || add_channel(stave, track, channel, n_notes[channel])) {
        return STATUS_NO_MEM;
      }
    }
  }
  return STATUS_SUCCESS;
}

static int
compare_notes(const void* const a, const void* const b)
{
  const MidiNote* const x = (const MidiNote*)a;
  const MidiNote* const y = (const MidiNote*)b;
  return x->tick != y->tick      ? (x->tick > y->tick) - (x->tick < y->tick)
         : x->key != y->key      ? x->key - y->key
         : x->length < y->length ? -1
                                 : x->length > y->length;
}

Status
lines_gather(const MidiSong* const song, StaveList* const list)
{
  StaveList fresh = {0U, NULL};
  Status    st    = STATUS_SUCCESS;
  for (uint32_t i = 0U; !st && i < song->n_tracks; ++i) {
    st = gather_track(&fresh, &song->tracks[i]);
  }
  if (st) {
    lines_clear(&fresh);
    return st;
  }

  for (uint32_t i = 0U; i < fresh.n_staves; ++i) {
    qsort(fresh.staves[i].notes,
          fresh.staves[i].n_notes,
          sizeof(MidiNote),
          compare_notes);
  }
  *list = fresh;
  return STATUS_SUCCESS;
}

void
lines_clear(StaveList* const list)
{
  for (uint32_t i = 0U; i < list->n_staves; ++i) {
    free(list->staves[i].notes);
  }
  free(list->staves);
  list->staves   = NULL;
  list->n_staves = 0U;
}

/// Index of the first note at or after a tick
static uint32_t
find_note(const Stave* const stave, const uint32_t tick)
{
  uint32_t begin = 0U;
  uint32_t end   = stave->n_notes;
  while (begin < end) {
    const uint32_t middle = begin + (end - begin) / 2U;
    if (stave->notes[middle].tick < tick) {
      begin = middle + 1U;
    } else {
      end = middle;
    }
  }
  return begin;
}

void
lines_within(const Stave* const   stave,
             const Stretch* const stretch,
             uint32_t* const      i_note,
             uint32_t* const      n_notes)
{
  *i_note  = find_note(stave, stretch->begin);
  *n_notes = find_note(stave, stretch->end) - *i_note;
}

const Stave*
lines_drums(const StaveList* const list)
{
  for (uint32_t i = 0U; i < list->n_staves; ++i) {
    if (list->staves[i].is_drums) {
      return &list->staves[i];
    }
  }
  return NULL;
}

// ------------------------------------------------------------------ judging

/// What a stave's notes look like
typedef struct {
  double   mean_key;
  uint32_t n_keys;   ///< Different ones
  double   drone;    ///< Share of the key that is played most
  double   alone;    ///< Share of moments with a single onset
  double   presence; ///< Share of bars with an onset
  double   per_bar;  ///< Onsets in a bar that has any
} Shape;

static Shape
measure(const MidiNote* const notes,
        const uint32_t        n_notes,
        const Stretch* const  stretch,
        const uint32_t        bar_ticks)
{
  uint32_t seen[128] = {0U};
  uint32_t most      = 0U;
  uint32_t n_keys    = 0U;
  uint64_t sum       = 0U;
  uint32_t n_moments = 0U;
  uint32_t n_alone   = 0U;
  uint32_t n_bars    = 0U;
  int64_t  last_bar  = -1;
  for (uint32_t i = 0U; i < n_notes; ++i) {
    const MidiNote* const note = &notes[i];
    const int64_t         bar  = (note->tick - stretch->begin) / bar_ticks;
    sum += note->key;
    n_keys += !seen[note->key]++;
    most = seen[note->key] > most ? seen[note->key] : most;
    n_bars += bar != last_bar;
    last_bar = bar;

    const bool is_first = !i || notes[i - 1U].tick != note->tick;
    const bool is_last  = i + 1U == n_notes || notes[i + 1U].tick != note->tick;
    n_moments += is_first;
    n_alone += is_first && is_last;
  }

  const uint32_t span = (stretch->end - stretch->begin) / bar_ticks;
  return (Shape){(double)sum / n_notes,
                 n_keys,
                 (double)most / n_notes,
                 (double)n_alone / n_moments,
                 (double)n_bars / (span ? span : 1U),
                 (double)n_moments / n_bars};
}

static int
name_score(const char* const name)
{
  int most  = 0;
  int least = 0;
  for (size_t i = 0U; i < sizeof(words) / sizeof(words[0]); ++i) {
    if (has_word(name, &words[i])) {
      most  = words[i].score > most ? words[i].score : most;
      least = words[i].score < least ? words[i].score : least;
    }
  }
  return most + least;
}

static double
shape_score(const Shape* const shape)
{
  const double height = (shape->mean_key - 60.0) / 8.0;
  double       score  = height < -2.0 ? -2.0 : height > 2.0 ? 2.0 : height;
  score += shape->mean_key < 48.0 ? -5.0 : 0.0;
  score += shape->n_keys <= 3U ? -5.0 : 0.0;
  score += shape->drone > 0.85 ? -12.0 : 0.0;
  score += shape->per_bar > 20.0 ? -3.0 : 0.0;
  score += (shape->alone - 0.5) * 6.0;
  return score + 4.0 * (shape->presence > 1.0 ? 1.0 : shape->presence);
}

/// A stave that might be a melody
typedef struct {
  MelodyPick      pick;
  const MidiNote* notes;
  uint32_t        n_notes;
  uint32_t        n_keys;
} Candidate;

static Candidate
judge(const StaveList* const list,
      const uint32_t         i_stave,
      const Stretch* const   stretch,
      const uint32_t         bar_ticks)
{
  const Stave* const stave  = &list->staves[i_stave];
  uint32_t           i_note = 0U;
  uint32_t           n      = 0U;
  lines_within(stave, stretch, &i_note, &n);
  if (stave->is_drums || n < MIN_NOTES) {
    return (Candidate){{i_stave, false, -1e9}, NULL, 0U, 0U};
  }

  const Shape  shape = measure(stave->notes + i_note, n, stretch, bar_ticks);
  const double score =
    name_score(stave->name) + shape_score(&shape) +
    (stave->program == MIDI_NO_PROGRAM ? 0
                                       : program_score[stave->program / 8U]);
  return (Candidate){{i_stave, shape.alone < 0.6, score},
                     stave->notes + i_note,
                     n,
                     shape.n_keys};
}

/// Whether most of a candidate's onsets are doubled by another's
static bool
is_double(const Candidate* const a, const Candidate* const b)
{
  uint32_t n_same  = 0U;
  uint32_t classes = 0U; // Pitch classes of `b` at the tick, one bit each
  for (uint32_t i = 0U, j = 0U; i < a->n_notes; ++i) {
    const uint32_t tick = a->notes[i].tick;
    classes             = i && a->notes[i - 1U].tick == tick ? classes : 0U;
    for (; j < b->n_notes && b->notes[j].tick <= tick; ++j) {
      if (b->notes[j].tick == tick) {
        classes |= 1U << b->notes[j].key % 12U;
      }
    }
    n_same += classes >> a->notes[i].key % 12U & 1U;
  }
  return n_same * 10U > a->n_notes * 6U;
}

uint32_t
lines_pick_melodies(const StaveList* const list,
                    const Stretch* const   stretch,
                    const uint32_t         bar_ticks,
                    MelodyPick* const      picks)
{
  Candidate chosen[LINES_MAX_MELODIES];
  uint32_t  n = 0U;
  while (n < LINES_MAX_MELODIES) {
    Candidate best = {{0U, false, -1e9}, NULL, 0U, 0U};
    for (uint32_t i = 0U; i < list->n_staves; ++i) {
      const Candidate candidate = judge(list, i, stretch, bar_ticks);
      const bool      is_taken =
        n && (chosen[0].pick.i_stave == i || is_double(&candidate, &chosen[0]));
      if (candidate.notes && !is_taken && candidate.n_keys > 1U &&
          candidate.pick.score > best.pick.score) {
        best = candidate;
      }
    }
    if (!best.notes || best.pick.score < (n ? SECOND_SCORE : LOWEST_SCORE)) {
      break;
    }
    chosen[n]  = best;
    picks[n++] = best.pick;
  }
  return n;
}
