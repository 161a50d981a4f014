# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""The description says what the code does.

ttl/plugin.ttl and plugin/ports.h are compared symbol by symbol, the music's
knobs and styles with the ports that turn them, presets with the ports that
they name, and the built manifest with the presets there are.  What a new style
or knob still lacks is said by name.

The code's side is asked of a small program made of its own sources; Turtle is
read by a reader that knows as much of it as our files use.
"""

import ctypes
import filecmp
import glob
import os
import re
import shutil
import subprocess
import tempfile

from check import BUILD, TOP, Skip, check, plain_build, run

BUNDLE = os.path.join(BUILD, 'perpetuo.lv2')
URIS = ['urn:perpetuo:duo', 'urn:perpetuo:melody', 'urn:perpetuo:drums']
WINDOW = 'urn:perpetuo:ui'
UI = 'http://lv2plug.in/ns/extensions/ui#'

WATCHED = ['score', 'tries', 'late', 'bar']
# As people see them
GROUPS = ['song', 'styles', 'harmony', 'melody', 'drums', 'feel', 'quality',
          'midi', 'time', 'watch']
FIRST = ['energy', 'variation', 'hold', 'reroll', 'seed', 'form',
         'melody_density', 'drum_density', 'key', 'scale']
SWITCHES = ['enabled', 'reroll', 'hold', 'thru', 'freewheel']

# A preset is all of the music and nothing else: which song, in which key, who
# plays it and in whose time is the person's
NOT_FOR_PRESETS = ['enabled', 'seed', 'reroll', 'hold', 'key', 'melody_channel',
                   'drum_channel', 'drum_map', 'thru', 'transport', 'tempo',
                   'freewheel']
MIN_PRESETS = 24

# Fields of a Mix that no port of their own name turns
OTHER_NAMES = {'range': 'register'}
NO_KNOB = ['unused']

# What some host refuses to run without, or takes for something else
NOT_REQUIRED = ['buf-size#fixedBlockLength', 'buf-size#powerOf2BlockLength',
                'lv2core#hardRTCapable', 'state#freePath', 'resize-port#resize',
                'lv2core#inPlaceBroken', 'worker#schedule']


# Turtle ------------------------------------------------------------------------

TOKEN = re.compile(r'''\s*(?:\#[^\n]*\s*)*(?:
    (?P<prefix>@prefix) | <(?P<uri>[^>\s]*)> | "(?P<text>(?:[^"\\]|\\.)*)"
  | (?P<number>[-+]?\d+(?:\.\d+)?) | (?P<name>[A-Za-z]\w*:[\w-]*)
  | (?P<a>a)\b | (?P<mark>[][;,.]) | (?P<end>$) | (?P<strange>.) )''', re.X)


class Turtle:
    """One file: subject -> predicate -> objects, all in full URIs.

    Objects are str for URIs and texts, float for numbers, dict for [...].
    """

    def __init__(self, path):
        with open(path, encoding='utf-8') as file:
            text = file.read()
        self.path, self.prefixes, self.subjects = path, {}, {}
        self.tokens, at = [], 0
        while True:
            found = TOKEN.match(text, at)
            self.tokens.append((found.lastgroup, found.group(found.lastgroup)))
            if found.lastgroup == 'end':
                break
            at = found.end()
        self.tokens.reverse()
        while self.kind() != 'end':
            self.statement()

    def kind(self):
        return self.tokens[-1][0]

    def take(self, mark=None):
        kind, word = self.tokens.pop()
        check(mark is None or word == mark,
              '%s: "%s" where "%s" should be' % (self.path, word, mark))
        return kind, word

    def is_next(self, mark):
        return self.tokens[-1] == ('mark', mark)

    def statement(self):
        if self.kind() == 'prefix':
            self.take()
            prefix, uri = self.take()[1], self.take()[1]
            self.prefixes[prefix] = uri
        else:
            subject = self.term()
            check(subject not in self.subjects,
                  '%s: <%s> twice' % (self.path, subject))
            self.subjects[subject] = self.properties('.')
        self.take('.')

    def properties(self, end):
        found = {}
        while not self.is_next(end):
            key = self.term()
            check(key not in found, '%s: %s twice' % (self.path, key))
            found[key] = [self.term()]
            while self.is_next(','):
                self.take()
                found[key].append(self.term())
            if not self.is_next(end):
                self.take(';')
        return found

    def term(self):
        kind, word = self.take()
        if kind == 'a':
            return RDF + 'type'
        if kind == 'name':
            prefix, name = word.split(':')
            return self.prefixes[prefix + ':'] + name
        if (kind, word) == ('mark', '['):
            found = self.properties(']')
            self.take(']')
            return found
        check(kind in ('uri', 'text', 'number'),
              '%s: "%s" is not known to this reader' % (self.path, word))
        return float(word) if kind == 'number' else word


RDF = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#'
RDFS = 'http://www.w3.org/2000/01/rdf-schema#'
LV2 = 'http://lv2plug.in/ns/lv2core#'
EXT = 'http://lv2plug.in/ns/ext/'
TYPE, LABEL = RDF + 'type', RDFS + 'label'
MIDNAM = 'http://ardour.org/lv2/midnam#interface'
PG, PSET = EXT + 'port-groups#', EXT + 'presets#'


def one(properties, key, where):
    """The only object of a property."""
    found = properties.get(key, [])
    check(len(found) == 1, '%s has %d values of %s' % (where, len(found), key))
    return found[0]


# The code's side --------------------------------------------------------------

PROGRAM = r'''
#include "music/drum_map.h"
#include "music/mix.h"
#include "music/scale.h"
#include "music/style.h"
#include "plugin/ports.h"
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static float       values[N_PORTS];
static const void* ports[N_PORTS];

static const struct { const char* name; size_t offset; size_t size; }
fields[] = { FIELDS };

static void changes(PortIndex i, float value)
{
  Mix before, after;
  ports_read_mix(ports, &before);
  values[i] = value;
  ports_read_mix(ports, &after);
  values[i] = port_at(i).standard;
  for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); ++f) {
    for (size_t b = 0; b < fields[f].size; ++b) {
      const size_t at = fields[f].offset + b;
      if (((char*)&before)[at] != ((char*)&after)[at]) {
        printf("turns %d %s %zu\n", (int)i, fields[f].name, b);
      }
    }
  }
}

int main(void)
{
  Mix defaults, mix;
  for (int i = 0; i < (int)N_PORTS; ++i) {
    const Port p = port_at((PortIndex)i);
    values[i] = p.standard;
    ports[i]  = &values[i];
    printf("port %d %s %.9g %.9g %.9g\n", i, p.symbol ? p.symbol : "(none)",
           p.minimum, p.maximum, p.standard);
  }
  mix_init(&defaults);
  ports_read_mix(ports, &mix);
  printf("defaults %d\n", mix_is_equal(&mix, &defaults));

  memset(ports, 0, sizeof(ports));
  ports_read_mix(ports, &mix);
  printf("unconnected %d\n", mix_is_equal(&mix, &defaults));
  for (int i = 0; i < (int)N_PORTS; ++i) { ports[i] = &values[i]; }

  for (int i = PORT_ENABLED; i < PORT_SCORE; ++i) {
    const Port p = port_at((PortIndex)i);
    changes((PortIndex)i, p.minimum);
    changes((PortIndex)i, p.maximum);
    const float strange[] = {NAN, -INFINITY, INFINITY, p.minimum - 1e9f,
                             p.maximum + 1e9f};
    const float wanted[] = {p.standard, p.minimum, p.maximum, p.minimum,
                            p.maximum};
    for (int n = 0; n < 5; ++n) {
      values[i] = strange[n];
      if (port_value(ports, (PortIndex)i) != wanted[n]) {
        printf("unbounded %d %g\n", i, strange[n]);
      }
    }
    values[i] = p.standard;
  }
  for (int bars = 1; bars <= 8; ++bars) {
    values[PORT_PHRASE_BARS] = (float)bars;
    ports_read_mix(ports, &mix);
    printf("bars %d %d\n", bars, mix.phrase_bars);
  }
  for (int i = 0; i < (int)N_STYLES; ++i) {
    printf("style %d %s %s\n", i, style_row((Style)i)->symbol,
           style_row((Style)i)->name);
  }
  for (int i = 0; i < (int)N_SCALES; ++i) {
    printf("scale %d %s\n", i, scale_name((Scale)i));
  }
  printf("count form %d\n", (int)N_FORMS);
  printf("count scale %d\n", (int)N_SCALES);
  printf("count drum_map %d\n", (int)N_DRUM_MAPS);
  printf("count transport %d\n", (int)FOLLOW_NOBODY + 1);
  printf("count key 12\n");
  return 0;
}
'''

SOURCES = ['plugin/ports.c'] + [
    'dsp/music/%s.c' % name for name in ('mix', 'style', 'scale', 'drum_map')]

said = {}


def mix_fields():
    with open(os.path.join(TOP, 'dsp/music/mix.h'), encoding='utf-8') as file:
        body = re.search(r'typedef struct \{(.+?)\} Mix;', file.read(), re.S)
    return re.findall(r'^\s*uint\d+_t\s+(\w+)', body.group(1), re.M)


def code():
    """What the code says, as lists of words by their first."""
    if said:
        return said
    compiler = next((c for c in ('cc', 'gcc', 'clang') if shutil.which(c)), '')
    if not compiler:
        raise Skip('there is no C compiler')
    fields = ', '.join('{"%s", offsetof(Mix, %s), sizeof(((Mix*)0)->%s)}' % (
        f, f, f) for f in mix_fields())
    with tempfile.TemporaryDirectory(prefix='perpetuo-ttl-') as room:
        source, program = os.path.join(room, 'say.c'), os.path.join(room, 'say')
        with open(source, 'w', encoding='utf-8') as file:
            file.write(PROGRAM.replace('FIELDS', fields))
        for command in ([compiler, '-std=c11', '-w', '-Idsp', '-I.', source]
                        + SOURCES + ['-o', program], [program]):
            done = subprocess.run(command, cwd=TOP, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, check=False,
                                  universal_newlines=True)
            check(done.returncode == 0, done.stdout)
    for line in done.stdout.splitlines():
        words = line.split()
        said.setdefault(words[0], []).append(words[1:])
    return said


def code_ports():
    return [(int(i), symbol, float(low), float(high), float(standard))
            for i, symbol, low, high, standard in code()['port']]


def turned():
    """By port, the fields of a Mix that it turns, with the byte in each."""
    symbols = [p[1] for p in code_ports()]
    found = {}
    for i, field, byte in code()['turns']:
        found.setdefault(symbols[int(i)], set()).add((field, int(byte)))
    return found


# The description's side -------------------------------------------------------

files = {}


def turtle(path):
    if path not in files:
        files[path] = Turtle(os.path.join(TOP, path))
    return files[path].subjects


def plugin_ttl():
    return turtle('ttl/plugin.ttl')


def ports():
    """The ports of the description by symbol, in its order of indices."""
    subjects = plugin_ttl()
    found = [(one(properties, LV2 + 'index', uri), uri, properties)
             for uri, properties in subjects.items()
             if LV2 + 'index' in properties]
    return {one(p, LV2 + 'symbol', uri): p
            for _, uri, p in sorted(found, key=lambda row: row[0])}


def has(port, name):
    return name in [p.rsplit('#')[-1] for p in port.get(
        LV2 + 'portProperty', [])]


def is_a(port, name):
    return LV2 + name in port[TYPE]


def points(port, symbol):
    return [(one(p, RDF + 'value', symbol), one(p, LABEL, symbol))
            for p in port.get(LV2 + 'scalePoint', [])]


def presets():
    paths = sorted(glob.glob(os.path.join(TOP, 'presets', '*.ttl')))
    check(paths, 'there are no presets')
    for path in paths:
        name = os.path.splitext(os.path.basename(path))[0]
        subjects = turtle(os.path.relpath(path, TOP))
        check(len(subjects) == 1, '%s is about %s' % (path, sorted(subjects)))
        yield (name,) + list(subjects.items())[0]


def settings(preset, where):
    """What a preset sets, as pairs."""
    return [(one(p, LV2 + 'symbol', where), one(p, PSET + 'value', where))
            for p in preset.get(LV2 + 'port', [])]


# Ports and code ---------------------------------------------------------------


def test_ports_are_those_of_the_code():
    written = list(ports())
    wanted = [p[1] for p in code_ports()]
    lacking = (
        ['ttl/plugin.ttl has no port "%s"' % s for s in wanted
         if s not in written and s != '(none)']
        + ['plugin/ports.h has no port "%s"' % s for s in written
           if s not in wanted])
    check(not lacking, '\n'.join(lacking))
    check('(none)' not in wanted, 'plugin/ports.c has no row for port number '
          '%s of plugin/ports.h' % [i for i, s in enumerate(wanted)
                                    if s == '(none)'])
    check(written == wanted, 'another order:\n%s' % '\n'.join(
        '%d: %s, in the code %s' % (i, a, b)
        for i, (a, b) in enumerate(zip(written, wanted)) if a != b))
    indices = [one(p, LV2 + 'index', s) for s, p in ports().items()]
    check(indices == list(range(len(wanted))), 'indices: %s' % indices)


def test_each_plugin_has_them_all_in_order():
    subjects = plugin_ttl()
    by_uri = {uri: p[LV2 + 'symbol'][0] for uri, p in subjects.items()
              if LV2 + 'index' in p}
    plugins = [u for u, p in subjects.items() if LV2 + 'Plugin' in p[TYPE]]
    check(plugins == URIS, plugins)
    for uri in plugins:
        listed = subjects[uri][LV2 + 'port']
        strange = [p for p in listed if p not in by_uri]
        check(not strange, '%s lists %s' % (uri, strange))
        symbols = [by_uri[p] for p in listed]
        lacking = [s for s in ports() if s not in symbols]
        check(not lacking, '%s lacks the ports %s' % (uri, lacking))
        check(symbols == list(ports()), '%s lists them in another order' % uri)


def test_ranges_and_defaults_are_those_of_the_code():
    bad = []
    for _, symbol, low, high, standard in code_ports():
        port = ports()[symbol]
        if not is_a(port, 'ControlPort'):
            continue
        for key, value in (('minimum', low), ('maximum', high),
                           ('default', standard)):
            written = one(port, LV2 + key, symbol)
            if written != value:
                bad.append('%s: %s is %g in ttl/plugin.ttl and %g in '
                           'plugin/ports.c' % (symbol, key, written, value))
        if not low <= standard <= high:
            bad.append('%s: its default is out of its range' % symbol)
    check(not bad, '\n'.join(bad))


def test_the_code_keeps_to_the_ranges():
    check('unbounded' not in code(), code().get('unbounded'))
    wanted = [[str(n), str(b)] for n, b in zip(
        range(1, 9), (1, 2, 2, 4, 4, 4, 4, 8))]
    check(code()['bars'] == wanted, code()['bars'])


def test_defaults_are_the_mix_of_defaults():
    check(code()['defaults'] == [['1']],
          'the defaults of plugin/ports.c are not those of mix_init()')
    check(code()['unconnected'] == [['1']],
          'ports that are not connected do not count as their defaults')


def test_each_knob_has_its_port():
    ways, bad = turned(), []
    for field in mix_fields():
        symbol = OTHER_NAMES.get(field, field)
        by = sorted(s for s, fields in ways.items()
                    if field in {f for f, _ in fields})
        if field == 'style' or field in NO_KNOB:
            continue
        if not by:
            bad.append('dsp/music/mix.h has `%s`, and no port turns it: it '
                       'lacks a row in plugin/ports.h and .c, and a port in '
                       'ttl/plugin.ttl' % field)
        elif by != [symbol]:
            bad.append('`%s` is turned by %s' % (field, by))
    for symbol, fields in ways.items():
        if len({f for f, _ in fields}) != 1:
            bad.append('%s turns %s' % (symbol, sorted(fields)))
    check(not bad, '\n'.join(bad))


def test_each_style_has_its_port():
    ways, bad = turned(), []
    written = list(ports())
    wanted = []
    for words in code()['style']:
        i, style, name = int(words[0]), words[1], ' '.join(words[2:])
        symbol = 'mix_' + style
        wanted.append(symbol)
        if symbol not in written:
            bad.append('the style "%s" has no port "%s" in ttl/plugin.ttl' % (
                style, symbol))
        elif one(ports()[symbol], LV2 + 'name', symbol) != 'Mix: ' + name:
            bad.append('%s: it is called "%s" in dsp/music/style.c, so its '
                       'port is "Mix: %s"' % (symbol, name, name))
        if ways.get(symbol) != {('style', i)}:
            bad.append('the style "%s" has no row of its own in plugin/ports.c:'
                       ' %s turns %s' % (style, symbol, ways.get(symbol)))
    check(not bad, '\n'.join(bad))
    mixes = [s for s in written if s.startswith('mix_')]
    check(mixes == wanted, 'another order than in dsp/music/style.c: %s' % mixes)


# What hosts make of them ------------------------------------------------------


def test_ports_are_of_the_right_kind():
    bad = []
    for symbol, port in ports().items():
        is_out = symbol in WATCHED + ['midi_out']
        is_event = symbol in ('control', 'midi_out')
        kinds = {LV2 + ('OutputPort' if is_out else 'InputPort'),
                 EXT + 'atom#AtomPort' if is_event else LV2 + 'ControlPort'}
        if set(port[TYPE]) != kinds:
            bad.append('%s is %s' % (symbol, port[TYPE]))
        if not re.match(r'^[a-z_][a-z0-9_]*$', symbol):
            bad.append('%s is no symbol' % symbol)
        if is_event:
            continue
        whole = has(port, 'integer') or has(port, 'toggled')
        if symbol in turned() and not whole:
            bad.append('%s counts in whole numbers, and is not lv2:integer'
                       % symbol)
        if has(port, 'toggled') != (symbol in SWITCHES):
            bad.append('%s: lv2:toggled' % symbol)
        numbers = [one(port, LV2 + k, symbol) for k in (
            'minimum', 'maximum', 'default')]
        if whole and any(n != int(n) for n in numbers):
            bad.append('%s has a part of a number' % symbol)
        if has(port, 'toggled') and numbers[:2] != [0, 1]:
            bad.append('%s is a switch from %s' % (symbol, numbers))
    names = [one(p, LV2 + 'name', s) for s, p in ports().items()]
    bad += ['two ports are called "%s"' % n for n in sorted(
        {n for n in names if names.count(n) > 1})]
    check(not bad, '\n'.join(bad))


def test_enumerations_are_whole():
    counts = {symbol: int(n) for symbol, n in code()['count']}
    bad = []
    for symbol, port in ports().items():
        if not has(port, 'enumeration'):
            if port.get(LV2 + 'scalePoint'):
                bad.append('%s has scale points and is no enumeration' % symbol)
            if symbol in counts:
                bad.append('%s should be an enumeration' % symbol)
            continue
        values = [v for v, _ in points(port, symbol)]
        labels = [w for _, w in points(port, symbol)]
        wanted = [1, 2, 4, 8] if symbol == 'phrase_bars' else list(
            range(counts.get(symbol, 0)))
        if values != wanted:
            bad.append('%s has the scale points %s, not %s' % (
                symbol, values, wanted))
        if len(set(labels)) != len(labels) or not all(labels):
            bad.append('%s has labels that are alike: %s' % (symbol, labels))
        low, high = (one(port, LV2 + k, symbol) for k in (
            'minimum', 'maximum'))
        if wanted and (low, high) != (wanted[0], wanted[-1]):
            bad.append('%s goes from %g to %g, its points from %g to %g' % (
                symbol, low, high, wanted[0], wanted[-1]))
        if not has(port, 'integer'):
            bad.append('%s is not lv2:integer' % symbol)
    check(not bad, '\n'.join(bad))
    named = [' '.join(words[1:]) for words in code()['scale']]
    labels = [w for _, w in points(ports()['scale'], 'scale')]
    check(labels == named, 'in dsp/music/scale.c scales are called %s' % named)


def test_groups_have_name_and_symbol():
    subjects, used = plugin_ttl(), set()
    for symbol, port in ports().items():
        if not is_a(port, 'ControlPort'):
            continue
        group = one(port, PG + 'group', symbol)
        used.add(group)
        check(group in subjects, '%s: there is no <%s>' % (symbol, group))
        kind = 'OutputGroup' if is_a(port, 'OutputPort') else 'InputGroup'
        check(subjects[group][TYPE] == [PG + kind],
              '%s: <%s> is no %s' % (symbol, group, kind))
    groups = {u for u, p in subjects.items()
              if {PG + 'InputGroup', PG + 'OutputGroup'} & set(p[TYPE])}
    check(groups == used, 'not used: %s' % sorted(groups - used))
    for key in ('symbol', 'name'):
        words = [one(subjects[g], LV2 + key, g) for g in groups]
        check(len(set(words)) == len(words), 'two groups have one %s' % key)


def test_groups_are_in_order():
    """One host orders them by URI; what is touched most comes first."""
    subjects, order = plugin_ttl(), []
    groups = sorted({one(p, PG + 'group', s) for s, p in ports().items()
                     if is_a(p, 'ControlPort')})
    for i, uri in enumerate(groups):
        symbol = one(subjects[uri], LV2 + 'symbol', uri)
        check(uri == 'urn:perpetuo:group:%d-%s' % (i, symbol), uri)
        order.append(symbol)
    check(order == GROUPS, 'groups: %s' % order)


def test_ports_speak_for_themselves():
    """Some hosts show no groups: names and comments have to do without."""
    controls = {s: p for s, p in ports().items() if is_a(p, 'ControlPort')}
    names, bad = {}, []
    for symbol, port in controls.items():
        name = one(port, LV2 + 'name', symbol)
        comment = port.get(RDFS + 'comment', [''])[0]
        if name in names:
            bad.append('%s and %s are both "%s"' % (symbol, names[name], name))
        names[name] = symbol
        if len(name) > 20 or not name[0].isupper():
            bad.append('%s: "%s"' % (symbol, name))
        if not comment.endswith('.'):
            bad.append('%s has no comment, or one without an end' % symbol)
    check(not bad, '\n'.join(bad))
    ranked = [(one(p, EXT + 'port-props#displayPriority', s), s)
              for s, p in controls.items()
              if EXT + 'port-props#displayPriority' in p]
    check([s for _, s in sorted(ranked, reverse=True)] == FIRST, ranked)


def test_ports_with_a_meaning_to_hosts():
    wanted = {'enabled': 'enabled', 'freewheel': 'freeWheeling',
              'control': 'control', 'midi_out': 'control'}
    for symbol, port in ports().items():
        found = [d.rsplit('#')[-1] for d in port.get(LV2 + 'designation', [])]
        check(found == ([wanted[symbol]] if symbol in wanted else []),
              '%s is designated %s' % (symbol, found))
    for symbol, events in (
            ('control', {'midi#MidiEvent', 'time#Position'}),
            ('midi_out', {'midi#MidiEvent'})):
        port = ports()[symbol]
        supports = {e[len(EXT):] for e in port[EXT + 'atom#supports']}
        check(supports == events, '%s supports %s' % (symbol, supports))
        check(port[EXT + 'atom#bufferType'] == [EXT + 'atom#Sequence'], symbol)
    # One host loses what is played where there is another output for events
    check([s for s, p in ports().items() if EXT + 'atom#AtomPort' in p[TYPE]
           and LV2 + 'OutputPort' in p[TYPE]] == ['midi_out'], 'two outputs')
    check(has(ports()['reroll'], 'trigger'), 'reroll is no trigger')
    # One host does not save what is not on its screen
    hidden = [s for s, p in ports().items() if has(p, 'notOnGUI')]
    check(hidden == ['freewheel'], 'not on the screen: %s' % hidden)


# The plugins ------------------------------------------------------------------


def test_plugins_ask_for_what_every_host_has():
    names = set()
    for uri in URIS:
        plugin = plugin_ttl()[uri]
        check(set(plugin[TYPE]) == {LV2 + 'Plugin', LV2 + 'MIDIPlugin'}, uri)
        required = plugin.get(LV2 + 'requiredFeature', [])
        check(required == [EXT + 'urid#map'], '%s requires %s' % (uri, required))
        optional = plugin.get(LV2 + 'optionalFeature', [])
        check({EXT + 'worker#schedule', EXT + 'log#log',
               EXT + 'state#threadSafeRestore'} <= set(optional),
              '%s can use %s' % (uri, optional))
        bad = [f for f in required for n in NOT_REQUIRED if f.endswith(n)]
        check(not bad, bad)
        for key in ('minorVersion', 'microVersion'):
            check(one(plugin, LV2 + key, uri) == int(
                one(plugin, LV2 + key, uri)), key)
        names.add(one(plugin, 'http://usefulinc.com/ns/doap#name', uri))
        check(plugin.get('http://usefulinc.com/ns/doap#license'), uri)
    check(len(names) == len(URIS), names)


class Descriptor(ctypes.Structure):
    _fields_ = [('uri', ctypes.c_char_p)] + [
        (name, ctypes.c_void_p) for name in (
            'instantiate connect_port activate run deactivate cleanup').split()
    ] + [('extension_data', ctypes.CFUNCTYPE(ctypes.c_void_p,
                                             ctypes.c_char_p))]


class WindowDescriptor(ctypes.Structure):
    _fields_ = [('uri', ctypes.c_char_p)] + [
        (name, ctypes.c_void_p) for name in (
            'instantiate cleanup port_event').split()
    ] + [('extension_data', ctypes.CFUNCTYPE(ctypes.c_void_p,
                                             ctypes.c_char_p))]


def descriptors():
    path = os.path.join(BUNDLE, 'perpetuo.so')
    plain_build(path)
    try:
        library = ctypes.CDLL(path)
    except OSError as trouble:
        raise Skip('the plugin cannot be loaded here: %s' % trouble)
    library.lv2_descriptor.restype = ctypes.POINTER(Descriptor)
    library.lv2_descriptor.argtypes = [ctypes.c_uint32]
    found = []
    while library.lv2_descriptor(len(found)):
        found.append(library.lv2_descriptor(len(found)).contents)
    return found


def test_the_binary_is_as_described():
    found = descriptors()
    check([d.uri.decode() for d in found] == URIS, [d.uri for d in found])
    known = [EXT + 'worker#interface', EXT + 'state#interface', MIDNAM,
             EXT + 'options#interface', LV2 + 'inlineDisplay',
             'http://lv2plug.in/ns/extensions/ui#idleInterface']
    for descriptor in found:
        listed = plugin_ttl()[descriptor.uri.decode()][LV2 + 'extensionData']
        check(set(known[:2]) <= set(listed), 'hosts make no worker and keep no '
              'state for %s: %s' % (descriptor.uri, listed))
        for uri in set(known + listed):
            answers = bool(descriptor.extension_data(uri.encode()))
            check(answers == (uri in listed), '<%s> is %slisted in '
                  'lv2:extensionData, and the plugin %s' % (
                      uri, '' if uri in listed else 'not ',
                      'has it' if answers else 'has none'))


# Presets ----------------------------------------------------------------------


def test_presets_say_who_they_are():
    labels, uris = {}, {}
    for name, uri, preset in presets():
        check(preset[TYPE] == [PSET + 'Preset'], name)
        check(uri == 'urn:perpetuo:preset:' + name,
              'presets/%s.ttl calls itself %s' % (name, uri))
        label = one(preset, LABEL, name)
        check(label.strip() and label not in labels,
              '%s and %s are both called "%s"' % (
                  name, labels.get(label), label))
        check(uri not in uris, '%s and %s' % (name, uris.get(uri)))
        labels[label] = uris[uri] = name
        applies = preset.get(LV2 + 'appliesTo', [])
        check(applies and applies == [u for u in URIS if u in applies],
              '%s is for %s' % (name, applies))
        check(one(preset, RDFS + 'comment', name).endswith('.'), name)
    check(len(labels) >= MIN_PRESETS, 'only %d presets' % len(labels))


def test_presets_are_in_banks():
    """Hosts look for a bank's label without loading anything for it."""
    path = os.path.join(BUNDLE, 'manifest.ttl')
    check(os.path.isfile(path), '%s was not built' % path)
    listed = Turtle(path).subjects
    banks = {uri: one(about, LABEL, uri) for uri, about in listed.items()
             if about[TYPE] == [PSET + 'Bank']}
    check(len(set(banks.values())) == len(banks), banks)
    used = {}
    for name, uri, preset in presets():
        bank = one(preset, PSET + 'bank', name)
        check(bank in banks, '%s: ttl/manifest.ttl.in has no bank <%s>' % (
            name, bank))
        check(listed[uri].get(PSET + 'bank') == [bank], name)
        used.setdefault(bank, []).append(name)
    for bank, label in banks.items():
        name = re.sub('[^a-z0-9]+', '-', label.lower())
        check(bank == 'urn:perpetuo:bank:' + name, bank)
        check(len(used.get(bank, [])) >= 3, '%s: %s' % (bank, used.get(bank)))


