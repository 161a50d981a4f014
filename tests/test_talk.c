// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "plugin/talk.h"

#include <lv2/atom/atom.h>
#include <lv2/atom/forge.h>
#include <lv2/atom/util.h>

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_URIS = 128, ROOM = 4096 };

static char           uris[MAX_URIS][96];
static uint32_t       n_uris;
static LV2_Atom_Forge forge;
static TalkUrids      urids;

static LV2_URID
map_uri(const LV2_URID_Map_Handle handle, const char* const uri)
{
  (void)handle;
  for (uint32_t i = 0U; i < n_uris; ++i) {
    if (!strcmp(uris[i], uri)) {
      return i + 1U;
    }
  }
  CHECK(n_uris < MAX_URIS && strlen(uri) < sizeof(uris[0]));
  strcpy(uris[n_uris], uri);
  return ++n_uris;
}

static LV2_URID
word(const char* const name)
{
  char uri[96];
  snprintf(uri, sizeof(uri), "%s%s", TALK_PREFIX, name);
  return map_uri(NULL, uri);
}

static void
begin(void)
{
  LV2_URID_Map map = {NULL, map_uri};
  talk_urids_init(&urids, &map);
  lv2_atom_forge_init(&forge, &map);
}

/// Messages of every kind: the least, the most, and one in between
typedef enum { LEAST, MOST, USUAL, N_SIZES } Size;

static int32_t
pick(const Size size, const int32_t least, const int32_t most)
{
  return size == LEAST ? least : size == MOST ? most : least / 3 + most / 2;
}

static void
fill_place(TalkPlace* const place, const Size size)
{
  place->state            = pick(size, 0, TALK_MAX_STATE);
  place->bar              = pick(size, INT32_MIN, INT32_MAX);
  place->bar_ticks        = pick(size, 1, 23040);
  place->n_beats          = pick(size, 1, 64);
  place->unit             = pick(size, 1, 32);
  place->tick             = (float)pick(size, 0, 23040);
  place->ticks_per_second = (float)pick(size, 0, 9600);
  place->bpm              = (float)pick(size, 0, 600);
  place->i_bar            = pick(size, 0, 7);
  for (unsigned i = 0U; i < N_PARTS; ++i) {
    place->now[i] = pick(size, INT32_MIN, INT32_MAX) + (size == USUAL) * (int)i;
    place->next[i] =
      pick(size, INT32_MIN, INT32_MAX) - (size == USUAL) * (int)i;
  }
  place->n_late    = pick(size, 0, INT32_MAX);
  place->n_dropped = pick(size, 0, INT32_MAX);
}

static void
fill_bar(TalkBar* const bar, const Size size)
{
  bar->count     = pick(size, 0, INT32_MAX);
  bar->bar       = pick(size, INT32_MIN, INT32_MAX);
  bar->bar_ticks = pick(size, 1, 23040);
  bar->n_beats   = pick(size, 1, 64);
  bar->unit      = pick(size, 1, 32);
  bar->bpm       = (float)pick(size, 0, 600);
  bar->i_bar     = pick(size, 0, 7);
  for (unsigned i = 0U; i < N_PARTS; ++i) {
    bar->ids[i] = pick(size, INT32_MIN, INT32_MAX) + (size == USUAL) * (int)i;
  }
}

static void
fill_phrase(TalkPhrase* const phrase, const Size size)
{
  phrase->id         = pick(size, INT32_MIN, INT32_MAX);
  phrase->part       = pick(size, 0, N_PARTS - 1);
  phrase->bar        = pick(size, INT32_MIN, INT32_MAX);
  phrase->n_bars     = pick(size, 1, PHRASE_MAX_BARS);
  phrase->bar_ticks  = pick(size, 1, 23040);
  phrase->n_notes    = pick(size, 0, PHRASE_MAX_NOTES);
  phrase->score      = (float)pick(size, 0, 8) / 8.0f;
  phrase->n_tries    = pick(size, 0, INT32_MAX);
  phrase->n_rejected = pick(size, 0, INT32_MAX);
  phrase->section    = pick(size, 0, TALK_N_SECTIONS - 1);
  phrase->energy     = pick(size, 0, 100);
  phrase->n_fills    = phrase->n_bars;
  for (int32_t i = 0; i < phrase->n_fills; ++i) {
    phrase->fills[i] = i % TALK_N_FILLS;
  }
  phrase->n_scores = pick(size, 0, PHRASE_MAX_TRIES);
  for (int32_t i = 0; i < phrase->n_scores; ++i) {
    phrase->scores[i] = i < 3 ? SCORE_QUOTE + i : pick(size, 3, 1000) - i;
  }
}

