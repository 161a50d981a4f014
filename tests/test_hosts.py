# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""Perpetuo in Ardour and jalv: what is played comes back, note for note.

tests/rigs/ardour.lua drives one Ardour through all scenes, on the dummy
backend at five times the speed; a capture plugin behind Perpetuo writes down
what comes out, in real time and in export.  Here the scenes are compared.

Ardour's words on bars and beats are rounded to 1/1920 beat.  At the rig's
tempo that is 12 samples: a start on a bar line is exact, another one may put
everything off by half of it.
"""

import atexit
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

from check import BUILD, TOP, Skip, check, plain_build, run

RIGS = os.path.join(TOP, 'tests', 'rigs')
sys.path.insert(0, RIGS)
import captured  # noqa: E402
import jack  # noqa: E402

BUNDLE = os.path.join(BUILD, 'perpetuo.lv2')
LUAS = ['ardour%d-lua' % version for version in (7, 8, 9)]

# As in tests/rigs/ardour.lua
BPM, BLOCK, SEED, N_BARS = 125, 768, 7, 17
BAR = 48000 * 60 // BPM * 4
N_VISITS = 3
PRESET, OTHER = 'Night drive', 'Acid bath'
BOTH, MELODY, DRUMS = 1, 2, 3
ROUNDING = BAR // 4 // 1920 // 2
MISSED = 480  # Samples: a missed onset is still played

SPEEDS = ['5x Speed', 'Double Speed']  # Of the dummy backend, best first
HANGS_S = 90.0       # Nothing new for so long: it hangs
PATIENCE_S = 240.0   # Longer, and the machine is too slow


# Ardour -----------------------------------------------------------------------


class Visit:
    """What one run through all scenes has left."""

    def __init__(self, folder, said, scenes):
        self.folder, self.scenes = folder, scenes
        self.said = said

    def value(self, what):
        found = [line[len(what) + 1:] for line in self.said
                 if line.startswith(what + ' ')]
        check(found, 'Ardour did not come to "%s"' % what)
        return found[-1]

    def is_late(self):
        return any(float(s.split()[-1]) for s in self.said
                   if s.startswith('late '))

    def notes(self, scene, track=BOTH, stretch=0, first=1, last=N_BARS):
        """Those that begin in bars `first` to before `last`."""
        stretches = self.scenes[scene][track].stretches
        check(len(stretches) > stretch, '%s was not played' % scene)
        found = captured.between(stretches[stretch], (first - 1) * BAR,
                                 (last - 1) * BAR)
        check(found, 'there is nothing in %s' % scene)
        return found


visits = []


def control_indices():
    """Ardour's numbers of control ports, by symbol."""
    with open(os.path.join(TOP, 'ttl/plugin.ttl'), encoding='utf-8') as file:
        found = re.findall(r'lv2:index (\d+) ;\s+lv2:symbol "(\w+)"',
                           file.read())
    return {symbol: int(index) - 2 for index, symbol in found}


def bundles(folder):
    """A folder for LV2_PATH, with Perpetuo and the capture plugin."""
    compiler = os.environ.get('CC', 'cc')
    if not shutil.which(compiler):
        raise Skip('there is no C compiler')
    source = os.path.join(RIGS, 'capture.lv2')
    target = os.path.join(folder, 'lv2', 'capture.lv2')
    os.makedirs(target)
    os.symlink(BUNDLE, os.path.join(folder, 'lv2', 'perpetuo.lv2'))
    for name in ('manifest.ttl', 'capture.ttl'):
        shutil.copy(os.path.join(source, name), target)
    done = subprocess.run(
        [compiler, '-std=c11', '-O1', '-fPIC', '-shared', '-o',
         os.path.join(target, 'capture.so'),
         os.path.join(source, 'capture.c')],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        universal_newlines=True, check=False)
    check(done.returncode == 0, done.stdout)
    return os.path.dirname(target)


def environment(folder, log):
    os.makedirs(os.path.join(folder, 'home'), exist_ok=True)
    env = dict(os.environ, HOME=os.path.join(folder, 'home'),
               LV2_PATH='%s:/usr/lib/lv2' % os.path.join(folder, 'lv2'),
               PERPETUO_CAPTURE=os.path.join(folder, log))
    env['XDG_CONFIG_HOME'] = os.path.join(env['HOME'], '.config')
    return env


