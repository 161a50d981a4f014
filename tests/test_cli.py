# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""What a person types, as typed: good and bad."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

from check import BUILD, TOP, Skip, check, run

WAF = os.path.join(TOP, 'waf')
OWN_WAF = os.path.join(TOP, '.waf')


class Copy:
    """A copy of the sources, with a home of its own."""

    def __init__(self):
        self.room = tempfile.mkdtemp(prefix='perpetuo-cli-')
        self.top = os.path.join(self.room, 'perpetuo')
        self.home = os.path.join(self.room, 'home')
        os.makedirs(self.home)
        leave = shutil.ignore_patterns(
            '.git', 'build', '.waf', '.lock-waf*', '__pycache__')
        shutil.copytree(TOP, self.top, ignore=leave, symlinks=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.room, ignore_errors=True)

    def type(self, *words, **env):
        """Type ./waf WORDS there; its exit status and what it said."""
        whole = dict(os.environ, HOME=self.home)
        if os.path.isdir(OWN_WAF) and 'WAFDIR' not in whole:
            whole['WAFDIR'] = OWN_WAF
        whole.update(env)
        return say([sys.executable, os.path.join(self.top, 'waf')]
                   + list(words), whole, self.top)


def say(command, env=None, cwd=TOP, timeout=400):
    done = subprocess.run(command, env=env, cwd=cwd, timeout=timeout,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True,
                          errors='replace')
    return done.returncode, done.stdout


def refused(result, *words):
    """It failed, with a sentence that holds the words, and no traceback."""
    status, text = result
    check(status not in (0, None) and 0 < status < 128,
          'status %s:\n%s' % (status, text))
    check('Traceback' not in text, text)
    for word in words:
        check(word.lower() in text.lower(), '"%s" is not in:\n%s'
              % (word, text))


def works(result, *words):
    status, text = result
    check(status == 0, 'status %s:\n%s' % (status, text))
    for word in words:
        check(word in text, '"%s" is not in:\n%s' % (word, text))


def test_help_names_the_verbs():
    with Copy() as copy:
        works(copy.type('--help'), 'demo', 'test', 'train', 'install')


def test_wrong_words_are_refused():
    with Copy() as copy:
        refused(copy.type('paly'), 'paly')
        refused(copy.type('configure', '--sanitize=everything'), 'sanitize')
        refused(copy.type('build', WAFDIR='/nowhere'), 'WAFDIR', '/nowhere')
        refused(copy.type('test', '--no-install', 'test_of_patience'),
                'patience')


def test_no_waf_is_one_line():
    """On a machine without waf and without apt-get, it says what to do."""
    with Copy() as copy:
        status, text = copy.type('build', PATH='/nonexistent', WAFDIR='')
        if status == 0:
            raise Skip('this Python has a waflib of its own')
        refused((status, text), 'no waf', 'Install')
        check(len(text.strip().splitlines()) == 1, text)


def program(name):
    path = os.path.join(BUILD, name)
    if not os.path.isfile(path):
        raise Skip('%s was not built: a library is missing' % name)
    return path


def test_demo_explains_itself():
    works(say([program('perpetuo-demo'), '--help']), '--bars', '--seed')


def test_demo_refuses_nonsense():
    demo = program('perpetuo-demo')
    with tempfile.TemporaryDirectory() as room:
        for words in (['--bars', 'many'], ['--bars', '0'], ['--bars', '-4'],
                      ['--bars'], ['--tempo', 'fast'], ['--tempo', '0'],
                      ['--seed', 'x'], ['--sing'], ['--preset', 'Polka night'],
                      ['--uri', 'urn:nobody:home'], ['--set', 'energy'],
                      ['--set', 'energy=much'], ['--set', 'energy=1000'],
                      ['--set', 'noise=1'], ['--watch=loud'], ['--output', '/dev/null/song'],
                      ['--output', 'song', '--preset', 'Polka night']):
            refused(say([demo] + words, cwd=room))
            check(not os.listdir(room), '%s left %s' % (
                ' '.join(words), os.listdir(room)))


def sheets(*words):
    """What the demo shows of a short song, without what is around it."""
    with tempfile.TemporaryDirectory() as room:
        status, text = say([program('perpetuo-demo'), '--no-audio', '--bars',
                            '10', '--output', room] + list(words))
    check(status == 0, 'status %s:\n%s' % (status, text))
    return text