static void
fill_notes(TalkNotes* const notes, const Size size)
{
  notes->id    = pick(size, INT32_MIN, INT32_MAX);
  notes->n     = pick(size, 1, TALK_MAX_NOTES);
  notes->first = pick(size, 0, (int32_t)(PHRASE_MAX_NOTES - TALK_MAX_NOTES));
  for (int32_t i = 0; i < notes->n; ++i) {
    notes->words[3 * i] = pick(size, 0, 8 * 23040) - (size == USUAL ? i : 0);
    notes->words[3 * i + 1] = pick(size, 1, 8 * 23040);
    notes->words[3 * i + 2] = pick(size, 0, 127) | pick(size, 1, 127) << 8;
  }
}

static TalkMessage
make(const TalkKind kind, const Size size)
{
  TalkMessage message;
  memset(&message, 0, sizeof(message));
  message.kind = kind;
  if (kind == TALK_PLACE) {
    fill_place(&message.as.place, size);
  } else if (kind == TALK_BAR) {
    fill_bar(&message.as.bar, size);
  } else if (kind == TALK_PHRASE) {
    fill_phrase(&message.as.phrase, size);
  } else if (kind == TALK_NOTES) {
    fill_notes(&message.as.notes, size);
  } else if (kind == TALK_TROUBLE) {
    memset(
      message.as.trouble.text, 'x', (size_t)pick(size, 0, TALK_MAX_TEXT - 1));
  }
  return message;
}

typedef union {
  LV2_Atom atom;
  uint64_t words[ROOM / 8U];
  uint8_t  bytes[ROOM];
} Buffer;

/// Write a message; its bytes, the atom's head included
static uint32_t
write(Buffer* const buffer, const TalkMessage* const message)
{
  memset(buffer, 0xEE, sizeof(*buffer));
  lv2_atom_forge_set_buffer(&forge, buffer->bytes, sizeof(buffer->bytes));
  CHECK(talk_write(&urids, &forge, message));
  CHECK(buffer->atom.size + sizeof(LV2_Atom) == forge.offset);
  return forge.offset;
}

/// Read an atom out of memory of just its size
static bool
read_copy(const Buffer* const buffer, TalkMessage* const message)
{
  const size_t n    = sizeof(LV2_Atom) + buffer->atom.size;
  void* const  copy = malloc(n);
  memcpy(copy, buffer, n);
  const bool     is   = talk_read(&urids, (const LV2_Atom*)copy, message);
  const TalkKind kind = talk_kind(&urids, (const LV2_Atom*)copy);
  CHECK(is == (message->kind != TALK_NOTHING));
  CHECK(!is || message->kind == kind);
  free(copy);
  return is;
}

// Tests ----------------------------------------------------------------------

static void
test_every_message_comes_back_as_it_was_and_fits(void)
{
  for (unsigned kind = TALK_HELLO; kind < N_TALK_KINDS; ++kind) {
    for (unsigned size = 0U; size < N_SIZES; ++size) {
      const TalkMessage message = make((TalkKind)kind, (Size)size);
      TalkMessage       again;
      Buffer            buffer;
      const uint32_t    n = write(&buffer, &message);
      CHECK(n + sizeof(int64_t) <= TALK_MAX_BYTES && n % 8U == 0U);
      CHECK(buffer.atom.type == map_uri(NULL, LV2_ATOM__Object));
      CHECK(talk_kind(&urids, &buffer.atom) == kind);
      CHECK(read_copy(&buffer, &again));
      CHECK(!memcmp(&again, &message, sizeof(message)));
      buffer.atom.type = map_uri(NULL, LV2_ATOM__Blank);
      CHECK(read_copy(&buffer, &again));
      CHECK(!memcmp(&again, &message, sizeof(message)));
    }
  }
}

