// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   What a project keeps besides the ports, in the small host: state in every
   manner in which hosts are known to save it and to give it back.

   It plays with tiny models, which a test may put aside.
*/

#include "tests/check.h"
#include "tests/hosted.h"
#include "tests/tiny_bundle.h"

#include "base/rng.h"
#include "compose/composer.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define STRING "http://lv2plug.in/ns/ext/atom#String"
#define STATE "urn:perpetuo:state:"
#define N_KEYS_OF_STATE 7U
#define MAX_SIZE 4096U
#define MAX_TEXT 8192U

static TinyBundle bundle;
static Composer*  composer; ///< Of the same models

// What was kept -------------------------------------------------------------

/// A saved state to be answered, maybe with lies in it
typedef struct {
  HostProperty* properties;
  size_t        n;
  size_t        i_lie; ///< Which property is a lie, or n
  bool          is_gone;
  HostProperty  lie;
} Kept;

static const HostProperty*
retrieve_kept(void* const data, const char* const key)
{
  const Kept* const kept = (const Kept*)data;
  for (size_t i = 0U; i < kept->n; ++i) {
    if (!strcmp(kept->properties[i].key, key)) {
      return i != kept->i_lie ? &kept->properties[i]
             : kept->is_gone  ? NULL
                              : &kept->lie;
    }
  }
  return NULL;
}

static Kept
keep(Host* const host)
{
  Kept kept = {NULL, 0U, SIZE_MAX, false, {NULL, NULL, NULL, 0U, 0U}};
  CHECK(!host_save_properties(host, &kept.properties, &kept.n));
  CHECK(kept.n == N_KEYS_OF_STATE);
  return kept;
}

static void
keep_free(Kept* const kept)
{
  host_free_properties(kept->properties, kept->n);
}

/// Value of a key, as text; "" when there is none
static const char*
text_of(const Kept* const kept, const char* const name)
{
  for (size_t i = 0U; i < kept->n; ++i) {
    if (!strcmp(kept->properties[i].key + strlen(STATE), name)) {
      return (const char*)kept->properties[i].value;
    }
  }
  return "(none)";
}

/// A host with something in each key
static Host*
open_kept(Kept* const kept)
{
  Host* const host = tiny_bundle_open_varied(&bundle);
  hosted_reroll(host, 5);
  hosted_reroll(host, -7);
  hosted_reroll(host, 5);
  host_locate_bar(host, 9, 0.0);
  host_run(host, 64U);
  CHECK(host_set(host, "hold", 1.0f));
  host_run(host, 64U);
  *kept = keep(host);
  CHECK(!strcmp(text_of(kept, "held"), "8"));
  CHECK(!strcmp(text_of(kept, "rerolls"), "-8:1 4:2"));
  CHECK(!strcmp(text_of(kept, "version"), "1"));
  return host;
}

static void
test_every_key_is_text_at_every_save(void)
{
  Host* const host = tiny_bundle_open(&bundle, URI_DUO);
  Kept        kept = keep(host);
  for (size_t i = 0U; i < kept.n; ++i) {
    const HostProperty* const p = &kept.properties[i];
    CHECK(!strncmp(p->key, STATE, strlen(STATE)));
    CHECK(!strcmp(p->type, STRING));
    CHECK(p->size && p->size == strlen((const char*)p->value) + 1U);
  }
  CHECK(!strcmp(text_of(&kept, "held"), ""));
  CHECK(!strcmp(text_of(&kept, "rerolls"), ""));
  const ModelIds ids = composer_models(composer);
  CHECK(strtoull(text_of(&kept, "melody"), NULL, 16) == ids.part[PART_MELODY]);
  CHECK(strtoull(text_of(&kept, "drums"), NULL, 16) == ids.part[PART_DRUMS]);
  CHECK(strtoull(text_of(&kept, "gate_melody"), NULL, 16) ==
        ids.gate[PART_MELODY]);
  CHECK(strtoull(text_of(&kept, "gate_drums"), NULL, 16) ==
        ids.gate[PART_DRUMS]);
  keep_free(&kept);
  host_free(host);
}

/// Restore, and see that all is kept as it was
static void
check_kept(Host* const host, Kept* const kept, const char* const why)
{
  const unsigned before = check_n_failed;
  CHECK(!host_restore_with(host, retrieve_kept, kept));

  Kept at_once = keep(host); // Before and after the audio thread has seen it
  host_run(host, 64U);
  host_run(host, 64U);
  Kept after = keep(host);
  for (size_t i = 0U; i < kept->n; ++i) {
    const char* const wanted = (const char*)kept->properties[i].value;
    CHECK(!strcmp(wanted, (const char*)at_once.properties[i].value));
    CHECK(!strcmp(wanted, (const char*)after.properties[i].value));
  }
  if (check_n_failed != before) {
    fprintf(stderr, "  %s\n", why);
  }
  keep_free(&after);
  keep_free(&at_once);
}