def test_presets_name_real_ports():
    bad = []
    for name, _, preset in presets():
        rows = settings(preset, name)
        symbols = [s for s, _ in rows]
        bad += ['%s sets %s twice' % (name, s) for s in sorted(
            {s for s in symbols if symbols.count(s) > 1})]
        for symbol, value in rows:
            port = ports().get(symbol)
            if not port or not is_a(port, 'ControlPort') or is_a(
                    port, 'OutputPort'):
                bad.append('%s sets "%s", which is no control' % (name, symbol))
                continue
            low, high = (one(port, LV2 + k, symbol) for k in (
                'minimum', 'maximum'))
            allowed = [v for v, _ in points(port, symbol)] or [value]
            if not low <= value <= high or value not in allowed or (
                    has(port, 'integer') and value != int(value)):
                bad.append('%s sets %s to %g' % (name, symbol, value))
            if symbol in NOT_FOR_PRESETS:
                bad.append("%s sets %s, which is the person's" % (
                    name, symbol))
    check(not bad, '\n'.join(bad))


def test_presets_are_whole():
    """Or what another preset left would sound in it."""
    musical = [s for s, p in ports().items()
               if is_a(p, 'ControlPort') and is_a(p, 'InputPort')
               and s not in NOT_FOR_PRESETS]
    seen, bad = {}, []
    for name, _, preset in presets():
        values = dict(settings(preset, name))
        lacking = [s for s in musical if s not in values]
        if lacking:
            bad.append('%s leaves %s as they are' % (name, lacking))
        elif not any(v for s, v in values.items() if s.startswith('mix_')):
            bad.append('%s has no style' % name)
        key = tuple(sorted(values.items()))
        if key in seen:
            bad.append('%s and %s are the same' % (name, seen[key]))
        seen[key] = name
    check(not bad, '\n'.join(bad))