static void
test_words_are_those_of_the_header(void)
{
  static const char* const keys[N_TALK_KINDS] = {
    [TALK_HELLO] = "",
    [TALK_HERE]  = "",
    [TALK_PLACE] = "state bar barTicks beats unit tick ticksPerSecond bpm iBar "
                   "melodyNow drumsNow melodyNext drumsNext late dropped ",
    [TALK_BAR]   = "count bar barTicks beats unit bpm iBar melody drums ",
    [TALK_PHRASE]  = "id part bar bars barTicks notes score tries rejected "
                     "section energy fills scores ",
    [TALK_NOTES]   = "id first words ",
    [TALK_TROUBLE] = "text ",
  };
  static const char* const names[N_TALK_KINDS] = {
    "", "Hello", "Here", "Place", "Bar", "Phrase", "Notes", "Trouble"};

  for (unsigned kind = TALK_HELLO; kind < N_TALK_KINDS; ++kind) {
    const TalkMessage message   = make((TalkKind)kind, USUAL);
    char              text[400] = "";
    Buffer            buffer;
    write(&buffer, &message);
    const LV2_Atom_Object* const object = (const LV2_Atom_Object*)&buffer.atom;
    CHECK(object->body.otype == word(names[kind]) && !object->body.id);
    LV2_ATOM_OBJECT_FOREACH (object, property) {
      CHECK(
        !strncmp(uris[property->key - 1U], TALK_PREFIX, strlen(TALK_PREFIX)));
      strcat(text, uris[property->key - 1U] + strlen(TALK_PREFIX));
      strcat(text, " ");
    }
    CHECK(!strcmp(text, keys[kind]));
  }
}

static void
test_nothing_is_written_where_there_is_no_room(void)
{
  for (unsigned kind = TALK_HELLO; kind < N_TALK_KINDS; ++kind) {
    const TalkMessage message = make((TalkKind)kind, MOST);
    Buffer            buffer;
    const uint32_t    n = write(&buffer, &message);
    for (uint32_t room = 0U; room < n; ++room) {
      memset(&buffer, 0xEE, sizeof(buffer));
      lv2_atom_forge_set_buffer(&forge, buffer.bytes, room);
      CHECK(!talk_write(&urids, &forge, &message) || room > n - 8U);
      CHECK(buffer.bytes[room] == 0xEEU);
    }
  }
}

static void
test_no_such_message_is_not_written(void)
{
  TalkMessage message = make(TALK_NOTES, USUAL);
  Buffer      buffer;
  lv2_atom_forge_set_buffer(&forge, buffer.bytes, sizeof(buffer.bytes));
  message.as.notes.n = (int32_t)TALK_MAX_NOTES + 1;
  CHECK(!talk_write(&urids, &forge, &message));
  message.as.notes.n = -1;
  CHECK(!talk_write(&urids, &forge, &message));
  message.kind = TALK_NOTHING;
  CHECK(!talk_write(&urids, &forge, &message));
  message.kind = N_TALK_KINDS;
  CHECK(!talk_write(&urids, &forge, &message));
  message = make(TALK_TROUBLE, MOST);
  memset(message.as.trouble.text, 'x', TALK_MAX_TEXT);
  CHECK(!talk_write(&urids, &forge, &message));
}

/// Some of the bytes of a message may be anything; but what is taken can be
/// said again, and is the same then
static void
check_anything(const Buffer* const buffer)
{
  TalkMessage message;
  TalkMessage again;
  Buffer      back;
  if (read_copy(buffer, &message)) {
    write(&back, &message);
    CHECK(read_copy(&back, &again));
    CHECK(!memcmp(&again, &message, sizeof(message)));
  } else {
    CHECK(message.kind == TALK_NOTHING);
  }
}

static void
test_a_message_cut_short_is_none(void)
{
  for (unsigned kind = TALK_HELLO; kind < N_TALK_KINDS; ++kind) {
    const TalkMessage message = make((TalkKind)kind, USUAL);
    TalkMessage       again;
    Buffer            buffer;
    const uint32_t    n_body = write(&buffer, &message) - 8U;
    for (uint32_t size = 0U; size < n_body; ++size) {
      buffer.atom.size = size;
      const bool is    = read_copy(&buffer, &again);
      CHECK(!is || size > n_body - 8U); // Padding may be missing at the end
      check_anything(&buffer);
    }
  }
}

