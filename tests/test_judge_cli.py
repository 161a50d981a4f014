# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""The judge as it is typed: good and bad words, and what it leaves behind."""

import os
import random
import shutil
import subprocess
import tempfile
from html.parser import HTMLParser

from check import BUILD, Skip, check, run

JUDGE = os.path.join(BUILD, 'perpetuo-judge')


def say(*words, cwd=None):
    """Run the judge; exit status, what it printed, what it complained of."""
    done = subprocess.run([JUDGE] + list(words), cwd=cwd, timeout=300,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True,
                          errors='replace')
    return done.returncode, done.stdout, done.stderr


def number(n):
    """A length as MIDI files write it."""
    return bytes([0x80 | n >> 7, n & 0x7F]) if n > 0x7F else bytes([n])


def track(name, events):
    """A track of (ticks before, message)."""
    body = b'\0\xff\x03' + bytes([len(name)]) + name.encode()
    for ticks, message in events:
        body += number(ticks) + bytes(message)
    body += b'\0\xff\x2f\0'
    return b'MTrk' + len(body).to_bytes(4, 'big') + body


def write_piece(path, seed, beats=b'\4\2\x18\x08'):
    """Sixteen bars of a melody, and drums, that follow from the seed."""
    keys = (60, 62, 64, 65, 67, 69, 71, 72)
    lead, drums, late = [(0, b'\xff\x58\4' + beats)], [], 0
    draw = random.Random(seed)
    for _ in range(128):
        key = draw.choice(keys)
        lead += [(late, (0x90, key, 90)), (200, (0x80, key, 0))]
        late = 40
    for k in range(128):
        key = 36 if k % 4 == 0 else draw.choice((38, 42, 46))
        drums += [(0, (0x99, key, draw.randrange(60, 120))),
                  (240, (0x89, key, 0))]
    with open(path, 'wb') as file:
        file.write(b'MThd\0\0\0\6\0\1\0\2\1\xe0' + track('Lead', lead)
                   + track('Drums', drums))


class Music:
    """A room with real music in it, music to be judged, and copies."""

    def __enter__(self):
        self.room = tempfile.mkdtemp(prefix='perpetuo-judge-')
        for folder in ('real/house', 'real/techno', 'ours', 'copies'):
            os.makedirs(os.path.join(self.room, folder))
        for i in range(160):
            write_piece(os.path.join(
                self.room, 'real', ('house', 'techno')[i % 4 == 3],
                '%03d.mid' % i), 1000 + i)
        for i in range(6):
            write_piece(os.path.join(self.room, 'ours/%d.mid' % i), 9000 + i)
        for i in range(40):
            write_piece(os.path.join(self.room, 'copies/%d.mid' % i), 1000 + i)
        return self.room

    def __exit__(self, *_):
        shutil.rmtree(self.room, ignore_errors=True)


def row(text, label, number_of=0):
    """The figures of a row as words."""
    lines = [line for line in text.splitlines()
             if line.startswith('  ' + label + ' ')]
    check(lines, 'no row "%s" in:\n%s' % (label, text))
    return lines[number_of][len(label) + 2:].split()


def test_explains_itself():
    status, text, _ = say('--help')
    check(status == 0, text)
    for word in ('--real', '--map', '--style', '--by-style', '--with-known',
                 '--ungated', '--output', 'FOLDER'):
        check(word in text, '"%s" is not in:\n%s' % (word, text))