def drive(command, folder):
    """Run it, and return what it said.

    While there is something new in its files it is only slow, and slow days are
    no fault.
    """
    grows = [os.path.join(folder, name) for name in ('said', 'log')]
    for path in grows:
        open(path, 'w').close()
    begun = moved = time.monotonic()
    sizes = None
    with open(os.path.join(folder, 'talk'), 'wb') as talk:
        ardour_runs = subprocess.Popen(
            command, env=environment(folder, 'log'), cwd=folder, stdout=talk,
            stderr=talk, stdin=subprocess.DEVNULL)
        while ardour_runs.poll() is None:
            time.sleep(0.2)
            now, before = time.monotonic(), sizes
            sizes = [os.path.getsize(path) for path in grows]
            moved = now if sizes != before else moved
            if now > min(moved + HANGS_S, begun + PATIENCE_S):
                ardour_runs.kill()
                ardour_runs.wait()
                if now <= moved + HANGS_S:
                    raise Skip('this machine is too slow for Ardour today')
    with open(os.path.join(folder, 'talk'), encoding='utf-8',
              errors='replace') as talk:
        return talk.read()


def has_lost_its_export(said):
    """Whether Ardour died at what it had to take down after an export.

    Ardour 7.3 now and then aborts while it frees the buffers of its own export
    channels (seen in its core dumps).  Anywhere else a death counts.
    """
    marks = [line for line in said if line.startswith('mark ')]
    return 'end ' not in said and bool(marks) and marks[-1].endswith('export')


def visit(lua, speed):
    for left in reversed(range(N_VISITS)):
        folder, said, talk = see_all(lua, speed)
        if not left or not has_lost_its_export(said):
            break
        print('# Ardour died after an export of its own; once more')
    if 'no session ' in said:
        raise Skip('%s makes no session here: %s' % (
            lua, ' '.join(talk.split())[-300:]))
    check('end ' in said, 'Ardour did not come to the end:\n%s\n%s' % (
        '\n'.join(line for line in said if not line.startswith('recorded ')),
        talk[-2000:]))
    return Visit(folder, said, captured.read(os.path.join(folder, 'log')))


def see_all(lua, speed):
    """Let Ardour play all scenes.  @return its folder, and what was said."""
    folder = tempfile.mkdtemp(prefix='perpetuo-ardour-')
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    bundles(folder)
    words = ['%s=%d' % (symbol, control_indices()[symbol]) for symbol in (
        'seed', 'tempo', 'candidates', 'gate', 'late', 'melody_channel',
        'drum_channel')]
    words += ['folder=' + folder, 'driver=' + speed, 'preset=' + PRESET,
              'other=' + OTHER]
    talk = drive([lua, os.path.join(RIGS, 'ardour.lua')] + words, folder)
    with open(os.path.join(folder, 'said'), encoding='utf-8') as file:
        return folder, file.read().splitlines(), talk


def ardour():
    """The visit; made once."""
    if not visits:
        lua = next((name for name in LUAS if shutil.which(name)), None)
        if not lua:
            raise Skip('there is no %s (Debian: ardour)' % LUAS[0])
        plain_build(os.path.join(BUNDLE, 'perpetuo.so'))
        for speed in SPEEDS:
            begun = time.monotonic()
            try:
                visits.append(visit(lua, speed))
            except Skip as why:
                visits.append(why)
            if isinstance(visits[-1], Skip) or not visits[-1].is_late():
                break
            visits.append(Skip('this machine composes too slowly for Ardour '
                               'at %s' % speed))
            if time.monotonic() - begun > PATIENCE_S / 4:
                break
    if isinstance(visits[-1], Skip):
        raise visits[-1]
    return visits[-1]


def same(notes, others, n_frames=1):
    found = captured.differences(notes, others, n_frames)
    check(not found, '%d of %d notes differ:\n%s' % (
        len(found), len(notes), '\n'.join(found[:8])))


# The reader -------------------------------------------------------------------