def test_demo_shows_what_is_played():
    text = sheets('--watch')
    check(re.findall(r'^== (Bars [-0-9]+):', text, re.M)
          == ['Bars 1-4', 'Bars 5-8', 'Bars 9-12'], text)
    for words in (r'^Melody +score \d+ \(gate 50\), \d+ tries', r'^Drums ',
                  r'^  scores  0 [.0-9*|]+ 100$', r'^Closed hat\|',
                  r'^  [A-G][b#]?\d +\|.*[oO]'):
        check(re.search(words, text, re.M), '%s is not in:\n%s' % (words, text))
    wide = [line for line in text.splitlines()
            if len(line) > 80 and '/' not in line and 'music' not in line]
    check(not wide, 'too wide: %s' % wide)
    check('\033' not in text and '\r' not in text, text)
    check('Drums' not in sheets('--watch', '--uri', 'melody'), 'drums')

    # A bar that lasts longer than anybody is spoken to; and a change of length
    text = sheets('--watch', '--tempo', '20', '--set', 'phrase_bars=2')
    check(text.count('\n== Bars') == 5, text)


def test_demo_watches_live():
    begin = time.monotonic()
    text = sheets('--watch=live', '--tempo', '300')
    took = time.monotonic() - begin
    check(text.count('\n== Bars') == 3, text)
    check(took > 8.0, '10 bars of 0.8 s took %.1f s' % took)


def test_demo_shows_messages():
    text = sheets('--watch=raw')
    for words in (r'^Place state=\d+ bar=0 barTicks=3840 beats=4 unit=4 ',
                  r'^Bar count=0 bar=0 ', r'^Phrase id=[-0-9]+ part=0 ',
                  r'^Notes id=[-0-9]+ first=0 words=\[\d+ \d+ \d+'):
        check(re.search(words, text, re.M), '%s is not in:\n%s' % (words, text))


def test_train_explains_itself():
    works(say([program('perpetuo-train'), '--help']), '--part', '--corpus')


def test_train_refuses_nonsense():
    train = program('perpetuo-train')
    with tempfile.TemporaryDirectory() as room:
        for words in (['--part', 'tuba'], ['--corpus', '/nowhere'],
                      ['--part', 'melody', '--corpus', '/nowhere'],
                      ['--part', 'melody', '--corpus', room],
                      ['--part'], ['--wings'], ['--index', 'no.safetensors'],
                      ['--index', 'no.safetensors', '--corpus', room]):
            refused(say([train] + words, cwd=room))


def number(n):
    """A length as MIDI files write it."""
    return bytes([0x80 | n >> 7, n & 0x7F]) if n > 0x7F else bytes([n])