def test_refuses_nonsense():
    with Music() as room:
        with open(os.path.join(room, 'file'), 'w') as file:
            file.write('no map')
        os.makedirs(os.path.join(room, 'empty'))
        for words, said in (
                ([], '--real'),
                (['ours'], '--real'),
                (['--real', 'real'], 'folder'),
                (['--real'], '--real'),
                (['--real', '', 'ours'], 'empty'),
                (['--real', 'real', ''], 'folder'),
                (['--wings', '2', '--real', 'real', 'ours'], '--wings'),
                (['--style', 'polka', '--real', 'real', 'ours'], 'polka'),
                (['--style', 'house,', '--real', 'real', 'ours'], 'style'),
                (['--real', 'real'] + ['ours'] * 14, '13'),
                (['--real', 'real', '--with-known', 'ours'], '--by-style'),
                (['--real', 'real', '--ungated', 'ours', '--ungated', 'ours'],
                 'one folder'),
                (['--real', 'real', '--by-style', 'ours'], 'named as a style'),
                (['--real', '/nowhere', 'ours'], '/nowhere'),
                (['--real', 'empty', 'ours'], 'empty'),
                (['--real', 'ours', 'ours'], 'held-out'),
                (['--real', 'real', '--style', 'trance', 'ours'], 'styles'),
                (['--real', 'real', '--map', '/no.tsv', 'ours'], '/no.tsv'),
                (['--real', 'real', '--map', 'file', 'ours'], 'line 1'),
                (['--real', 'real', '/nowhere'], '/nowhere'),
                (['--real', 'real', 'empty'], 'empty'),
                (['--real', 'real', '--output', 'file', 'ours'], 'file')):
            if len(words) > 1 and '--output' not in words:
                words = words + ['--output', 'out']
            status, text, error = say(*words, cwd=room)
            last = error.strip().splitlines()[-1] if error.strip() else ''
            check(0 < status < 128, '%s: status %s' % (words, status))
            check(said.lower() in error.lower(),
                  '%s: "%s" is not in:\n%s' % (words, said, error))
            check('perpetuo-judge: ' in error and not text, error + text)
            check(last.endswith('.') or 'polka' in words or 'house,' in words,
                  'no sentence: %s' % last)
            check(not os.path.exists(os.path.join(room, 'out/report.txt')),
                  '%s left a report' % words)


def test_music_in_three_is_told():
    with Music() as room:
        os.makedirs(os.path.join(room, 'waltz'))
        write_piece(os.path.join(room, 'waltz/1.mid'), 3, b'\3\2\x18\x08')
        status, _, error = say('--real', 'real', 'waltz', '--output', 'out',
                               cwd=room)
        check(status == 1 and '4/4' in error, error)


class Tags(HTMLParser):
    """Whether tags are closed, and what the page leads to."""

    def __init__(self):
        super().__init__()
        self.open, self.links, self.names = [], [], set()

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.links += [v for k, v in attrs if k in ('src', 'href')]
        if tag not in ('meta', 'br'):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.names.add(tag)

    def handle_endtag(self, tag):
        check(self.open and self.open.pop() == tag, '</%s> at %s' % (
            tag, self.getpos()))


def test_judges():
    """Music of the same kind is alike, copies are found, both times alike."""
    with Music() as room:
        words = ['--real', 'real', 'ours', './copies//']
        status, text, error = say(*words, '--output', 'a/b', cwd=room)
        check(status == 0, text + error)
        check('Reading' in error, error)
        for name in ('random', 'Markov 1', 'Markov 3', 'ours', 'copies'):
            check(name in text, '"%s" is not in:\n%s' % (name, text))

        # Columns: real, random, Markov 1, Markov 3, ours, copies
        copied = row(text, 'copied 8-grams')
        check(copied[0] == '0.000' and copied[4] == '0.000*', copied)
        check(copied[5] > '0.8' and copied[5].endswith('-'), copied)
        check(row(text, 'bars copied')[5] > '0.8', text)
        check(row(text, 'pieces')[4:6] == ['6', '40'], text)
        check(float(row(text, 'mean OA')[0]) > 0.7, text)

        path = os.path.join(room, 'a/b')
        with open(os.path.join(path, 'report.txt')) as file:
            check(text.startswith(file.read()), 'report.txt says other things')
        with open(os.path.join(path, 'index.html')) as file:
            page = file.read()
        tags = Tags()
        tags.feed(page)
        check(not tags.open and not tags.links, tags.open + tags.links)
        check('svg' in tags.names and 'script' not in tags.names, tags.names)
        check(sorted(os.listdir(path)) == ['index.html', 'report.txt'],
              os.listdir(path))

        status, again, _ = say(*words, '--output', 'c', cwd=room)
        check(status == 0, again)
        with open(os.path.join(room, 'c/index.html')) as file:
            check(page == file.read(), 'another page the second time')