def read(*lines):
    with tempfile.NamedTemporaryFile('w', suffix='.log') as file:
        file.write('# scene\n' + ''.join(line + '\n' for line in lines))
        file.flush()
        return captured.read(file.name)['scene'][1]


def test_the_reader_finds_faults():
    good = ['1 roll 0 0', '1 midi 10 1 90 3c 40', '1 midi 20 0 80 3c 40']
    track = read(*good)
    check(not track.faults, track.faults)
    check(track.stretches == [[captured.Note(10, 0, 0x3c, 0x40, 20)]],
          track.stretches)
    for what, lines in (
            ('never ended', good[:2]),
            ('begins while it sounds', good[:2] + [good[1]] + good[2:]),
            ('ends twice', good + [good[2]]),
            ('begins while nothing rolls',
             good + ['1 stop 30 0'] + good[1:]),
            ('sounded on', good[:2] + ['1 jump 5 1'] + good[2:]),
            ('closed while', good[:2] + ['1 close 20 1'])):
        track = read(*lines)
        check(any(what in fault for fault in track.faults),
              '%s was not found: %s' % (what, track.faults))

    # What the host itself ends once more after a stop is no fault
    track = read(*(good[:2] + ['1 stop 15 1', good[2], good[2]]))
    check(not track.faults, track.faults)
    check((track.n_cut, track.n_spare) == (1, 1), 'counts')
    track = read(*(good[:2] + ['1 jump 5 1', '1 midi 5 0 80 3c 40']))
    check(not track.faults, track.faults)
    check(track.stretches[0][0].off is None, track.stretches)


def test_the_reader_compares_notes():
    notes = [captured.Note(i * 100, 0, 60 + i, 90, i * 100 + 50)
             for i in range(4)]
    check(not captured.differences(notes, notes[::-1]), 'order does not matter')
    for change in ({'on': 2}, {'channel': 1}, {'key': 1}, {'velocity': 91},
                   {'off': 2}):
        other = list(notes)
        other[0] = notes[0]._replace(**change)
        check(captured.differences(notes, other), 'not seen: %s' % change)
    check(captured.differences(notes, notes[:3]), 'one is missing')


# What was heard ---------------------------------------------------------------


def test_ardour_plays_a_preset():
    host = ardour()
    check(host.value('preset') == PRESET, host.said)
    notes = host.notes('play')
    check({n.channel for n in notes} == {0, 9}, 'channels')
    check(len(notes) >= 4 * N_BARS, '%d notes' % len(notes))
    empty = [bar for bar in range(1, N_BARS) if not captured.between(
        notes, (bar - 1) * BAR, bar * BAR)]
    check(not empty, 'nothing in bars %s' % empty)


def test_a_track_records_what_is_played():
    host, recorded = ardour(), []
    for line in host.said:
        if line.startswith('recorded '):
            at, channel, key, velocity, length = line.split()[1:]
            beats, ticks = (int(n) for n in length.split(':'))
            recorded.append(captured.Note(
                int(at), int(channel), int(key), int(velocity),
                int(at) + (beats * 1920 + ticks) * 2 * ROUNDING))
    # It is put earlier by what Ardour takes for its own latency, keeps whole
    # ticks, and lacks the very beginning
    begin, end = BAR + BAR // 32, (N_BARS - 1) * BAR - BAR // 32
    played = captured.between(host.notes('play'), begin, end)
    check(recorded, 'nothing was recorded')
    shifts = collections.Counter(
        n.on - r.on for n in played for r in recorded
        if n[1:4] == r[1:4] and abs(n.on - r.on) < BLOCK)
    shift = shifts.most_common(1)[0][0]
    moved = [r._replace(on=r.on + shift, off=r.off + shift) for r in recorded]
    same(played, captured.between(moved, begin, end), 2 * ROUNDING)


def test_a_project_comes_back():
    host = ardour()
    same(host.notes('play'), host.notes('again'))


def test_export_is_what_was_played():
    host = ardour()
    check(host.value('exported') == 'true', host.said)
    same(host.notes('play'), host.notes('export'))
    same(host.notes('tracks'), host.notes('tracks export'))