static void
test_every_byte_may_be_wrong(void)
{
  static const uint8_t flips[] = {0x01U, 0x80U, 0xFFU, 0x10U};
  for (unsigned kind = TALK_HELLO; kind < N_TALK_KINDS; ++kind) {
    const TalkMessage message = make((TalkKind)kind, USUAL);
    Buffer            buffer;
    const uint32_t    n = write(&buffer, &message);
    for (uint32_t i = sizeof(uint32_t); i < n; ++i) { // All but atom.size
      for (unsigned k = 0U; k < sizeof(flips); ++k) {
        buffer.bytes[i] ^= flips[k];
        check_anything(&buffer);
        buffer.bytes[i] ^= flips[k];
      }
    }
  }
}

/// The property of a key
static LV2_Atom_Property_Body*
find(Buffer* const buffer, const char* const name)
{
  const LV2_Atom_Object* const object = (const LV2_Atom_Object*)&buffer->atom;
  LV2_ATOM_OBJECT_FOREACH (object, property) {
    if (property->key == word(name)) {
      return property;
    }
  }
  CHECK(false);
  abort();
}

static void
check_refused(Buffer* const buffer)
{
  TalkMessage message;
  CHECK(!read_copy(buffer, &message));
}

static void
test_every_key_must_be_there(void)
{
  for (unsigned kind = TALK_PLACE; kind < N_TALK_KINDS; ++kind) {
    const TalkMessage message = make((TalkKind)kind, USUAL);
    TalkMessage       again;
    Buffer            buffer;
    write(&buffer, &message);
    const LV2_Atom_Object* const object = (const LV2_Atom_Object*)&buffer.atom;
    LV2_ATOM_OBJECT_FOREACH (object, property) {
      const LV2_URID key = property->key;
      property->key      = word("nothing");
      check_refused(&buffer);
      property->key = key;
      CHECK(read_copy(&buffer, &again));

      const LV2_URID type  = property->value.type;
      property->value.type = map_uri(NULL, LV2_ATOM__Bool);
      check_refused(&buffer);
      property->value.type = type == map_uri(NULL, LV2_ATOM__Int)
                               ? map_uri(NULL, LV2_ATOM__Float)
                               : map_uri(NULL, LV2_ATOM__Int);
      check_refused(&buffer);
      property->value.type = type;

      const uint32_t size  = property->value.size;
      property->value.size = UINT32_MAX;
      check_refused(&buffer);
      property->value.size = UINT32_MAX - 7U;
      check_refused(&buffer);
      property->value.size = 0U;
      check_refused(&buffer);
      property->value.size = size;
    }
  }
}

static void
test_numbers_stay_in_their_ranges(void)
{
  const struct {
    TalkKind    kind;
    const char* key;
    int32_t     value;
  } rows[] = {
    {TALK_PLACE, "state", -1},    {TALK_PLACE, "barTicks", 0},
    {TALK_PLACE, "beats", 0},     {TALK_PLACE, "unit", 256},
    {TALK_PLACE, "iBar", 8},      {TALK_PLACE, "late", -1},
    {TALK_BAR, "count", -1},      {TALK_BAR, "iBar", -1},
    {TALK_PHRASE, "id", 0},       {TALK_PHRASE, "part", 2},
    {TALK_PHRASE, "part", -1},    {TALK_PHRASE, "bars", 0},
    {TALK_PHRASE, "bars", 9},     {TALK_PHRASE, "notes", 641},
    {TALK_PHRASE, "energy", 101}, {TALK_PHRASE, "section", 6},
    {TALK_PHRASE, "tries", -1},   {TALK_NOTES, "id", 0},
    {TALK_NOTES, "first", 640},   {TALK_NOTES, "first", 639},
    {TALK_NOTES, "first", -1},
  };
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    const TalkMessage message = make(rows[i].kind, USUAL);
    Buffer            buffer;
    write(&buffer, &message);
    memcpy(find(&buffer, rows[i].key) + 1, &rows[i].value, sizeof(int32_t));
    check_refused(&buffer);
  }

  const float floats[] = {
    -1.0f, (float)NAN, (float)INFINITY, -(float)INFINITY, 1e30f};
  for (size_t i = 0U; i < sizeof(floats) / sizeof(floats[0]); ++i) {
    const TalkMessage message = make(TALK_PLACE, USUAL);
    Buffer            buffer;
    write(&buffer, &message);
    memcpy(find(&buffer, "bpm") + 1, &floats[i], sizeof(float));
    check_refused(&buffer);
  }
}

