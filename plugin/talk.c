// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

// The forge asserts, and the audio thread prints nothing
#ifndef NDEBUG
#  define NDEBUG
#endif

#include "plugin/talk.h"

#include <lv2/atom/util.h>

#include <stddef.h>
#include <string.h>

/// Longest phrase, in ticks: far more than any metre has
#define MAX_TICKS 1000000

typedef enum { TYPE_INT, TYPE_FLOAT, TYPE_TEXT, TYPE_INTS } Type;

/// A property of a message, and where its value is in the struct
typedef struct {
  TalkKind    kind;
  Type        type;
  const char* name;
  size_t      offset;
  int32_t     least; ///< Of a number, and of each in a vector
  int32_t     most;
  size_t      count;     ///< Vector: offset of the number of its groups
  uint32_t    per_group; ///< Of `max_groups` at most
  uint32_t    max_groups;
} Row;

/// One for each property
#define ROW(KIND, Struct, TYPE, name, field, least, most)                     \
  {                                                                           \
    TALK_##KIND, TYPE_##TYPE, name, offsetof(Struct, field), least, most, 0U, \
      0U, 0U                                                                  \
  }
#define PLACE(TYPE, name, field, least, most) \
  ROW(PLACE, TalkPlace, TYPE, name, field, least, most)
#define BAR(TYPE, name, field, least, most) \
  ROW(BAR, TalkBar, TYPE, name, field, least, most)
#define PHRASE(TYPE, name, field, least, most) \
  ROW(PHRASE, TalkPhrase, TYPE, name, field, least, most)
#define NOTES(TYPE, name, field, least, most) \
  ROW(NOTES, TalkNotes, TYPE, name, field, least, most)
#define INTS(KIND, Struct, name, field, least, most, count, per_group, max) \
  {                                                                         \
    TALK_##KIND, TYPE_INTS, name, offsetof(Struct, field), least, most,     \
      offsetof(Struct, count), per_group, max                               \
  }

static const Row rows[] = {
  PLACE(INT, "state", state, 0, TALK_MAX_STATE),
  PLACE(INT, "bar", bar, INT32_MIN, INT32_MAX),
  PLACE(INT, "barTicks", bar_ticks, 1, MAX_TICKS),
  PLACE(INT, "beats", n_beats, 1, 255),
  PLACE(INT, "unit", unit, 1, 255),
  PLACE(FLOAT, "tick", tick, 0, MAX_TICKS),
  PLACE(FLOAT, "ticksPerSecond", ticks_per_second, 0, MAX_TICKS),
  PLACE(FLOAT, "bpm", bpm, 0, MAX_TICKS),
  PLACE(INT, "iBar", i_bar, 0, PHRASE_MAX_BARS - 1),
  PLACE(INT, "melodyNow", now[PART_MELODY], INT32_MIN, INT32_MAX),
  PLACE(INT, "drumsNow", now[PART_DRUMS], INT32_MIN, INT32_MAX),
  PLACE(INT, "melodyNext", next[PART_MELODY], INT32_MIN, INT32_MAX),
  PLACE(INT, "drumsNext", next[PART_DRUMS], INT32_MIN, INT32_MAX),
  PLACE(INT, "late", n_late, 0, INT32_MAX),
  PLACE(INT, "dropped", n_dropped, 0, INT32_MAX),

  BAR(INT, "count", count, 0, INT32_MAX),
  BAR(INT, "bar", bar, INT32_MIN, INT32_MAX),
  BAR(INT, "barTicks", bar_ticks, 1, MAX_TICKS),
  BAR(INT, "beats", n_beats, 1, 255),
  BAR(INT, "unit", unit, 1, 255),
  BAR(FLOAT, "bpm", bpm, 0, MAX_TICKS),
  BAR(INT, "iBar", i_bar, 0, PHRASE_MAX_BARS - 1),
  BAR(INT, "melody", ids[PART_MELODY], INT32_MIN, INT32_MAX),
  BAR(INT, "drums", ids[PART_DRUMS], INT32_MIN, INT32_MAX),

  PHRASE(INT, "id", id, INT32_MIN, INT32_MAX),
  PHRASE(INT, "part", part, 0, N_PARTS - 1),
  PHRASE(INT, "bar", bar, INT32_MIN, INT32_MAX),
  PHRASE(INT, "bars", n_bars, 1, PHRASE_MAX_BARS),
  PHRASE(INT, "barTicks", bar_ticks, 1, MAX_TICKS),
  PHRASE(INT, "notes", n_notes, 0, PHRASE_MAX_NOTES),
  PHRASE(FLOAT, "score", score, 0, 1),
  PHRASE(INT, "tries", n_tries, 0, INT32_MAX),
  PHRASE(INT, "rejected", n_rejected, 0, INT32_MAX),
  PHRASE(INT, "section", section, 0, TALK_N_SECTIONS - 1),
  PHRASE(INT, "energy", energy, 0, 100),
  INTS(PHRASE,
       TalkPhrase,
       "fills",
       fills,
       0,
       TALK_N_FILLS - 1,
       n_fills,
       1U,
       PHRASE_MAX_BARS),
  INTS(PHRASE,
       TalkPhrase,
       "scores",
       scores,
       SCORE_QUOTE,
       1000,
       n_scores,
       1U,
       PHRASE_MAX_TRIES),

  NOTES(INT, "id", id, INT32_MIN, INT32_MAX),
  NOTES(INT, "first", first, 0, PHRASE_MAX_NOTES - 1),
  INTS(NOTES,
       TalkNotes,
       "words",
       words,
       0,
       PHRASE_MAX_BARS* MAX_TICKS,
       n,
       3U,
       TALK_MAX_NOTES),

  ROW(TROUBLE, TalkTrouble, TEXT, "text", text, 0, 0),
};