def write_music(folder, n_files):
    """Small MIDI files, each with a melody of its own."""
    os.makedirs(folder)
    for i in range(n_files):
        track = b'\0\xff\x03\x04Lead'
        for k in range(128):
            key = 60 + (0, 2, 4, 5, 7, 9, 11)[(i * k + k // (2 + i)) % 7]
            track += (bytes([0, 0x90, key, 90]) + number(240)
                      + bytes([0x80, key, 0]))
        track += b'\0\xff\x2f\0'
        with open(os.path.join(folder, '%d.mid' % i), 'wb') as file:
            file.write(b'MThd\0\0\0\6\0\0\0\1\x01\xe0MTrk'
                       + len(track).to_bytes(4, 'big') + track)


SMALL = ['--steps', '4', '--hidden', '8', '--layers', '1', '--batch', '2',
         '--corpus', 'music']


def test_train_complains_before_the_work():
    train = program('perpetuo-train')
    with tempfile.TemporaryDirectory() as room:
        write_music(os.path.join(room, 'music'), 2)
        open(os.path.join(room, 'file'), 'w').close()
        for words in (['--output', 'file'], ['--work', 'file']):
            result = say([train, '--part', 'melody'] + SMALL + words, cwd=room)
            refused(result, 'folder "file"')
            check('Reading' not in result[1], result[1])


def test_train_leaves_others_alone():
    """It has the threads that were asked for, and they give way."""
    train = program('perpetuo-train')
    if not os.path.isdir('/proc/self/task'):
        raise Skip('threads cannot be counted here')
    with tempfile.TemporaryDirectory() as room:
        write_music(os.path.join(room, 'music'), 20)
        for n_threads, words, wanted in (('1', [], 10), ('2', [], 10),
                                         ('1', ['--eager'], 0)):
            child = subprocess.Popen(
                [train, '--part', 'melody', '--fresh'] + SMALL +
                ['--steps', '1000000', '--threads', n_threads] + words,
                cwd=room, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            try:
                for line in child.stderr:
                    if b'steps planned' in line:
                        break
                else:
                    check(False, 'it did not begin to train')
                tasks = os.listdir('/proc/%d/task' % child.pid)
                check(len(tasks) == int(n_threads), '%s threads: %r' % (
                    n_threads, tasks))
                for task in tasks:
                    nice = os.getpriority(os.PRIO_PROCESS, int(task))
                    check(nice == min(19, os.getpriority(
                        os.PRIO_PROCESS, 0) + wanted), 'nice %d' % nice)
            finally:
                child.kill()
                child.stderr.close()
                child.wait()


def test_train_says_when_it_cannot_print():
    train = program('perpetuo-train')
    with tempfile.TemporaryDirectory() as room:
        write_music(os.path.join(room, 'music'), 2)
        if not os.path.exists('/dev/full'):
            raise Skip('there is no /dev/full')
        for words in ('--list --corpus music', '--help'):
            refused(say(['sh', '-c', '"$0" %s > /dev/full' % words, train],
                        cwd=room), 'cannot print')


def test_train_measures_what_it_learned():
    """A model measured again, wherever it lies, has the figures of its card."""
    train = program('perpetuo-train')
    with tempfile.TemporaryDirectory() as room:
        write_music(os.path.join(room, 'music'), 20)
        for name in ('melody', 'gate_melody'):
            works(say([train, '--part', name, '--output', "it's here"] + SMALL,
                      cwd=room))
            status, text = say([train, '--corpus', 'music', '--evaluate',
                                "it's here/%s.safetensors" % name], cwd=room)
            measured = [line.split()[1] for line in text.splitlines()
                        if line.startswith('  int8')]
            stated = [line.split()[4] for line in text.splitlines()
                      if line.startswith('its card says')]
            check(status == 0 and len(measured) == len(stated) == 1, text)
            check(measured[0] == '%.4f' % float(stated[0]), text)
            card = os.path.join(room, "it's here", name + '.card.md')
            with open(card) as file:
                check("--output 'it'\\''s here' " in file.read(), card)


def test_train_indexes_quotes():
    """A gate that is indexed anew is what it was when it had learned that."""
    train = program('perpetuo-train')
    with tempfile.TemporaryDirectory() as room:
        def contents(name):
            with open(os.path.join(room, 'models', name), 'rb') as file:
                return file.read()

        def index(name, music):
            return say([train, '--index', 'models/' + name, '--corpus', music],
                       cwd=room)

        write_music(os.path.join(room, 'music'), 20)
        write_music(os.path.join(room, 'less'), 12)
        for name in ('melody', 'gate_melody'):
            works(say([train, '--part', name] + SMALL, cwd=room))
        names = ['gate_melody.safetensors', 'gate_melody.card.md']
        learned = [contents(name) for name in names]
        check(b'index of' in learned[1], learned[1])

        works(index(names[0], 'less'))
        other = [contents(name) for name in names]
        check(other[0] != learned[0] and other[1] != learned[1], other[1])
        status, text = index(names[0], 'music')
        check(status == 0, text)
        check([contents(name) for name in names] == learned, text)
        check(re.search('id ([0-9a-f]{16})', text).group(1)
              in learned[1].decode(), text)
        refused(index('melody.safetensors', 'music'), "no melody's gate")

        os.remove(os.path.join(room, 'models', names[1]))
        works(index(names[0], 'music'), 'no card')


if __name__ == '__main__':
    run(test_help_names_the_verbs, test_wrong_words_are_refused,
        test_no_waf_is_one_line, test_demo_explains_itself,
        test_demo_refuses_nonsense, test_demo_shows_what_is_played,
        test_demo_watches_live, test_demo_shows_messages,
        test_train_explains_itself,
        test_train_refuses_nonsense,
        test_train_complains_before_the_work, test_train_leaves_others_alone,
        test_train_says_when_it_cannot_print,
        test_train_measures_what_it_learned, test_train_indexes_quotes)