static void
test_lies_leave_what_was_there(void)
{
  static char text_type[] = STRING;
  static char int_type[]  = "http://lv2plug.in/ns/ext/atom#Int";
  static const struct {
    const char* what;
    char*       type;
    const char* value;
    size_t      size;
    bool        is_sense_elsewhere; ///< Nothing held, no rerolls
  } lies[] = {
    {"another type", int_type, "\1\0\0\0", 4U, false},
    {"text of another type", int_type, "1", 2U, false},
    {"no size", text_type, "", 0U, true},
    {"one byte", text_type, "", 1U, true},
    {"no number", text_type, "banana", 7U, false},
    {"a number and more", text_type, "1:1x", 5U, false},
    {"far too great", text_type, "99999999999999999999:1", 23U, false},
    {"too many", text_type, "1:65536", 8U, false},
    {"half a pair", text_type, "4:", 3U, false},
    {"another half", text_type, ":4", 3U, false},
    {"hexadecimal, too short", text_type, "0123456789abcde", 16U, false},
    {"hexadecimal, too long", text_type, "0123456789abcdef0", 18U, false},
    {"hexadecimal, signed", text_type, "-123456789abcdef", 17U, false},
  };
  Kept        kept = {NULL, 0U, 0U, false, {NULL, NULL, NULL, 0U, 0U}};
  Host* const host = open_kept(&kept);
  for (size_t i = 0U; i < kept.n; ++i) {
    const char* const name = kept.properties[i].key + strlen(STATE);
    for (size_t l = 0U; l < sizeof(lies) / sizeof(lies[0]); ++l) {
      char quoted[64];
      char why[128];
      if (lies[l].is_sense_elsewhere &&
          (!strcmp(name, "held") || !strcmp(name, "rerolls"))) {
        continue;
      }
      kept.i_lie     = i;
      kept.lie       = kept.properties[i];
      kept.lie.type  = lies[l].type;
      kept.lie.value = (void*)(size_t)lies[l].value;
      kept.lie.size  = lies[l].size;
      host_clear_log(host);
      snprintf(why, sizeof(why), "%s, in %s", lies[l].what, name);
      check_kept(host, &kept, why);

      // A version of text is one that we do not know
      const bool is_version =
        !strcmp(name, "version") && !strcmp(lies[l].type, STRING);
      snprintf(quoted, sizeof(quoted), "\"%s\"", name);
      if (!host_has_logged(host, is_version ? "version" : quoted)) {
        fprintf(stderr, "  nothing in the log of: %s\n", why);
        CHECK(!"it is said in the log");
      }
      CHECK(hosted_n_lines(host) == 1U);
    }
  }
  keep_free(&kept);
  host_free(host);
}

/// A song that is saved where its models are not asks for them again elsewhere
static void
test_ids_outlive_a_machine_without_the_models(void)
{
  char        id[] = "0123456789abcdef";
  Host* const host = tiny_bundle_open(&bundle, URI_DUO);
  hosted_restore_ids(host, id);
  host_run(host, 64U);
  Kept kept = keep(host);
  CHECK(!strcmp(text_of(&kept, "melody"), id));
  CHECK(!strcmp(text_of(&kept, "gate_drums"), id));
  keep_free(&kept);
  host_free(host);
}

/// Some hosts restore the state first and set the ports later
static void
test_a_held_phrase_waits_for_its_port(void)
{
  Kept        kept = {NULL, 0U, 0U, false, {NULL, NULL, NULL, 0U, 0U}};
  Host* const host = open_kept(&kept);
  Host* const late = tiny_bundle_open_varied(&bundle);
  kept.i_lie       = SIZE_MAX;
  host_locate_bar(late, 40, 0.0);
  host_run(late, 64U);
  CHECK(!host_restore_with(late, retrieve_kept, &kept));
  host_run(late, 64U);
  host_run(late, 64U);
  CHECK(host_set(late, "hold", 1.0f));
  host_run(late, 64U);
  Kept after = keep(late);
  CHECK(!strcmp(text_of(&after, "held"), text_of(&kept, "held")));

  // But not for ever: pressed much later, it holds what is there then
  CHECK(host_set(late, "hold", 0.0f));
  host_run(late, 64U);
  CHECK(!host_restore_with(late, retrieve_kept, &kept));
  host_run_for(late, 4U * 48000U, 4096U);
  CHECK(host_set(late, "hold", 1.0f));
  host_run(late, 64U);
  Kept other = keep(late);
  CHECK(!strcmp(text_of(&other, "held"), "40"));
  keep_free(&other);
  keep_free(&after);
  keep_free(&kept);
  host_free(late);
  host_free(host);
}