def test_two_tracks_are_one():
    host = ardour()
    for scene in ('tracks', 'tracks export'):
        melody, drums = (host.notes(scene, t) for t in (MELODY, DRUMS))
        check({n.channel for n in melody} == {0}, 'melody')
        check({n.channel for n in drums} == {9}, 'drums')
        same(host.notes(scene), melody + drums)
    same(host.notes('play'), host.notes('tracks'))


def test_a_locate_finds_the_same_notes():
    host = ardour()
    for stretch, first, last in ((0, 9, 10.4), (1, 3, 4.2), (2, 12, 13.1)):
        # What is cut at the end of a stretch has no end to compare
        same(captured.between(host.notes('play'), (first - 1) * BAR,
                              (last - 1) * BAR),
             host.notes('locate', BOTH, stretch, first, last), ROUNDING)


def test_a_loop_repeats_its_notes():
    """Ardour's wraps land some samples after the loop's first bar line."""
    host = ardour()
    begin = 4 * BAR
    plain = host.notes('play', first=5, last=7)

    def late(notes):
        return [n for n in notes if n.on <= begin + MISSED]

    for stretch in range(3):
        notes = host.notes('loop', BOTH, stretch, 5, 7)
        same([n for n in plain if n.on > begin + MISSED],
             [n for n in notes if n.on > begin + MISSED], ROUNDING)
        same(late(plain), late(notes), MISSED)


def test_a_change_is_heard():
    host = ardour()
    same(host.notes('play', first=2, last=3.2),
         host.notes('preset', first=2, last=3.2), ROUNDING)
    check(host.value('loaded') == 'true', host.said)
    check(captured.differences(host.notes('play', first=5, last=6),
                               host.notes('preset', first=5, last=6),
                               ROUNDING), 'the other preset was not heard')
    channels = {n.channel for n in host.notes('channel', first=4, last=5.2)}
    check(channels == {4, 10}, 'channels of the notes: %s' % channels)
    check(not [n for n in host.scenes['bypass'][BOTH].stretches[0]
               if 2.6 * BAR < n.on < 3.2 * BAR], 'bypassed, it plays')
    host.notes('bypass', first=4.6, last=5.6)


def test_nothing_hangs_in_ardour():
    """On a stop Ardour ends what sounds, too; so it must be ended twice."""
    host, bad = ardour(), []
    for scene, tracks in host.scenes.items():
        if scene == 'close rolling':  # After which nothing is run
            continue
        for track, notes in tracks.items():
            bad += ['%s, track %d: %s' % (scene, track, fault)
                    for fault in notes.faults]
            if notes.n_spare < notes.n_cut:
                bad.append('%s, track %d: %d notes were left to Ardour to end'
                           % (scene, track, notes.n_cut - notes.n_spare))
    counts = [s for s in host.said if s.startswith('sounding ')]
    check(len(counts) > 10, 'Ardour was not asked: %s' % counts)
    bad += [s for s in counts if float(s.split()[-1])]
    check(not bad, '\n'.join(bad))


# jalv -------------------------------------------------------------------------


def write_state(folder, plugin, body):
    """A state directory, as jalv -l takes it."""
    os.makedirs(folder)
    with open(os.path.join(folder, 'manifest.ttl'), 'w') as file:
        file.write('@prefix lv2: <http://lv2plug.in/ns/lv2core#> .\n'
                   '@prefix pset: <http://lv2plug.in/ns/ext/presets#> .\n'
                   '@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n'
                   '<state.ttl> a pset:Preset ; lv2:appliesTo <%s> ;\n'
                   '\trdfs:seeAlso <state.ttl> .\n' % plugin)
    with open(os.path.join(folder, 'state.ttl'), 'w') as file:
        file.write(body)


def saved_by_ardour(host):
    """What its session holds of the plugin: state, and ports by symbol."""
    tree = ElementTree.parse(os.path.join(host.folder, 'session',
                                          'song.ardour'))
    for processor in tree.iter('Processor'):
        if processor.get('unique-id') == 'urn:perpetuo:duo':
            about = processor.find('lv2')
            path = os.path.join(host.folder, 'session', 'plugins',
                                processor.get('id'), about.get('state-dir'),
                                'state.ttl')
            with open(path, encoding='utf-8') as file:
                return file.read(), {p.get('symbol'): p.get('value')
                                     for p in about.iter('Port')}
    raise AssertionError('the session holds no Perpetuo')