# What was built ---------------------------------------------------------------


def test_the_manifest_lists_all_there_is():
    path = os.path.join(BUNDLE, 'manifest.ttl')
    check(os.path.isfile(path), '%s was not built' % path)
    listed = {uri: about for uri, about in Turtle(path).subjects.items()
              if about[TYPE] != [PSET + 'Bank'] and uri != WINDOW}
    wanted = {uri: 'presets/%s.ttl' % name for name, uri, _ in presets()}
    lacking = [u for u in URIS + sorted(wanted) if u not in listed]
    extra = [u for u in listed if u not in URIS and u not in wanted]
    check(not lacking, 'the manifest does not list %s' % lacking)
    check(not extra, 'the manifest lists %s' % extra)
    for uri, about in listed.items():
        file = about[RDFS + 'seeAlso'][0]
        check(file == wanted.get(uri, 'plugin.ttl'), '%s: %s' % (uri, file))
        if uri in URIS:
            check(LV2 + 'Plugin' in about[TYPE], uri)
            binary = one(about, LV2 + 'binary', uri)
            check(os.path.isfile(os.path.join(BUNDLE, binary)), binary)
            source = 'ttl/plugin.ttl'
        else:
            check(about[TYPE] == [PSET + 'Preset'], uri)
            preset = next(p for _, u, p in presets() if u == uri)
            check(about[LV2 + 'appliesTo'] == preset[LV2 + 'appliesTo'], uri)
            check(about[LABEL] == preset[LABEL], uri)
            source = file
        check(filecmp.cmp(os.path.join(BUNDLE, file), os.path.join(TOP, source),
                          False), '%s is not as built' % source)