static void
test_text_too_long_is_refused(void)
{
  Kept        kept = {NULL, 0U, 0U, false, {NULL, NULL, NULL, 0U, 0U}};
  Host* const host = open_kept(&kept);
  char* const text = (char*)calloc(1U, 2U * MAX_SIZE);
  for (size_t n = MAX_SIZE - 1U; n <= MAX_SIZE + 1U; ++n) {
    memset(text, ' ', 2U * MAX_SIZE);
    for (size_t i = 0U; i < kept.n; ++i) {
      kept.i_lie     = i;
      kept.lie       = kept.properties[i];
      kept.lie.value = text;
      kept.lie.size  = n;
      check_kept(host, &kept, "too long");
    }
  }
  free(text);
  keep_free(&kept);
  host_free(host);
}

static void
test_strings_without_their_end_are_read(void)
{
  Kept        kept  = {NULL, 0U, 0U, false, {NULL, NULL, NULL, 0U, 0U}};
  Host* const host  = open_kept(&kept);
  Host* const other = tiny_bundle_open_varied(&bundle);
  for (size_t i = 0U; i < kept.n; ++i) {
    --kept.properties[i].size;
  }
  kept.i_lie = SIZE_MAX;
  host_locate_bar(other, 9, 0.0);
  host_run(other, 64U);
  CHECK(host_set(other, "hold", 1.0f));
  check_kept(other, &kept, "no end");
  CHECK(hosted_n_lines(other) == 0U);
  keep_free(&kept);
  host_free(other);
  host_free(host);
}

static void
test_an_absent_key_is_its_beginning(void)
{
  Kept        kept = {NULL, 0U, 0U, true, {NULL, NULL, NULL, 0U, 0U}};
  Host* const host = open_kept(&kept);
  kept.is_gone     = true;
  for (size_t i = 0U; i < kept.n; ++i) {
    kept.i_lie = i;
    CHECK(!host_restore_with(host, retrieve_kept, &kept));
    Kept              after = keep(host);
    const char* const name  = kept.properties[i].key + strlen(STATE);
    const bool is_nothing   = !strcmp(name, "held") || !strcmp(name, "rerolls");
    for (size_t k = 0U; k < kept.n; ++k) {
      CHECK(!strcmp(
        (const char*)after.properties[k].value,
        k == i && is_nothing ? "" : (const char*)kept.properties[k].value));
    }
    keep_free(&after);
    host_run(host, 64U);
  }
  CHECK(hosted_n_lines(host) == 0U);
  keep_free(&kept);
  host_free(host);
}

static const HostProperty*
retrieve_nothing(void* const data, const char* const key)
{
  (void)data;
  (void)key;
  return NULL;
}

static void
test_a_preset_without_keys_changes_nothing(void)
{
  Kept        kept = {NULL, 0U, 0U, false, {NULL, NULL, NULL, 0U, 0U}};
  Host* const host = open_kept(&kept);
  CHECK(!host_restore_with(host, retrieve_nothing, NULL));
  host_run(host, 64U);
  Kept after = keep(host);
  for (size_t i = 0U; i < kept.n; ++i) {
    CHECK(!strcmp((const char*)kept.properties[i].value,
                  (const char*)after.properties[i].value));
  }
  CHECK(hosted_n_lines(host) == 0U);
  keep_free(&after);
  keep_free(&kept);
  host_free(host);
}

typedef struct {
  uint64_t     key;
  uint32_t     i;
  HostProperty property;
  char         type[sizeof(STRING)];
  char         name[1];
  uint8_t      bytes[2U * MAX_SIZE];
} Noise;

static const HostProperty*
retrieve_noise(void* const data, const char* const key)
{
  static const char letters[] = "0123456789abcdef:- ";
  Noise* const      noise     = (Noise*)data;
  const uint32_t    n = rng_below(noise->key, noise->i++, 20U) ? 40U : 8000U;
  const bool        is_near = rng_below(noise->key, noise->i++, 2U);
  (void)key;
  noise->property.key   = noise->name;
  noise->property.type  = noise->type;
  noise->property.value = noise->bytes;
  noise->property.size  = rng_below(noise->key, noise->i++, n);
  for (size_t i = 0U; i < noise->property.size; ++i) {
    noise->bytes[i] =
      is_near
        ? (uint8_t)
            letters[rng_below(noise->key, noise->i++, sizeof(letters) - 1U)]
        : (uint8_t)rng_below(noise->key, noise->i++, 256U);
  }
  return rng_below(noise->key, noise->i++, 4U) ? &noise->property : NULL;
}

static void
test_noise_does_no_harm(void)
{
  Noise* const noise = (Noise*)calloc(1U, sizeof(Noise));
  noise->key         = rng_seed(9U);
  strcpy(noise->type, STRING);
  Host* const host = tiny_bundle_open(&bundle, URI_DUO);
  for (unsigned i = 0U; i < 300U; ++i) {
    (void)host_restore_with(host, retrieve_noise, noise);
    Kept after = keep(host);
    CHECK(!strcmp(text_of(&after, "version"), "1"));
    CHECK(strlen(text_of(&after, "melody")) == 16U);
    keep_free(&after);
    host_run(host, 64U);
  }
  CHECK(host_set(host, "hold", 0.0f));
  Notes heard = hosted_play(host, 0, 4);
  CHECK(heard.n > 0U);
  notes_free(&heard);
  host_free(host);
  free(noise);
}

