// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/ui_controls.h"

#include "music/scale.h"
#include "music/style.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char* const groups[N_GROUPS] = {
  [GROUP_TOP]     = "",
  [GROUP_STYLES]  = "Style mix",
  [GROUP_SONG]    = "Song",
  [GROUP_HARMONY] = "Harmony",
  [GROUP_MELODY]  = "Melody",
  [GROUP_DRUMS]   = "Drums",
  [GROUP_FEEL]    = "Feel",
  [GROUP_QUALITY] = "Quality",
  [GROUP_MIDI]    = "MIDI",
  [GROUP_TIME]    = "Time",
};

#define STYLE_TIP                                                            \
  "How much of this style there is. The mix is a blend: what counts is the " \
  "share of each"

static const Control controls[N_PORTS] = {
  [PORT_ENABLED] = {CONTROL_SWITCH,
                    GROUP_TOP,
                    "On",
                    "",
                    "Off, nothing is played, and what comes in passes"},
  [PORT_SEED]    = {CONTROL_NUMBER,
                    GROUP_TOP,
                    "Seed",
                    "",
                    "Which song: the same seed and settings are the same song, "
                       "today and tomorrow, here and elsewhere"},
  [PORT_REROLL]  = {CONTROL_BUTTON,
                    GROUP_TOP,
                    "Another phrase",
                    "",
                    "Do not like this phrase? Another one takes its place from "
                     "the next bar on, and stays there"},
  [PORT_HOLD]    = {CONTROL_SWITCH,
                    GROUP_TOP,
                    "Hold",
                    "",
                    "Keep playing this phrase until it is let go"},

  [PORT_PHRASE_BARS] = {CONTROL_CHOICE,
                        GROUP_SONG,
                        "Phrase",
                        "",
                        "Bars that are composed in one go"},
  [PORT_VARIATION]   = {CONTROL_KNOB,
                        GROUP_SONG,
                        "Variation",
                        "%",
                        "From looping the theme to never playing the same "
                          "twice. In the middle: as the styles do"},
  [PORT_FORM]        = {CONTROL_CHOICE,
                        GROUP_SONG,
                        "Form",
                        "",
                        "How energy moves: not at all; intro, build, drop and "
                               "break; or up and down in waves"},
  [PORT_ENERGY]      = {CONTROL_KNOB,
                        GROUP_SONG,
                        "Energy",
                        "%",
                        "How full and loud it is. The form moves it over the "
                             "song"},

  [PORT_KEY] =
    {CONTROL_CHOICE, GROUP_HARMONY, "Key", "", "The melody's home note"},
  [PORT_SCALE]    = {CONTROL_CHOICE,
                     GROUP_HARMONY,
                     "Scale",
                     "",
                     "Which notes the melody may play. As written: whatever it "
                        "was composed with"},
  [PORT_REGISTER] = {CONTROL_KNOB,
                     GROUP_HARMONY,
                     "Register",
                     "%",
                     "How low or high the melody lies"},

  [PORT_MELODY_DENSITY] = {CONTROL_KNOB,
                           GROUP_MELODY,
                           "Density",
                           "%",
                           "Few notes or many. In the middle: what is usual in "
                           "the styles"},
  [PORT_MELODY_WILDNESS] =
    {CONTROL_KNOB,
     GROUP_MELODY,
     "Wildness",
     "%",
     "Less is safer, more is stranger. In the middle: as "
     "it was learned"},
  [PORT_MELODY_LENGTH] = {CONTROL_KNOB,
                          GROUP_MELODY,
                          "Length",
                          "%",
                          "Shorter notes, down to staccato, or longer ones"},

  [PORT_DRUM_DENSITY]  = {CONTROL_KNOB,
                          GROUP_DRUMS,
                          "Density",
                          "%",
                          "Few strokes or many. In the middle: what is usual in "
                           "the styles"},
  [PORT_DRUM_WILDNESS] = {CONTROL_KNOB,
                          GROUP_DRUMS,
                          "Wildness",
                          "%",
                          "Less is safer, more is stranger. In the middle: as "
                          "it was learned"},
  [PORT_FILL]          = {CONTROL_KNOB,
                          GROUP_DRUMS,
                          "Fills",
                          "%",
                          "How much happens at the ends of four and eight bars"},

  [PORT_SWING]    = {CONTROL_KNOB,
                     GROUP_FEEL,
                     "Swing",
                     "%",
                     "From straight sixteenths to full triplets"},
  [PORT_HUMANISE] = {CONTROL_KNOB,
                     GROUP_FEEL,
                     "Humanise",
                     "%",
                     "How uneven the hands are, in time and loudness"},
  [PORT_VELOCITY] = {CONTROL_KNOB,
                     GROUP_FEEL,
                     "Velocity",
                     "%",
                     "How loud it is played. At 100 %: as written"},

  [PORT_GATE]       = {CONTROL_KNOB,
                       GROUP_QUALITY,
                       "Gate",
                       "%",
                       "The score that a phrase must reach to be played. The "
                             "line in the picture of the gate is the same"},
  [PORT_CANDIDATES] = {CONTROL_KNOB,
                       GROUP_QUALITY,
                       "Candidates",
                       "",
                       "How many phrases are composed at once to choose from"},

  [PORT_MELODY_CHANNEL] = {CONTROL_CHOICE,
                           GROUP_MIDI,
                           "Melody ch.",
                           "",
                           "The MIDI channel of the melody"},
  [PORT_DRUM_CHANNEL]   = {CONTROL_CHOICE,
                           GROUP_MIDI,
                           "Drums ch.",
                           "",
                           "The MIDI channel of the drums"},
  [PORT_DRUM_MAP]       = {CONTROL_CHOICE,
                           GROUP_MIDI,
                           "Kit",
                           "",
                           "Which notes the drums are: those of General MIDI, or "
                                 "rows of pads from C1 up"},
  [PORT_THRU]           = {CONTROL_SWITCH,
                           GROUP_MIDI,
                           "Through",
                           "",
                           "Let incoming MIDI pass. Off, only what is composed "
                                     "goes out"},

  [PORT_TRANSPORT] = {CONTROL_CHOICE,
                      GROUP_TIME,
                      "Transport",
                      "",
                      "Follow the host, or run freely from bar 1 at the tempo "
                      "beside this"},
  [PORT_TEMPO]     = {CONTROL_KNOB,
                      GROUP_TIME,
                      "Free tempo",
                      "bpm",
                      "When running freely, and in hosts that tell no tempo"},
};