def window_binary():
    path = os.path.join(BUNDLE, 'perpetuo_ui.so')
    if not os.path.isfile(path):
        raise Skip('there is no Xlib or cairo here, and so no window '
                   '(Debian: libx11-dev libcairo2-dev)')
    return path


def test_the_window_is_listed_where_it_is_built():
    listed = Turtle(os.path.join(BUNDLE, 'manifest.ttl')).subjects
    is_there = os.path.isfile(os.path.join(BUNDLE, 'perpetuo_ui.so'))
    check((WINDOW in listed) == is_there, 'one without the other')
    check(os.path.isfile(os.path.join(BUNDLE, 'ui.ttl')) == is_there, 'ui.ttl')
    for uri in URIS:
        check(listed[uri].get(UI + 'ui') == ([WINDOW] if is_there else None),
              '%s has the window %s' % (uri, listed[uri].get(UI + 'ui')))
        check(('ui.ttl' in listed[uri][RDFS + 'seeAlso']) == is_there, uri)
    if is_there:
        about = listed[WINDOW]
        check(about[TYPE] == [UI + 'X11UI'], about[TYPE])
        check(about[UI + 'binary'] == ['perpetuo_ui.so'], about)
        check(about[RDFS + 'seeAlso'] == ['ui.ttl'], about)
        check(filecmp.cmp(os.path.join(BUNDLE, 'ui.ttl'),
                          os.path.join(TOP, 'ttl/ui.ttl'), False), 'ui.ttl')