static void
test_the_newest_rerolls_are_kept(void)
{
  Kept        kept = {NULL, 0U, 0U, false, {NULL, NULL, NULL, 0U, 0U}};
  Host* const host = open_kept(&kept);
  char        text[4000];
  size_t      n = 0U;
  for (int i = 0; i < 200; ++i) {
    n +=
      (size_t)snprintf(text + n, sizeof(text) - n, "%s%d:7", i ? " " : "", i);
  }
  for (size_t i = 0U; i < kept.n; ++i) {
    if (strstr(kept.properties[i].key, "rerolls")) {
      kept.i_lie = i;
      kept.lie   = kept.properties[i];
    }
  }
  kept.lie.value = text;
  kept.lie.size  = n + 1U;
  CHECK(!host_restore_with(host, retrieve_kept, &kept));
  host_run(host, 64U);
  Kept              after = keep(host);
  const char* const found = text_of(&after, "rerolls");
  CHECK(!strncmp(found, "72:7 73:7 ", 10U));
  CHECK(strstr(found, " 199:7") && !strstr(found, " 71:7"));
  keep_free(&after);
  keep_free(&kept);
  host_free(host);
}

// When it is given back -----------------------------------------------------

/// A song in which each key of the state is heard: two places rerolled, one of
/// them held
static void
set_ports(Host* const host)
{
  CHECK(host_set(host, "variation", 100.0f));
  CHECK(host_set(host, "seed", 77.0f));
  CHECK(host_set(host, "hold", 1.0f));
}

static Kept
make_song(void)
{
  Host* const host = tiny_bundle_open_varied(&bundle);
  CHECK(host_set(host, "seed", 77.0f));
  hosted_reroll(host, 5);
  hosted_reroll(host, 9);
  host_locate_bar(host, 9, 0.0);
  host_run(host, 64U);
  CHECK(host_set(host, "hold", 1.0f));
  host_run(host, 64U);
  const Kept kept = keep(host);
  CHECK(!strcmp(text_of(&kept, "held"), "8"));
  CHECK(!strcmp(text_of(&kept, "rerolls"), "4:1 8:1"));
  host_free(host);
  return kept;
}

/// The song: what is held, far away; then what is rerolled, in its place
static Notes
play_song(Host* const host)
{
  host_run(host, 64U);
  host_run(host, 64U);
  Notes held = hosted_play(host, 20, 24);
  CHECK(host_set(host, "hold", 0.0f));
  host_run(host, 64U);
  Notes       rest = hosted_play(host, 0, 12);
  const Notes all  = {
     (CaptureNote*)calloc(held.n + rest.n + 1U, sizeof(CaptureNote)),
     held.n + rest.n};
  if (rest.n && held.n) {
    memcpy(all.notes, rest.notes, rest.n * sizeof(CaptureNote));
    memcpy(all.notes + rest.n, held.notes, held.n * sizeof(CaptureNote));
  }
  notes_free(&rest);
  notes_free(&held);
  return all;
}

typedef enum {
  END, ///< Of an order
  PORTS,
  RESTORE,
  RESTORE_OTHER,   ///< Another state
  RESTORE_NOTHING, ///< Each key absent, as a default state or a plain preset
  ACTIVATE,
  DEACTIVATE,
  RUN,
  ROLL,
  SAVE
} Step;

static void
take_step(Host* const host,
          const Step  step,
          Kept* const song,
          Kept* const other)
{
  if (step == PORTS) {
    set_ports(host);
  } else if (step == RESTORE) {
    CHECK(!host_restore_with(host, retrieve_kept, song));
  } else if (step == RESTORE_OTHER) {
    CHECK(!host_restore_with(host, retrieve_kept, other));
  } else if (step == RESTORE_NOTHING) {
    CHECK(!host_restore_with(host, retrieve_nothing, NULL));
  } else if (step == ACTIVATE) {
    host_activate(host);
  } else if (step == DEACTIVATE) {
    host_deactivate(host);
  } else if (step == RUN) {
    host_run(host, 64U);
  } else if (step == ROLL) {
    host_play(host);
    host_run_to_bar(host, 2, 1024U);
  } else {
    Kept kept = keep(host);
    keep_free(&kept);
  }
}