def preset_as_state(label):
    folder = os.path.join(TOP, 'presets')
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding='utf-8') as file:
            text = file.read()
        if 'rdfs:label "%s"' % label in text:
            # A state is one plugin's, and has no name of its own
            return re.sub(r'^<urn:perpetuo:preset:[\w-]+>', '<>', re.sub(
                r'lv2:appliesTo [^;]+ ;', 'lv2:appliesTo <urn:perpetuo:duo> ;',
                text), flags=re.M)
    raise AssertionError('there is no preset "%s"' % label)


jalv_scenes = []


def jalv():
    """What three jalvs played, side by side in one server; made once."""
    if jalv_scenes:
        return jalv_scenes[0]
    missing = [p for p in jack.PROGRAMS if not shutil.which(p)]
    if missing:
        raise Skip('there is no %s (Debian: jalv jackd2)' % ', '.join(missing))
    host = ardour()
    text, ports = saved_by_ardour(host)
    preset = preset_as_state(PRESET)
    own = [w for setting in ('seed=%d' % SEED, 'tempo=%d' % BPM,
                             'candidates=1', 'gate=0')
           for w in ('-c', setting)]
    saved = [w for symbol, value in ports.items()
             for w in ('-c', '%s=%s' % (symbol, value))]
    write_state(os.path.join(host.folder, 'saved'), 'urn:perpetuo:duo', text)
    write_state(os.path.join(host.folder, 'preset'), 'urn:perpetuo:duo', preset)

    env = environment(host.folder, 'jalv.log')
    open(env['PERPETUO_CAPTURE'], 'w').write('# jalv\n')
    try:
        with jack.Jack(env) as server:
            for track, (state, words) in enumerate(
                    (('saved', saved), ('preset', own)), 1):
                server.jalv('gen%d' % track, '-l',
                            os.path.join(host.folder, state), *words)
                server.jalv('cap%d' % track, '-c', 'track=%d' % track,
                            'urn:perpetuo:capture')
                server.connect('gen%d:midi_out' % track, 'cap%d:in' % track)
            server.play(5.5 * BAR / 48000)
            late = [server.ask(server.clients[i], 'late = ', 'monitors')
                    for i in (0, 2)]
            said = server.ask(server.clients[2], 'variation = ', 'presets',
                              'preset urn:perpetuo:preset:acid-bath',
                              'controls')
    except jack.NoServer as why:
        raise Skip('there is no JACK server here: %s' % why)
    counts = [re.findall(r'\blate = ([\d.]+)', text) for text in late]
    check(all(counts), 'jalv does not say what was late: %s' % late)
    if any(float(n) for found in counts for n in found):
        raise Skip('this machine composes too slowly for jalv')
    jalv_scenes.append(Visit(host.folder, [], captured.read(
        env['PERPETUO_CAPTURE'])))
    jalv_scenes[0].console = said
    return jalv_scenes[0]


def in_jalv(track):
    host = jalv()
    notes = host.scenes['jalv'][track]
    if len(notes.stretches) > 1:
        raise Skip('JACK left out time on this machine')
    check(not notes.faults, notes.faults)
    same(captured.between(ardour().notes('play'), 0, 4 * BAR),
         host.notes('jalv', track, 0, 1, 5))


def test_jalv_plays_what_ardour_saved():
    in_jalv(1)


def test_jalv_plays_a_preset():
    in_jalv(2)
    said = jalv().console
    check('variation = ' in said and 'error' not in said.lower(), said)


if __name__ == '__main__':
    run(test_the_reader_finds_faults, test_the_reader_compares_notes,
        test_ardour_plays_a_preset, test_a_track_records_what_is_played,
        test_a_project_comes_back, test_export_is_what_was_played,
        test_two_tracks_are_one, test_a_locate_finds_the_same_notes,
        test_a_loop_repeats_its_notes, test_a_change_is_heard,
        test_nothing_hangs_in_ardour, test_jalv_plays_what_ardour_saved,
        test_jalv_plays_a_preset)