def test_the_window_hears_what_the_plugin_says():
    about = Turtle(os.path.join(TOP, 'ttl/ui.ttl')).subjects[WINDOW]
    told = about[UI + 'portNotification']
    check([one(t, UI + 'plugin', WINDOW) for t in told] == URIS, told)
    for row in told:
        symbol = one(row, LV2 + 'symbol', WINDOW)
        port = ports().get(symbol)
        check(port and is_a(port, 'OutputPort')
              and EXT + 'atom#AtomPort' in port[TYPE],
              'the plugins have no output for events called %s' % symbol)
        check(row[UI + 'protocol'] == [EXT + 'atom#eventTransfer'], row)
        check(row[UI + 'notifyType'] == [EXT + 'atom#Object'], row)


def test_the_window_is_as_described():
    path = window_binary()
    plain_build(path)
    about = Turtle(os.path.join(TOP, 'ttl/ui.ttl')).subjects[WINDOW]
    required = about[LV2 + 'requiredFeature']
    check(set(required) == {EXT + 'urid#map', UI + 'idleInterface'}, required)
    library = ctypes.CDLL(path)
    library.lv2ui_descriptor.restype = ctypes.POINTER(WindowDescriptor)
    library.lv2ui_descriptor.argtypes = [ctypes.c_uint32]
    descriptor = library.lv2ui_descriptor(0).contents
    check(not library.lv2ui_descriptor(1), 'there are two')
    check(descriptor.uri.decode() == WINDOW, descriptor.uri)
    listed = about[LV2 + 'extensionData']
    for name in ('idleInterface', 'showInterface', 'resize'):
        check(UI + name in listed, '%s is not listed' % name)
    for uri in listed + [EXT + 'state#interface', UI + 'touch']:
        check(bool(descriptor.extension_data(uri.encode())) == (uri in listed),
              '<%s>' % uri)