static void
test_a_song_comes_back_in_every_order(void)
{
  static const struct {
    const char* who;
    Step        steps[10];
  } rows[] = {
    {"Carla opens a project", {PORTS, RESTORE, ACTIVATE, RUN}},
    {"Ardour opens a session", {ACTIVATE, PORTS, RESTORE, RUN}},
    {"jalv opens a state", {RESTORE_NOTHING, PORTS, RESTORE, ACTIVATE, RUN}},
    {"a default state before", {PORTS, RESTORE_NOTHING, RESTORE, ACTIVATE}},
    {"ports after the state", {ACTIVATE, RUN, RESTORE, RUN, PORTS, RUN}},
    {"before any port", {RESTORE, PORTS, ACTIVATE, RUN}},
    {"twice", {ACTIVATE, PORTS, RESTORE, RESTORE}},
    {"twice, seen in between", {ACTIVATE, PORTS, RESTORE, RUN, RESTORE, RUN}},
    {"over another", {PORTS, RESTORE_OTHER, RESTORE, ACTIVATE}},
    {"over another that played",
     {ACTIVATE, PORTS, RESTORE_OTHER, ROLL, RESTORE, PORTS, RUN}},
    {"while it plays", {ACTIVATE, ROLL, PORTS, RESTORE, RUN}},
    {"saved before it was seen", {PORTS, RESTORE, SAVE, SAVE, ACTIVATE, RUN}},
    {"set aside in between",
     {ACTIVATE,
      PORTS,
      RESTORE,
      DEACTIVATE,
      ACTIVATE,
      RUN,
      DEACTIVATE,
      ACTIVATE}},
    {"a plain preset after it", {ACTIVATE, PORTS, RESTORE, RESTORE_NOTHING}},
  };
  Kept        song = make_song();
  Host* const host = tiny_bundle_open_varied(&bundle);
  hosted_reroll(host, 0);
  hosted_reroll(host, 21);
  Kept other = keep(host);
  host_free(host);

  Notes wanted = {NULL, 0U};
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    HostSetup setup   = host_setup(bundle.path, URI_DUO);
    Trouble   trouble = {""};
    Host*     opened  = NULL;
    setup.work        = HOST_WORK_INSIDE;
    CHECK(!host_new(&setup, &opened, &trouble));
    for (size_t k = 0U; opened && rows[i].steps[k] != END; ++k) {
      take_step(opened, rows[i].steps[k], &song, &other);
    }
    Notes heard = play_song(opened);
    CHECK(heard.n > 0U && hosted_n_lines(opened) == 0U);
    if (i) {
      CHECK(notes_are_equal(rows[i].who, &wanted, &heard));
      notes_free(&heard);
    } else {
      wanted = heard;
    }
    host_free(opened);
  }

  // And it is another song without the state
  Host* const plain = tiny_bundle_open_varied(&bundle);
  set_ports(plain);
  Notes heard = play_song(plain);
  CHECK(heard.n != wanted.n ||
        memcmp(heard.notes, wanted.notes, heard.n * sizeof(CaptureNote)) != 0);
  notes_free(&heard);
  notes_free(&wanted);
  keep_free(&other);
  keep_free(&song);
  host_free(plain);
}

// What other hosts make of it -----------------------------------------------

/// Text that Carla wrote, read back in its manner
static void
unescape(const char* const from, const size_t n, char* const to)
{
  static const struct {
    const char* escaped;
    char        plain;
  } rows[]    = {{"&lt;", '<'},
                 {"&gt;", '>'},
                 {"&apos;", '\''},
                 {"&quot;", '"'},
                 {"&amp;", '&'}};
  size_t n_to = 0U;
  for (size_t i = 0U; i < n; ++i) {
    to[n_to] = from[i];
    for (size_t r = 0U; r < sizeof(rows) / sizeof(rows[0]); ++r) {
      if (!strncmp(from + i, rows[r].escaped, strlen(rows[r].escaped))) {
        to[n_to] = rows[r].plain;
        i += strlen(rows[r].escaped) - 1U;
        break;
      }
    }
    ++n_to;
  }
  to[n_to] = '\0';
}

/// The text of the next element of a name; where it ends, or null
static const char*
element(const char* const xml, const char* const name, char* const text)
{
  char begin[16];
  char end[16];
  snprintf(begin, sizeof(begin), "<%s>", name);
  snprintf(end, sizeof(end), "</%s>", name);
  const char* const from = xml ? strstr(xml, begin) : NULL;
  const char* const to   = from ? strstr(from, end) : NULL;
  if (to) {
    unescape(from + strlen(begin), (size_t)(to - from) - strlen(begin), text);
  }
  return to;
}

/// A project of Carla's: every string without its end, and one of them dies
/// when the next is asked for
static Kept
carla_read(const char* xml)
{
  Kept kept       = {NULL, 0U, SIZE_MAX, false, {NULL, NULL, NULL, 0U, 0U}};
  kept.properties = (HostProperty*)calloc(32U, sizeof(HostProperty));
  while (xml && kept.n < 32U) {
    char type[MAX_SIZE];
    char key[MAX_SIZE];
    char value[MAX_SIZE];
    xml = element(xml, "Type", type);
    xml = element(xml, "Key", key);
    xml = element(xml, "Value", value);
    if (xml) {
      const HostProperty property = {
        strdup(key), strdup(type), strdup(value), strlen(value), 0U};
      kept.properties[kept.n++] = property;
    }
  }
  return kept;
}