/// The body of a vector
static LV2_Atom_Vector_Body*
vector(Buffer* const buffer, const char* const name)
{
  return (LV2_Atom_Vector_Body*)(find(buffer, name) + 1);
}

static void
test_vectors_are_of_whole_numbers_and_not_too_long(void)
{
  const TalkMessage message = make(TALK_NOTES, USUAL);
  TalkMessage       again;
  Buffer            buffer;
  write(&buffer, &message);
  LV2_Atom_Vector_Body* const   of    = vector(&buffer, "words");
  LV2_Atom_Property_Body* const words = find(&buffer, "words");

  of->child_size = 8U;
  check_refused(&buffer);
  of->child_size = 0U;
  check_refused(&buffer);
  of->child_size = 4U;
  of->child_type = map_uri(NULL, LV2_ATOM__Float);
  check_refused(&buffer);
  of->child_type = map_uri(NULL, LV2_ATOM__Int);
  CHECK(read_copy(&buffer, &again));

  // No whole groups; no notes; a lie about the whole
  for (uint32_t cut = 1U; cut < 12U; ++cut) {
    words->value.size -= cut;
    check_refused(&buffer);
    words->value.size += cut;
  }
  const uint32_t size = words->value.size;
  words->value.size   = 8U;
  check_refused(&buffer);
  words->value.size = size + 16U;
  check_refused(&buffer);
  words->value.size = size;
  CHECK(read_copy(&buffer, &again));

  // Notes of a bad kind
  const int32_t bad[][3] = {{-1, 1, 1 << 8},
                            {0, 0, 1 << 8},
                            {0, 1, 60},
                            {0, 1, 128 | 1 << 8},
                            {0, 1, 60 | 128 << 8},
                            {0, -1, 60 | 1 << 8},
                            {0, 1, -1},
                            {INT32_MAX, 1, 1 << 8}};
  for (size_t i = 0U; i < sizeof(bad) / sizeof(bad[0]); ++i) {
    int32_t kept[3];
    memcpy(kept, of + 1, sizeof(kept));
    memcpy(of + 1, bad[i], sizeof(kept));
    check_refused(&buffer);
    memcpy(of + 1, kept, sizeof(kept));
  }
}

/// One more than there may be, which no writer of ours makes
static void
test_a_vector_that_is_too_long_is_refused(void)
{
  for (uint32_t more = 0U; more < 2U; ++more) {
    int32_t              words[3U * (TALK_MAX_NOTES + 1U)];
    Buffer               buffer;
    TalkMessage          again;
    LV2_Atom_Forge_Frame frame;
    for (uint32_t i = 0U; i < TALK_MAX_NOTES + 1U; ++i) {
      words[3U * i]      = (int32_t)i;
      words[3U * i + 1U] = 1;
      words[3U * i + 2U] = 60 | 100 << 8;
    }
    lv2_atom_forge_set_buffer(&forge, buffer.bytes, sizeof(buffer.bytes));
    lv2_atom_forge_object(&forge, &frame, 0U, word("Notes"));
    lv2_atom_forge_key(&forge, word("id"));
    lv2_atom_forge_int(&forge, 7);
    lv2_atom_forge_key(&forge, word("first"));
    lv2_atom_forge_int(&forge, 0);
    lv2_atom_forge_key(&forge, word("words"));
    lv2_atom_forge_vector(
      &forge, 4U, forge.Int, 3U * (TALK_MAX_NOTES + more), words);
    lv2_atom_forge_pop(&forge, &frame);
    CHECK(read_copy(&buffer, &again) == !more);
  }
}