enum { N_ROWS = sizeof(rows) / sizeof(rows[0]) };

_Static_assert((int)N_ROWS <= (int)TALK_MAX_FIELDS,
               "TalkUrids has room for them");

static const char* const kinds[N_TALK_KINDS] = {
  [TALK_HELLO]   = TALK_PREFIX "Hello",
  [TALK_HERE]    = TALK_PREFIX "Here",
  [TALK_PLACE]   = TALK_PREFIX "Place",
  [TALK_BAR]     = TALK_PREFIX "Bar",
  [TALK_PHRASE]  = TALK_PREFIX "Phrase",
  [TALK_NOTES]   = TALK_PREFIX "Notes",
  [TALK_TROUBLE] = TALK_PREFIX "Trouble",
};

void
talk_urids_init(TalkUrids* const self, LV2_URID_Map* const map)
{
  memset(self, 0, sizeof(*self));
  self->atom_Object = map->map(map->handle, LV2_ATOM__Object);
  self->atom_Blank  = map->map(map->handle, LV2_ATOM__Blank);
  self->atom_Int    = map->map(map->handle, LV2_ATOM__Int);
  self->atom_Float  = map->map(map->handle, LV2_ATOM__Float);
  self->atom_String = map->map(map->handle, LV2_ATOM__String);
  self->atom_Vector = map->map(map->handle, LV2_ATOM__Vector);
  for (unsigned i = TALK_HELLO; i < N_TALK_KINDS; ++i) {
    self->kinds[i] = map->map(map->handle, kinds[i]);
  }
  for (unsigned i = 0U; i < N_ROWS; ++i) {
    char uri[64] = TALK_PREFIX;
    memcpy(
      uri + sizeof(TALK_PREFIX) - 1U, rows[i].name, strlen(rows[i].name) + 1U);
    self->fields[i] = map->map(map->handle, uri);
  }
}

// Writing ------------------------------------------------------------------

static int32_t
int_at(const void* const place)
{
  int32_t value = 0;
  memcpy(&value, place, sizeof(value));
  return value;
}

/// Whether that many bytes fit: the forge's own functions write parts of what
/// does not, and say nothing
static bool
has_room(const LV2_Atom_Forge* const forge, const size_t n_bytes)
{
  return n_bytes <= forge->size - forge->offset;
}

static bool
write_ints(const TalkUrids* const urids,
           LV2_Atom_Forge* const  forge,
           const Row* const       row,
           const char* const      from)
{
  const int32_t n = int_at(from + row->count);
  return n >= 0 && (uint32_t)n <= row->max_groups &&
         has_room(forge,
                  sizeof(LV2_Atom_Vector) +
                    ((size_t)n * row->per_group + 1U) / 2U * 8U) &&
         lv2_atom_forge_vector(forge,
                               sizeof(int32_t),
                               urids->atom_Int,
                               (uint32_t)n * row->per_group,
                               from + row->offset);
}

/// Length of a text of which there are so many bytes; as many when it has no
/// end
static size_t
text_length(const char* const text, const size_t n_bytes)
{
  size_t n = 0U;
  while (n < n_bytes && text[n]) {
    ++n;
  }
  return n;
}