static void
carla_write(const Kept* const kept, char* const xml)
{
  size_t n = 0U;
  for (size_t i = 0U; i < kept->n; ++i) {
    n += (size_t)snprintf(xml + n,
                          MAX_TEXT - n,
                          "<CustomData>\n <Type>%s</Type>\n <Key>%s</Key>\n "
                          "<Value>%s</Value>\n</CustomData>\n",
                          kept->properties[i].type,
                          kept->properties[i].key,
                          (const char*)kept->properties[i].value);
  }
  CHECK(n < MAX_TEXT);
}

static void
check_same_state(const Kept* const wanted, const Kept* const found)
{
  for (size_t i = 0U; i < wanted->n; ++i) {
    const char* const name  = wanted->properties[i].key + strlen(STATE);
    const char* const value = (const char*)wanted->properties[i].value;
    if (strcmp(text_of(found, name), value) != 0) {
      fprintf(stderr, "%s: %s, %s\n", name, value, text_of(found, name));
    }
    CHECK(!strcmp(text_of(found, name), value));
  }
}

/// Carla turns a literal &amp; into &, drops blanks and lets no other mark out
/// of its files unharmed: there must be none of them in what we store
static void
test_nothing_in_it_needs_escaping(void)
{
  Kept song = make_song();
  for (size_t i = 0U; i < song.n; ++i) {
    const char* const value = (const char*)song.properties[i].value;
    const size_t      n     = strlen(value);
    CHECK(strspn(value, "0123456789abcdef:- ") == n);
    CHECK(!n || (value[0] != ' ' && value[n - 1U] != ' '));
  }
  keep_free(&song);
}

/// From host to host: what one wrote, the next one reads, and writes again
static void
test_a_project_goes_from_host_to_host(void)
{
  Trouble     trouble = {""};
  Kept        song    = make_song();
  char*       turtle  = NULL;
  char        xml[MAX_TEXT];
  Host* const first = tiny_bundle_open_varied(&bundle);
  set_ports(first);
  CHECK(!host_restore_with(first, retrieve_kept, &song));
  host_run(first, 64U);
  CHECK(!host_save(first, NULL, &turtle, &trouble)); // As Ardour and jalv
  Notes wanted = play_song(first);
  host_free(first);

  Host* const second = tiny_bundle_open(&bundle, URI_DUO);
  CHECK(!host_restore(second, turtle, &trouble));
  Kept kept = keep(second); // Before the audio thread has seen it
  check_same_state(&song, &kept);
  Notes heard = play_song(second);
  CHECK(notes_are_equal("from Turtle", &wanted, &heard));
  carla_write(&kept, xml);
  notes_free(&heard);
  keep_free(&kept);
  host_free(second);

  Host* const third = tiny_bundle_open_varied(&bundle);
  Kept        read  = carla_read(xml);
  CHECK(read.n == N_KEYS_OF_STATE);
  set_ports(third);
  CHECK(!host_restore_with(third, retrieve_kept, &read));
  host_run(third, 64U);
  free(turtle);
  CHECK(!host_save(third, NULL, &turtle, &trouble));
  heard = play_song(third);
  CHECK(notes_are_equal("from Carla", &wanted, &heard));
  CHECK(hosted_n_lines(third) == 0U);
  notes_free(&heard);
  keep_free(&read);
  host_free(third);

  Host* const fourth = tiny_bundle_open(&bundle, URI_DUO);
  CHECK(!host_restore(fourth, turtle, &trouble));
  heard = play_song(fourth);
  CHECK(notes_are_equal("from Turtle again", &wanted, &heard));
  notes_free(&heard);
  notes_free(&wanted);
  host_free(fourth);
  free(turtle);
  keep_free(&song);
}

/// Carla's files keep what was stored once for ever, also what is another's
static void
test_a_project_of_carla(void)
{
  const Kept read = carla_read(
    "<CustomData>\n"
    " <Type>http://kxstudio.sf.net/ns/carla/property</Type>\n"
    " <Key>CarlaSkin</Key>\n <Value>default &amp; plain</Value>\n"
    "</CustomData>\n"
    "<CustomData>\n <Type>http://lv2plug.in/ns/ext/atom#String</Type>\n"
    " <Key>urn:perpetuo:state:rerolls</Key>\n <Value>4:1 8:1</Value>\n"
    "</CustomData>\n"
    "<CustomData>\n <Type>http://lv2plug.in/ns/ext/atom#Chunk</Type>\n"
    " <Key>urn:perpetuo:state:long_gone</Key>\n <Value>AAECAw==</Value>\n"
    "</CustomData>\n"
    "<CustomData>\n <Type>http://lv2plug.in/ns/ext/atom#String</Type>\n"
    " <Key>urn:perpetuo:state:held</Key>\n <Value></Value>\n"
    "</CustomData>\n"
    "<CustomData>\n <Type>http://lv2plug.in/ns/ext/atom#String</Type>\n"
    " <Key>urn:perpetuo:state:version</Key>\n <Value>1</Value>\n"
    "</CustomData>\n");
  Kept        mine = read;
  Host* const host = tiny_bundle_open_varied(&bundle);
  CHECK(read.n == 5U);
  CHECK(!host_restore_with(host, retrieve_kept, &mine));
  host_run(host, 64U);
  Kept after = keep(host);
  CHECK(!strcmp(text_of(&after, "rerolls"), "4:1 8:1"));
  CHECK(!strcmp(text_of(&after, "held"), ""));
  CHECK(hosted_n_lines(host) == 0U);
  keep_free(&after);
  keep_free(&mine);
  host_free(host);
}