def test_the_window_shows_one_symbol():
    """Two plugins in one process must not find each other's functions."""
    path = window_binary()
    if not shutil.which('nm'):
        raise Skip('there is no nm (Debian: binutils)')
    lines = subprocess.run(['nm', '-D', '--defined-only', path],
                           stdout=subprocess.PIPE, check=True,
                           universal_newlines=True).stdout.splitlines()
    names = {line.split()[-1] for line in lines}
    # The linker's own, which mean nothing
    found = names - {'__bss_start', '_edata', '_end', '_init', '_fini'}
    plain_build(path)
    check(found == {'lv2ui_descriptor'}, sorted(found))


def validate(paths):
    for name in ('sord_validate', 'lv2_validate'):
        if not shutil.which(name):
            raise Skip('there is no %s (Debian: sordi lv2-dev)' % name)
    done = subprocess.run(['lv2_validate'] + paths, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True,
                          check=False)
    text = '\n'.join(line for line in done.stdout.splitlines()
                     if not line.startswith('Skipping file'))
    errors = re.search(r'Found (\d+) errors', text)
    is_clean = done.returncode == 0 and errors and errors.group(1) == '0' and (
        not re.search(r'warning|^error|: error', text, re.I | re.M))
    return is_clean, text


def bundled():
    return sorted(glob.glob(os.path.join(BUNDLE, '*.ttl'))
                  + glob.glob(os.path.join(BUNDLE, 'presets', '*.ttl')))