def test_styles_narrow_what_is_real():
    with Music() as room:
        n = []
        for words in ([], ['--style', 'house'], ['--style=house,techno']):
            status, text, error = say('--real', 'real', 'ours', '--output',
                                      'out', *words, cwd=room)
            check(status == 0, error)
            n.append(int(row(text, 'pieces')[0]))
        check(n[0] == n[2] > n[1] > 0, n)


def test_judges_by_style():
    """Styles that are scarce are told, and every mark has its line."""
    with Music() as room:
        for style, first in (('house', 5000), ('techno', 6000)):
            for i in range(4):
                folder = os.path.join(room, 'songs', style)
                os.makedirs(folder, exist_ok=True)
                write_piece(os.path.join(folder, '%d.mid' % i), first + i)
        words = ['--real', 'real', 'songs', '--by-style', '--output', 'out']
        status, text, error = say(*words, cwd=room)
        check(status == 0, text + error)
        check('By style: songs' in text and 'All marks: songs' in text, text)
        check('techno, melody: too few held-out pieces' in text, text)
        check('count as real (w)' in text and '/40w' not in text, text)
        house = row(text, 'house')
        check(house[0].startswith('4/') and house[2] != '.', house)
        check(row(text, 'techno')[2] == '.', row(text, 'techno'))
        check(row(text, 'techno', 1)[0] != '.', 'no guesses:\n' + text)
        for number in ('mean OA, melody', 'mean OA, drums', '1-NN, melody',
                       'copied 8-grams', 'longest run', 'bits per note',
                       'held-out loss', 'float weights', 'every mean, drums',
                       'style known by both', 'mix weight', 'density',
                       'locked scale', 'AUC', 'accepted', 'kick on 1',
                       'backbeat', 'distinct bars', 'fill contrast'):
            check(number in text.split('All marks: songs')[1], number)

        status, text, error = say(*words, '--with-known', '--ungated', 'ours',
                                  cwd=room)
        check(status == 0, text + error)
        check(row(text, 'techno')[0] == '4/40w', row(text, 'techno'))
        check(row(text, 'techno')[2] != '.', row(text, 'techno'))
        check('of distinct bars' in text, text)
        with open(os.path.join(room, 'out/index.html')) as file:
            page = file.read()
        tags = Tags()
        tags.feed(page)
        check(not tags.open, tags.open)
        check('All marks: songs' in page and 'By style' in page, page[-900:])
        check('>nan' not in page and '>inf' not in page, 'no numbers in it')


def test_says_when_it_cannot_print():
    if not os.path.exists('/dev/full'):
        raise Skip('there is no /dev/full')
    with open('/dev/full', 'w') as full:
        done = subprocess.run([JUDGE, '--help'], stdout=full,
                              stderr=subprocess.PIPE, timeout=60)
    check(done.returncode != 0 and b'annot print' in done.stderr, done.stderr)


def test_uses_nothing_of_the_gate():
    """What lets music through must not be what judges it."""
    if not shutil.which('nm'):
        raise Skip('nm is not here')
    text = subprocess.check_output(['nm', JUDGE], universal_newlines=True)
    names = [line.split()[-1] for line in text.splitlines()]
    check('figures_measure' in names, 'nm shows no names')
    found = [n for n in names if n.startswith(
        ('gate_', 'lanes_', 'sketch_', 'net_', 'model_', 'spoil_', 'vocab_'))]
    check(not found, 'the judge has %s' % ', '.join(found))


if __name__ == '__main__':
    if not os.path.isfile(JUDGE):
        print('skip test_judge_cli: perpetuo-judge was not built')
        raise SystemExit(77)
    run(test_explains_itself, test_refuses_nonsense,
        test_music_in_three_is_told, test_judges,
        test_styles_narrow_what_is_real, test_judges_by_style, test_says_when_it_cannot_print,
        test_uses_nothing_of_the_gate)