// What older versions stored ------------------------------------------------

/// A state directory as Ardour and jalv write it; "%s" four times for ids
#define TURTLE(held, rerolls)                              \
  "@prefix lv2: <http://lv2plug.in/ns/lv2core#> .\n"       \
  "@prefix pset: <http://lv2plug.in/ns/ext/presets#> .\n"  \
  "@prefix state: <http://lv2plug.in/ns/ext/state#> .\n"   \
  "<urn:perpetuo:saved>\n"                                 \
  "\ta pset:Preset ;\n"                                    \
  "\tlv2:appliesTo <urn:perpetuo:duo> ;\n"                 \
  "\tlv2:port [\n"                                         \
  "\t\tlv2:symbol \"seed\" ;\n\t\tpset:value 77.0\n"       \
  "\t] , [\n"                                              \
  "\t\tlv2:symbol \"hold\" ;\n\t\tpset:value 1.0\n"        \
  "\t] , [\n"                                              \
  "\t\tlv2:symbol \"variation\" ;\n\t\tpset:value 100.0\n" \
  "\t] ;\n"                                                \
  "\tstate:state [\n"                                      \
  "\t\t<urn:perpetuo:state:drums> \"%s\" ;\n"              \
  "\t\t<urn:perpetuo:state:gate_drums> \"%s\" ;\n"         \
  "\t\t<urn:perpetuo:state:gate_melody> \"%s\" ;\n"        \
  "\t\t<urn:perpetuo:state:held> \"" held "\" ;\n"         \
  "\t\t<urn:perpetuo:state:melody> \"%s\" ;\n"             \
  "\t\t<urn:perpetuo:state:rerolls> \"" rerolls "\" ;\n"   \
  "\t\t<urn:perpetuo:state:version> \"1\"\n"               \
  "\t] .\n"

static void
test_states_of_older_versions_come_back(void)
{
  static const char none[]  = "0000000000000000";
  const ModelIds    ids     = composer_models(composer);
  Trouble           trouble = {""};
  char              text[MAX_TEXT];
  char              id[4][17];
  for (unsigned i = 0U; i < N_PARTS; ++i) {
    snprintf(id[i], 17U, "%016llx", (unsigned long long)ids.part[i]);
    snprintf(id[2U + i], 17U, "%016llx", (unsigned long long)ids.gate[i]);
  }

  // Since the first that had models: places are the first bars of phrases
  snprintf(text,
           sizeof(text),
           TURTLE("8", "4:1 8:1"),
           id[PART_DRUMS],
           id[2 + PART_DRUMS],
           id[2 + PART_MELODY],
           id[PART_MELODY]);
  Kept        song = make_song();
  Host* const host = tiny_bundle_open(&bundle, URI_DUO);
  CHECK(!host_restore(host, text, &trouble));
  Kept kept = keep(host);
  check_same_state(&song, &kept);
  Notes       heard = play_song(host);
  Host* const plain = tiny_bundle_open_varied(&bundle);
  set_ports(plain);
  CHECK(!host_restore_with(plain, retrieve_kept, &song));
  Notes wanted = play_song(plain);
  CHECK(notes_are_equal("an older state", &wanted, &heard));
  CHECK(hosted_n_lines(host) == 0U);
  notes_free(&wanted);
  notes_free(&heard);
  keep_free(&kept);
  host_free(plain);
  host_free(host);

  // Before there were models, places were numbers of phrases.  Nothing was
  // composed then, so there is no song to keep; it is read without complaint.
  snprintf(text, sizeof(text), TURTLE("2", "1:1 -2:4"), none, none, none, none);
  Host* const oldest = tiny_bundle_open(&bundle, URI_DUO);
  CHECK(!host_restore(oldest, text, &trouble));
  host_run(oldest, 64U);
  Kept first = keep(oldest);
  CHECK(!strcmp(text_of(&first, "held"), "2"));
  CHECK(!strcmp(text_of(&first, "rerolls"), "1:1 -2:4"));
  CHECK(!strcmp(text_of(&first, "melody"), id[PART_MELODY]));
  CHECK(hosted_n_lines(oldest) == 0U);
  heard = hosted_play(oldest, 0, 4);
  CHECK(heard.n > 0U);
  notes_free(&heard);
  keep_free(&first);
  keep_free(&song);
  host_free(oldest);
}