def test_the_bundle_is_valid_lv2():
    is_clean, text = validate(bundled())
    check(is_clean, text)


def test_the_validator_sees_what_is_wrong():
    with tempfile.TemporaryDirectory(prefix='perpetuo-ttl-') as room:
        for old, new in (('lv2:index 2 ;', 'lv2:index "two" ;'),
                         ('lv2:name "Seed" ;', ''),
                         ('lv2:portProperty lv2:toggled ;', 'lv2:portProperty 3 ;')):
            with open(os.path.join(TOP, 'ttl/plugin.ttl'),
                      encoding='utf-8') as file:
                text = file.read()
            check(old in text, old)
            path = os.path.join(room, 'plugin.ttl')
            with open(path, 'w', encoding='utf-8') as file:
                file.write(text.replace(old, new, 1))
            check(not validate([path])[0], 'it does not mind: %s' % new)


def test_lilv_reads_it_without_complaint():
    if not shutil.which('lv2info'):
        raise Skip('there is no lv2info (Debian: lilv-utils)')
    with tempfile.TemporaryDirectory(prefix='perpetuo-ttl-') as room:
        os.symlink(BUNDLE, os.path.join(room, 'perpetuo.lv2'))
        env = dict(os.environ, LV2_PATH='%s:/usr/lib/lv2' % room)
        done = {uri: subprocess.run(
            ['lv2info', uri], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            universal_newlines=True, env=env, check=False) for uri in URIS}
    for uri in URIS:
        check(done[uri].returncode == 0 and not done[uri].stderr.strip(),
              '%s: %s' % (uri, done[uri].stderr))
        wrong = [name for name, _, preset in presets()
                 if (uri in preset[LV2 + 'appliesTo'])
                 != (one(preset, LABEL, name) in done[uri].stdout)]
        check(not wrong, '%s: presets %s' % (uri, wrong))


if __name__ == '__main__':
    run(test_ports_are_those_of_the_code,
        test_each_plugin_has_them_all_in_order,
        test_ranges_and_defaults_are_those_of_the_code,
        test_the_code_keeps_to_the_ranges,
        test_defaults_are_the_mix_of_defaults,
        test_each_knob_has_its_port,
        test_each_style_has_its_port,
        test_ports_are_of_the_right_kind,
        test_enumerations_are_whole,
        test_groups_have_name_and_symbol,
        test_groups_are_in_order,
        test_ports_speak_for_themselves,
        test_ports_with_a_meaning_to_hosts,
        test_plugins_ask_for_what_every_host_has,
        test_the_binary_is_as_described,
        test_presets_say_who_they_are,
        test_presets_name_real_ports,
        test_presets_are_in_banks,
        test_presets_are_whole,
        test_the_manifest_lists_all_there_is,
        test_the_window_is_listed_where_it_is_built,
        test_the_window_hears_what_the_plugin_says,
        test_the_window_is_as_described,
        test_the_window_shows_one_symbol,
        test_the_bundle_is_valid_lv2,
        test_the_validator_sees_what_is_wrong,
        test_lilv_reads_it_without_complaint)
