# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""Runs the benchmarks, prints what they measured, and compares.

A benchmark is a program that prints rows (tools/bench/race.h), each a figure of
a section.  MARKS says which figures are to be which share of which others, all
measured in this run.  Nothing here fails because a machine is slow.
"""

import json
import os
import platform
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(TOP, 'build')
JSON = os.path.join(BUILD, 'bench', 'bench.json')

# Sections: name, command.  PROGRAM is build/NAME, and SCRIPT tools/bench/NAME.
SECTIONS = [
    ('kernels', ['PROGRAM bench_kernels']),
    ('phrase', ['PROGRAM bench_phrase']),
    ('audio', ['PROGRAM bench_audio']),
    ('load', ['PROGRAM bench_load']),
    ('train', ['PROGRAM bench_train', 'SCRIPT torch_train.py']),
]

# What is wanted: a figure, <= or >=, how many times another figure of this run
# (None for a plain number in the figure's own unit).  A figure is SECTION/NAME.
MARKS = [  # figure, how, factor, other figure
]


class Results(object):
    """Rows and skips as they come, by section/name."""

    def __init__(self):
        self.rows = {}
        self.skips = []

    def take(self, line):
        """Whether a line was for us."""
        parts = line.rstrip('\n').split('\t')
        if parts[0] == 'row' and len(parts) == 9:
            row = dict(zip(('section', 'name', 'unit'), parts[1:4]))
            row.update(zip(('median', 'low', 'high', 'best'),
                           map(float, parts[4:8])), rounds=int(parts[8]))
            self.rows['%s/%s' % (parts[1], parts[2])] = row
        elif parts[0] == 'skip' and len(parts) == 4:
            self.skips.append(dict(zip(('section', 'name', 'why'), parts[1:])))
        else:
            return False
        return True

    def marks(self):
        """What is wanted, and what became of it, where both were measured."""
        for figure, how, factor, other in MARKS:
            row, base = self.rows.get(figure), self.rows.get(other)
            if row and (base or other is None):
                value = row['median'] / (base['median'] if base else 1.0)
                yield {'figure': figure, 'of': other, 'value': value,
                       'how': how, 'wanted': factor, 'unit': row['unit'],
                       'is_met': value <= factor if how == '<=' else
                       value >= factor}


# ---------------------------------------------------------------- the machine


def first_line(path, key):
    try:
        with open(path) as file:
            for line in file:
                if line.startswith(key):
                    return line.partition(':')[2].strip()
    except EnvironmentError:
        pass
    return ''


def said(*command):
    try:
        return subprocess.check_output(
            command, stderr=subprocess.DEVNULL).decode().splitlines()[0]
    except (EnvironmentError, subprocess.CalledProcessError, IndexError):
        return ''


FLAGS = ('sse2', 'avx2', 'fma', 'avx512f', 'avx512bw', 'avx512_vnni',
         'avx_vnni', 'asimd', 'asimddp')


def machine():
    flags = (first_line('/proc/cpuinfo', 'flags') or
             first_line('/proc/cpuinfo', 'Features')).split()
    caches = ['%s %s KiB' % (name, int(size) // 1024) for name, size in (
        (name, said('getconf', key)) for name, key in (
            ('L1d', 'LEVEL1_DCACHE_SIZE'), ('L2', 'LEVEL2_CACHE_SIZE'),
            ('L3', 'LEVEL3_CACHE_SIZE'))) if size.isdigit()]
    return {
        'processor': first_line('/proc/cpuinfo', 'model name') or
        platform.machine(),
        'cores': os.cpu_count(),
        'can': [flag for flag in FLAGS if flag in flags],
        'caches': caches,
        'system': '%s %s' % (platform.system(), platform.release()),
        'compiler': said('cc', '--version'),
        'load': os.getloadavg()[0],
    }


# ------------------------------------------------------------------- the work


def command_of(words):
    kind, name = words.split()
    if kind == 'SCRIPT':
        # Debian's packages are for Debian's Python
        python = '/usr/bin/python3'
        return [python if os.access(python, os.X_OK) else sys.executable,
                '-B', os.path.join(HERE, name)]
    return [os.path.join(BUILD, name)]


def skip(line, results):
    results.take(line)
    show(line, results)


def run(section, words, results):
    command = command_of(words)
    if words.startswith('PROGRAM') and not os.path.isfile(command[0]):
        skip('skip\t%s\t%s\tnot built: a library is missing' %
             (section, words.split()[1]), results)
        return
    child = subprocess.Popen(command, cwd=TOP, stdout=subprocess.PIPE)
    for line in child.stdout:
        text = line.decode()
        if results.take(text):
            show(text, results)
        else:
            print(text, end='')
        sys.stdout.flush()
    if child.wait():
        skip('skip\t%s\t%s\tit ended with status %d' %
             (section, words.split()[1], child.returncode), results)


# ------------------------------------------------------------------ the table


def number(value):
    return '%.0f' % value if value >= 1000 else '%.3g' % value


def show(text, results):
    parts = text.rstrip('\n').split('\t')
    if parts[0] == 'skip':
        print('    %-46s left out: %s' % (parts[2], parts[3]))
        return
    row = results.rows['%s/%s' % (parts[1], parts[2])]
    spread = '' if row['rounds'] < 2 else '%s .. %s' % (
        number(row['low']), number(row['high']))
    print('    %-46s %9s %-8s %s' % (
        row['name'], number(row['median']), row['unit'], spread))


def show_marks(results):
    marks = list(results.marks())
    if marks:
        print('\n  What is wanted\n')
    for mark in marks:
        what = mark['figure'] + (' / ' + mark['of'] if mark['of'] else '')
        print('    %-66s %8s %s %-6g %s%s' % (
            what, number(mark['value']), mark['how'], mark['wanted'],
            '' if mark['of'] else mark['unit'] + ' ',
            'met' if mark['is_met'] else 'MISSED'))
    return marks


def main(chosen):
    known = [name for name, _ in SECTIONS]
    for name in chosen:
        if name not in known:
            print('There is no benchmark "%s"; there are: %s' % (
                name, ', '.join(known)), file=sys.stderr)
            return 2

    facts, results = machine(), Results()
    for key in sorted(facts):
        value = facts[key]
        print('  %-10s %s' % (key, ', '.join(value) if isinstance(
            value, list) else value))
    print('\n  Medians, and between which the middle half of the rounds lay')
    for section, commands in SECTIONS:
        if not chosen or section in chosen:
            print('\n  %s\n' % section)
            for words in commands:
                run(section, words, results)
    marks = show_marks(results)

    os.makedirs(os.path.dirname(JSON), exist_ok=True)
    with open(JSON, 'w') as file:
        json.dump({'machine': facts, 'rows': list(results.rows.values()),
                   'skips': results.skips, 'marks': marks}, file, indent=1)
    print('\n  All of it: %s' % os.path.relpath(JSON, TOP))
    return 0