static void
test_fills_are_as_many_as_bars(void)
{
  const TalkMessage message = make(TALK_PHRASE, USUAL);
  Buffer            buffer;
  write(&buffer, &message);
  const int32_t n_bars = message.as.phrase.n_bars + 1;
  memcpy(find(&buffer, "bars") + 1, &n_bars, sizeof(n_bars));
  check_refused(&buffer);
}

static void
test_a_text_has_an_end(void)
{
  const TalkMessage message = make(TALK_TROUBLE, MOST);
  TalkMessage       again;
  Buffer            buffer;
  write(&buffer, &message);
  LV2_Atom_Property_Body* const text = find(&buffer, "text");
  CHECK(text->value.size == TALK_MAX_TEXT);
  ((char*)(text + 1))[TALK_MAX_TEXT - 1U] = 'x';
  check_refused(&buffer);
  ((char*)(text + 1))[3] = '\0'; // An early one will do
  CHECK(read_copy(&buffer, &again) && !strcmp(again.as.trouble.text, "xxx"));
}

static void
test_unknown_keys_are_passed_over(void)
{
  for (unsigned kind = TALK_HELLO; kind < N_TALK_KINDS; ++kind) {
    const TalkMessage message = make((TalkKind)kind, USUAL);
    TalkMessage       again;
    Buffer            buffer;
    uint32_t          n       = write(&buffer, &message);
    const uint32_t    extra[] = {
         word("later"), 0U, 5U, map_uri(NULL, LV2_ATOM__Chunk), 1U, 2U};
    memcpy(buffer.bytes + n, extra, sizeof(extra));
    buffer.atom.size += (uint32_t)sizeof(extra);
    CHECK(read_copy(&buffer, &again));
    CHECK(!memcmp(&again, &message, sizeof(message)));

    // But they must be whole
    buffer.atom.size -= 4U;
    const uint32_t size = 500U;
    memcpy(buffer.bytes + n + 8U, &size, sizeof(size));
    check_refused(&buffer);
  }
}

/// What is read must not depend on which of two counts
static void
test_no_key_is_there_twice(void)
{
  const TalkMessage message = make(TALK_BAR, USUAL);
  Buffer            buffer;
  const uint32_t    n = write(&buffer, &message);
  memcpy(buffer.bytes + n, find(&buffer, "iBar"), 24U);
  buffer.atom.size += 24U;
  check_refused(&buffer);
}

static void
test_others_words_are_no_message(void)
{
  TalkMessage          message;
  Buffer               buffer;
  LV2_Atom_Forge_Frame frame;
  lv2_atom_forge_set_buffer(&forge, buffer.bytes, sizeof(buffer.bytes));
  lv2_atom_forge_object(&forge, &frame, 0U, 0U);
  lv2_atom_forge_pop(&forge, &frame);
  check_refused(&buffer);
  lv2_atom_forge_set_buffer(&forge, buffer.bytes, sizeof(buffer.bytes));
  lv2_atom_forge_object(&forge, &frame, 0U, word("Unknown"));
  lv2_atom_forge_pop(&forge, &frame);
  check_refused(&buffer);
  CHECK(talk_kind(&urids, &buffer.atom) == TALK_NOTHING);

  // The right words in the wrong thing
  const TalkMessage hello = make(TALK_HELLO, USUAL);
  write(&buffer, &hello);
  CHECK(read_copy(&buffer, &message));
  buffer.atom.type = map_uri(NULL, LV2_ATOM__Chunk);
  check_refused(&buffer);
}

int
main(void)
{
  begin();
  RUN(test_every_message_comes_back_as_it_was_and_fits);
  RUN(test_words_are_those_of_the_header);
  RUN(test_nothing_is_written_where_there_is_no_room);
  RUN(test_no_such_message_is_not_written);
  RUN(test_a_message_cut_short_is_none);
  RUN(test_every_byte_may_be_wrong);
  RUN(test_every_key_must_be_there);
  RUN(test_numbers_stay_in_their_ranges);
  RUN(test_vectors_are_of_whole_numbers_and_not_too_long);
  RUN(test_a_vector_that_is_too_long_is_refused);
  RUN(test_fills_are_as_many_as_bars);
  RUN(test_a_text_has_an_end);
  RUN(test_unknown_keys_are_passed_over);
  RUN(test_no_key_is_there_twice);
  RUN(test_others_words_are_no_message);
  CHECK_END();
}