/// All weights are alike but for their names, which the table of styles has
static const Control weight = {CONTROL_WEIGHT,
                               GROUP_STYLES,
                               "",
                               "%",
                               STYLE_TIP};

static bool
is_weight(const PortIndex index)
{
  return index >= PORT_MIX_FIRST && index <= PORT_MIX_LAST;
}

const Control*
control_at(const PortIndex index)
{
  return is_weight(index)            ? &weight
         : (unsigned)index < N_PORTS ? &controls[index]
                                     : &controls[PORT_CONTROL];
}

const char*
control_name(const PortIndex index)
{
  return is_weight(index) ? style_row((Style)(index - PORT_MIX_FIRST))->name
                          : control_at(index)->name;
}

const char*
control_group_name(const Group group)
{
  return groups[group];
}

// Values ----------------------------------------------------------------------

static const char* const keys[12] =
  {"C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"};

static const char* const forms[N_FORMS] = {"Steady", "Club", "Waves"};
static const char* const maps[]         = {"General MIDI", "Rows from C1"};
static const char* const leaders[]      = {"Host", "Free"};
static const char* const switches[]     = {"Off", "On"};

/// Ports whose values have names
static const struct {
  PortIndex          port;
  unsigned           n;
  const char* const* names;
} named[] = {
  {PORT_KEY, 12U, keys},
  {PORT_FORM, N_FORMS, forms},
  {PORT_DRUM_MAP, 2U, maps},
  {PORT_TRANSPORT, 2U, leaders},
  {PORT_ENABLED, 2U, switches},
  {PORT_HOLD, 2U, switches},
  {PORT_THRU, 2U, switches},
};

