# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""run(), work(), restore() and save() at once, under a thread sanitizer.

The program is tests/races.c with the plugin in it, built here for that purpose
whatever the rest of the build is.
"""

import os
import re
import shlex
import shutil
import subprocess
import tempfile

from check import TOP, Skip, check, run
from test_rooms import tables

FLAGS = ['-std=c11', '-D_POSIX_C_SOURCE=200809L', '-ffp-contract=off', '-w',
         '-g', '-O1', '-fsanitize=thread', '-Idsp', '-I.']
EMPTY = 'int main(void) { return 0; }\n'

room = tempfile.TemporaryDirectory(prefix='perpetuo-races-')
built = []


def sources():
    table = tables()
    rooms = {name: (folder, names)
             for name, folder, _, names in table['ROOMS'] + [table['PLUGIN']]}
    own = [r for r in table['PLUGIN'][2] if not r.isupper()] + ['plugin']
    return ['%s/%s.c' % (rooms[r][0], n) for r in own
            for n in rooms[r][1].split()] + [
                'tests/races.c', 'tests/tiny_models.c',
                'tools/uri_table.c']


def compiler():
    """One that can, with what it needs at run time."""
    path = os.path.join(room.name, 'empty')
    with open(path + '.c', 'w') as text:
        text.write(EMPTY)
    for name in ('gcc', 'clang', 'cc'):
        if shutil.which(name) and subprocess.call(
                [name, '-fsanitize=thread', path + '.c', '-o', path],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0:
            if subprocess.call([path], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL) == 0:
                return name
    raise Skip('no compiler here makes programs with a thread sanitizer that '
               'run')


def flags_of_lv2():
    found = subprocess.run(['pkg-config', '--cflags', 'lv2'],
                           stdout=subprocess.PIPE, universal_newlines=True)
    return shlex.split(found.stdout)


def program():
    if not built:
        path = os.path.join(room.name, 'races')
        done = subprocess.run(
            [compiler()] + FLAGS + flags_of_lv2() + sources()
            + ['-o', path, '-lpthread'], cwd=TOP, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, universal_newlines=True)
        check(done.returncode == 0, done.stdout)
        built.append(path)
    return built[0]


def race(*words):
    with tempfile.TemporaryDirectory(dir=room.name) as folder:
        done = subprocess.run(
            [program(), folder] + list(words), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, universal_newlines=True, timeout=240,
            env=dict(os.environ, TSAN_OPTIONS='exitcode=66 halt_on_error=1'))
    return done.returncode, done.stdout


def test_a_race_is_found():
    """The net has no hole: a fault that is planted in it is seen."""
    status, text = race('planted')
    check(status == 66 and 'data race' in text and 'races.c' in text, text)


def test_nothing_races():
    status, text = race()
    check(status == 0, 'status %s:\n%s' % (status, text))
    check(text.count(' 0 of them strange') == 2, text)
    works = [int(n) for pair in re.findall(r'(\d+) works, (\d+) in line', text)
             for n in pair]
    check(len(works) == 4 and all(works), text)


if __name__ == '__main__':
    run(test_a_race_is_found, test_nothing_races)