/// What a later version may store: its keys are no concern of ours, and what we
/// do not understand in ours is said
static void
test_a_state_of_a_later_version_is_said(void)
{
  Kept        song = make_song();
  Host* const host = tiny_bundle_open_varied(&bundle);
  for (size_t i = 0U; i < song.n; ++i) {
    if (strstr(song.properties[i].key, "version")) {
      song.i_lie = i;
      song.lie   = song.properties[i];
    }
  }
  char two[]     = "2";
  song.lie.value = two;
  song.lie.size  = 2U;
  CHECK(!host_restore_with(host, retrieve_kept, &song));
  host_run(host, 64U);
  CHECK(host_has_logged(host, "version 2"));
  CHECK(hosted_n_lines(host) == 1U);
  Kept after = keep(host);
  CHECK(!strcmp(text_of(&after, "rerolls"), "4:1 8:1"));
  CHECK(!strcmp(text_of(&after, "version"), "1"));
  keep_free(&after);
  keep_free(&song);
  host_free(host);
}

// Models that it names ------------------------------------------------------

/// Give ids to a state, and restore it
static void
restore_models(Host* const host, Kept* const kept, const char* const* const ids)
{
  static const char* const names[] = {
    "melody", "drums", "gate_melody", "gate_drums"};
  for (size_t i = 0U; i < kept->n; ++i) {
    const char* const name = kept->properties[i].key + strlen(STATE);
    for (size_t k = 0U; k < 4U; ++k) {
      if (!strcmp(name, names[k]) && ids[k]) {
        memcpy(kept->properties[i].value, ids[k], 17U);
      }
    }
  }
  CHECK(!host_restore_with(host, retrieve_kept, kept));
  host_run(host, 64U);
  host_run(host, 64U);
}

static void
test_missing_models_are_said_once_and_all(void)
{
  static const char* const one[4]  = {"1111111111111111", NULL, NULL, NULL};
  static const char* const both[4] = {
    "1111111111111111", NULL, NULL, "2222222222222222"};
  Kept        song = make_song();
  Host* const host = tiny_bundle_open_varied(&bundle);
  restore_models(host, &song, one);
  CHECK(host_has_logged(host, "1111111111111111"));
  CHECK(host_has_logged(host, "Put the older file"));
  CHECK(hosted_n_lines(host) == 1U);

  // Again, as hosts do that restore twice, or for a preset: it is known
  restore_models(host, &song, one);
  restore_models(host, &song, one);
  CHECK(hosted_n_lines(host) == 1U);

  // Others: one sentence, with each of them
  host_clear_log(host);
  restore_models(host, &song, both);
  CHECK(host_has_logged(host, "1111111111111111"));
  CHECK(host_has_logged(host, "2222222222222222"));
  CHECK(hosted_n_lines(host) == 1U);

  // What was missing outlives saves and other hosts
  Kept after = keep(host);
  CHECK(!strcmp(text_of(&after, "melody"), both[0]));
  CHECK(!strcmp(text_of(&after, "gate_drums"), both[3]));
  CHECK(!strcmp(text_of(&after, "drums"), text_of(&song, "drums")));
  Host* const other = tiny_bundle_open_varied(&bundle);
  CHECK(!host_restore_with(other, retrieve_kept, &after));
  Kept at_once = keep(other);
  check_same_state(&after, &at_once);
  host_run(other, 64U);
  host_run(other, 64U);
  Kept later = keep(other);
  check_same_state(&after, &later);
  keep_free(&later);
  keep_free(&at_once);
  keep_free(&after);
  keep_free(&song);
  host_free(other);
  host_free(host);
}

int
main(void)
{
  if (!hosted_has_bundle()) {
    SKIP_ALL("the bundle is not built");
  }
  bundle   = tiny_bundle(7U);
  composer = tiny_bundle_composer(&bundle);
  RUN(test_every_key_is_text_at_every_save);
  RUN(test_lies_leave_what_was_there);
  RUN(test_ids_outlive_a_machine_without_the_models);
  RUN(test_a_held_phrase_waits_for_its_port);
  RUN(test_text_too_long_is_refused);
  RUN(test_strings_without_their_end_are_read);
  RUN(test_an_absent_key_is_its_beginning);
  RUN(test_a_preset_without_keys_changes_nothing);
  RUN(test_noise_does_no_harm);
  RUN(test_the_newest_rerolls_are_kept);
  RUN(test_a_song_comes_back_in_every_order);
  RUN(test_nothing_in_it_needs_escaping);
  RUN(test_a_project_goes_from_host_to_host);
  RUN(test_a_project_of_carla);
  RUN(test_states_of_older_versions_come_back);
  RUN(test_a_state_of_a_later_version_is_said);
  RUN(test_missing_models_are_said_once_and_all);
  composer_free(composer);
  tiny_bundle_free(&bundle);
  CHECK_END();
}