static const char*
value_name(const PortIndex index, const unsigned value)
{
  if (index == PORT_SCALE) {
    return scale_name((Scale)value);
  }
  for (unsigned i = 0U; i < sizeof(named) / sizeof(named[0]); ++i) {
    if (named[i].port == index && value < named[i].n) {
      return named[i].names[value];
    }
  }
  return NULL;
}

void
control_text(const PortIndex index,
             const float     value,
             char* const     text,
             const size_t    size)
{
  const double      taken = (double)control_round(index, (double)value);
  const char* const name  = value_name(index, (unsigned)taken);
  const char* const unit  = control_at(index)->unit;

  if (name) {
    (void)snprintf(text, size, "%s", name);
  } else if (index == PORT_PHRASE_BARS) {
    (void)snprintf(text, size, "%g bar%s", taken, taken == 1.0 ? "" : "s");
  } else {
    (void)snprintf(text, size, "%g%s%s", taken, *unit ? " " : "", unit);
  }
}

/// Read a number that is not below 0, with a point or a comma in it, whatever
/// language the host speaks.  @return What follows it, or null for none.
static const char*
read_number(const char* const text, double* const number)
{
  const char* c      = text;
  double      value  = 0.0;
  double      place  = 1.0;
  unsigned    digits = 0U;
  for (; *c >= '0' && *c <= '9'; ++c, ++digits) {
    value = 10.0 * value + (*c - '0');
  }
  if (*c == '.' || *c == ',') {
    for (++c; *c >= '0' && *c <= '9'; ++c, ++digits) {
      place *= 0.1;
      value += place * (*c - '0');
    }
  }
  *number = value;
  return digits ? c : NULL;
}

bool
control_parse(const PortIndex index, const char* const text, float* const value)
{
  const Port  port   = port_at(index);
  double      number = 0.0;
  const char* end    = read_number(text + strspn(text, " "), &number);
  if (!end) {
    return false;
  }
  end += strspn(end, " ");
  if ((*end && strcmp(end, control_at(index)->unit) != 0) ||
      !(number >= (double)port.minimum && number <= (double)port.maximum)) {
    return false;
  }
  *value = control_round(index, number);
  return true;
}

float
control_round(const PortIndex index, const double value)
{
  const Port   port = port_at(index);
  const double low  = (double)port.minimum;
  const double high = (double)port.maximum;
  const double held = value < low ? low : value > high ? high : value;

  if (index == PORT_PHRASE_BARS) { // 1, 2, 4 or 8
    return held < 1.5 ? 1.0f : held < 3.0 ? 2.0f : held < 6.0 ? 4.0f : 8.0f;
  }
  return index == PORT_TEMPO ? (float)(floor(held * 10.0 + 0.5) / 10.0)
                             : (float)floor(held + 0.5);
}

float
control_step(const PortIndex index,
             const float     value,
             const int       n_steps,
             const bool      is_fine)
{
  const Port   port = port_at(index);
  const double span = (double)(port.maximum - port.minimum);

  if (index == PORT_PHRASE_BARS) {
    return control_round(index, (double)value * pow(2.0, (double)n_steps));
  }
  const bool   is_wide = span > 20.0 && index != PORT_SEED;
  const double step    = index == PORT_TEMPO   ? (is_fine ? 0.1 : 1.0)
                         : is_wide && !is_fine ? 2.0
                                               : 1.0;
  return control_round(index, (double)value + step * (double)n_steps);
}