static bool
write_text(LV2_Atom_Forge* const forge, const char* const text)
{
  const size_t n = text_length(text, TALK_MAX_TEXT);
  return n < TALK_MAX_TEXT &&
         has_room(forge, sizeof(LV2_Atom) + n / 8U * 8U + 8U) &&
         lv2_atom_forge_string(forge, text, (uint32_t)n);
}

static bool
write_row(const TalkUrids* const urids,
          LV2_Atom_Forge* const  forge,
          const Row* const       row,
          const char* const      from)
{
  float number = 0.0f;
  if (!has_room(forge, sizeof(LV2_Atom_Property_Body) + sizeof(number)) ||
      !lv2_atom_forge_key(forge, urids->fields[row - rows])) {
    return false;
  }
  switch (row->type) {
  case TYPE_INT:
    return lv2_atom_forge_int(forge, int_at(from + row->offset));
  case TYPE_FLOAT:
    memcpy(&number, from + row->offset, sizeof(number));
    return lv2_atom_forge_float(forge, number);
  case TYPE_TEXT:
    return write_text(forge, from + row->offset);
  case TYPE_INTS:
    return write_ints(urids, forge, row, from);
  }
  return false;
}

bool
talk_write(const TalkUrids* const   urids,
           LV2_Atom_Forge* const    forge,
           const TalkMessage* const message)
{
  if (message->kind <= TALK_NOTHING || message->kind >= N_TALK_KINDS) {
    return false;
  }

  LV2_Atom_Forge_Frame frame;
  bool                 is_written =
    lv2_atom_forge_object(forge, &frame, 0U, urids->kinds[message->kind]);
  for (unsigned i = 0U; i < N_ROWS && is_written; ++i) {
    is_written = rows[i].kind != message->kind ||
                 write_row(urids, forge, &rows[i], (const char*)&message->as);
  }
  lv2_atom_forge_pop(forge, &frame);
  return is_written;
}

// Reading ------------------------------------------------------------------

static bool
is_within(const Row* const row, const int32_t value)
{
  return value >= row->least && value <= row->most;
}

static bool
read_int(const TalkUrids* const urids,
         const Row* const       row,
         const LV2_Atom         head,
         const char* const      body,
         char* const            to)
{
  if (head.type != urids->atom_Int || head.size != sizeof(int32_t) ||
      !is_within(row, int_at(body))) {
    return false;
  }
  memcpy(to + row->offset, body, sizeof(int32_t));
  return true;
}

static bool
read_float(const TalkUrids* const urids,
           const Row* const       row,
           const LV2_Atom         head,
           const char* const      body,
           char* const            to)
{
  float value = 0.0f;
  if (head.type != urids->atom_Float || head.size != sizeof(value)) {
    return false;
  }

  memcpy(&value, body, sizeof(value));
  if (!(value >= (float)row->least && value <= (float)row->most)) {
    return false; // Also what is no number
  }
  memcpy(to + row->offset, &value, sizeof(value));
  return true;
}

static bool
read_text(const TalkUrids* const urids,
          const Row* const       row,
          const LV2_Atom         head,
          const char* const      body,
          char* const            to)
{
  const size_t most = head.size < TALK_MAX_TEXT ? head.size : TALK_MAX_TEXT;
  const size_t n    = text_length(body, most);
  if (head.type != urids->atom_String || n == most) {
    return false;
  }
  memcpy(to + row->offset, body, n + 1U);
  return true;
}

static bool
read_ints(const TalkUrids* const urids,
          const Row* const       row,
          const LV2_Atom         head,
          const char* const      body,
          char* const            to)
{
  LV2_Atom_Vector_Body of = {0U, 0U};
  if (head.type != urids->atom_Vector || head.size < sizeof(of)) {
    return false;
  }

  memcpy(&of, body, sizeof(of));
  const size_t n_bytes = head.size - sizeof(of);
  const size_t group   = row->per_group * sizeof(int32_t);
  if (of.child_type != urids->atom_Int || of.child_size != sizeof(int32_t) ||
      n_bytes % group || n_bytes / group > row->max_groups) {
    return false;
  }

  const char* const items = body + sizeof(of);
  for (size_t at = 0U; at < n_bytes; at += sizeof(int32_t)) {
    if (!is_within(row, int_at(items + at))) {
      return false;
    }
  }
  const int32_t n = (int32_t)(n_bytes / group);
  memcpy(to + row->offset, items, n_bytes);
  memcpy(to + row->count, &n, sizeof(n));
  return true;
}

static bool
read_row(const TalkUrids* const urids,
         const Row* const       row,
         const LV2_Atom         head,
         const char* const      body,
         char* const            to)
{
  switch (row->type) {
  case TYPE_INT:
    return read_int(urids, row, head, body, to);
  case TYPE_FLOAT:
    return read_float(urids, row, head, body, to);
  case TYPE_TEXT:
    return read_text(urids, row, head, body, to);
  case TYPE_INTS:
    return read_ints(urids, row, head, body, to);
  }
  return false;
}

/// The row of a key in a kind of message, or N_ROWS
static unsigned
find_row(const TalkUrids* const urids, const TalkKind kind, const LV2_URID key)
{
  unsigned i = 0U;
  while (i < N_ROWS && (rows[i].kind != kind || urids->fields[i] != key)) {
    ++i;
  }
  return i;
}

/// Read every property; false when one is broken.
/// @param seen Which rows there were, a bit each
static bool
read_rows(const TalkUrids* const urids,
          const LV2_Atom* const  atom,
          TalkMessage* const     message,
          uint64_t* const        seen)
{
  const char* const bytes = (const char*)(atom + 1);

  *seen = 0U;
  for (size_t at = sizeof(LV2_Atom_Object_Body); at < atom->size;) {
    LV2_Atom_Property_Body property;
    const size_t           left = atom->size - at;
    if (left < sizeof(property)) {
      return false;
    }

    memcpy(&property, bytes + at, sizeof(property));
    const LV2_Atom head = property.value;
    const unsigned i    = find_row(urids, message->kind, property.key);
    const uint64_t bit  = i < N_ROWS ? UINT64_C(1) << i : 0U;
    if (head.size > left - sizeof(property) || (*seen & bit) ||
        (bit && !read_row(urids,
                          &rows[i],
                          head,
                          bytes + at + sizeof(property),
                          (char*)&message->as))) {
      return false;
    }
    *seen |= bit;
    at += sizeof(property) + ((size_t)head.size + 7U) / 8U * 8U;
  }
  return true;
}

/// All rows of a kind, a bit each
static uint64_t
rows_of(const TalkKind kind)
{
  uint64_t bits = 0U;
  for (unsigned i = 0U; i < N_ROWS; ++i) {
    bits |= rows[i].kind == kind ? UINT64_C(1) << i : 0U;
  }
  return bits;
}

static bool
are_notes(const TalkNotes* const notes)
{
  bool are = notes->id && notes->n > 0 &&
             notes->first + notes->n <= (int32_t)PHRASE_MAX_NOTES;
  for (int32_t i = 0; are && i < notes->n; ++i) {
    const int32_t* const words = &notes->words[3 * i];
    const int32_t        speed = words[2] >> 8;
    are = words[1] > 0 && (words[2] & 0xFF) < (int32_t)N_KEYS && speed > 0 &&
          speed < 128;
  }
  return are;
}

/// What concerns more than one number of a message
static bool
is_sound(const TalkMessage* const message)
{
  return message->kind == TALK_PHRASE
           ? message->as.phrase.id &&
               message->as.phrase.n_fills == message->as.phrase.n_bars
         : message->kind == TALK_NOTES ? are_notes(&message->as.notes)
                                       : true;
}

TalkKind
talk_kind(const TalkUrids* const urids, const LV2_Atom* const atom)
{
  LV2_Atom_Object_Body body = {0U, 0U};
  if ((atom->type != urids->atom_Object && atom->type != urids->atom_Blank) ||
      atom->size < sizeof(body)) {
    return TALK_NOTHING;
  }

  memcpy(&body, atom + 1, sizeof(body));
  unsigned kind = N_TALK_KINDS - 1U;
  while (kind && urids->kinds[kind] != body.otype) {
    --kind;
  }
  return (TalkKind)kind;
}

bool
talk_read(const TalkUrids* const urids,
          const LV2_Atom* const  atom,
          TalkMessage* const     message)
{
  memset(message, 0, sizeof(*message));
  message->kind = talk_kind(urids, atom);

  uint64_t   seen     = 0U;
  const bool is_whole = message->kind &&
                        read_rows(urids, atom, message, &seen) &&
                        seen == rows_of(message->kind) && is_sound(message);
  message->kind = is_whole ? message->kind : TALK_NOTHING;
  return is_whole;
}
