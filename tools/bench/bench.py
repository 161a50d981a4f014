# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""Runs the benchmarks, prints what they measured, and compares.

A benchmark is a program that prints rows (tools/bench/race.h), each a figure of
a section.  MARKS says which figures are to be which share of which others, all
measured in this run.  Nothing here fails because a machine is slow.

A row whose name ends in ": FORM" is one of several ways to say the same thing
to another library.  The fastest of them gets a row without the form, and that
one is compared; what stands for a library is the best that it can do.

build/bench/bench.json holds everything:

    machine  what this ran on: processor, cores, can, caches, memory, ...;
             busy is the share of the cores that other programs used meanwhile,
             and stolen what the hypervisor gave to other machines
    rows     [{section, name, unit, median, low, high, best, rounds, form}]:
             low and high are the quartiles of the rounds; form is there where
             the row is the fastest of several
    skips    [{section, name, why}]: what was left out
    marks    [{figure, of, value, how, wanted, unit, is_met}]: value is the
             median of figure, divided by that of the row `of` unless that is
             null

build/bench/bench.svg is a picture of a step's rows.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(TOP, 'build')
sys.path.insert(0, HERE)

import bars  # noqa: E402
import rtneural  # noqa: E402

# Sections: name, command.  PROGRAM is build/NAME, and SCRIPT tools/bench/NAME.
SECTIONS = [
    ('kernels', ['PROGRAM bench_kernels', 'RTNEURAL step',
                 'SCRIPT onnx_step.py', 'SCRIPT torch_step.py']),
    ('phrase', ['PROGRAM bench_phrase']),
    ('audio', ['PROGRAM bench_audio']),
    ('load', ['PROGRAM bench_load']),
    ('window', ['PROGRAM bench_window']),
    ('train', ['PROGRAM bench_train', 'SCRIPT torch_train.py']),
]

# What is wanted: a figure, <= or >=, how many times another figure of this run
# (None for a plain number in the figure's own unit).  A figure is SECTION/NAME.
MARKS = [  # figure, how, factor, other figure
    ('kernels/step, 2x256, 1 in lock-step', '<=', 0.25,
     'kernels/OpenBLAS sgemv, 2x256'),
    ('kernels/step, 2x512, 1 in lock-step', '<=', 0.2,
     'kernels/OpenBLAS sgemv, 2x512'),
    ('kernels/step, 2x256, 1 in lock-step', '<=', 1.0 / 0.8,
     'kernels/products, 2x256, limit for one in lock-step'),
    ('kernels/step, 2x512, 1 in lock-step', '<=', 1.0 / 0.8,
     'kernels/products, 2x512, limit for one in lock-step'),
    ('kernels/products, 2x256, eight in lock-step', '<=', 1.0 / 0.8,
     'kernels/products, 2x256, limit for eight in lock-step'),
    ('kernels/products, 2x512, eight in lock-step', '<=', 1.0 / 0.8,
     'kernels/products, 2x512, limit for eight in lock-step'),
    ('kernels/curves and picking, 2x256, one in lock-step', '<=', 0.2,
     'kernels/step, 2x256, 1 in lock-step'),
    ('kernels/curves and picking, 2x512, one in lock-step', '<=', 0.2,
     'kernels/step, 2x512, 1 in lock-step'),
    ('kernels/curves and picking, 2x256, eight in lock-step', '<=', 0.2,
     'kernels/step, 2x256, 8 in lock-step'),
    ('kernels/curves and picking, 2x512, eight in lock-step', '<=', 0.2,
     'kernels/step, 2x512, 8 in lock-step'),
    ('kernels/step by sse2, 2x256, one in lock-step', '<=', 2.5,
     'kernels/step by avx2, 2x256, one in lock-step'),
    ('kernels/cold step, 2x512, one in lock-step', '<=', 300, None),
    ('phrase/four bars of both parts, 8 candidates', '<=', 100, None),
    ('phrase/the slowest, 8 candidates', '<=', 100, None),
    ('phrase/on average, 8 candidates', '<=', 1.4,
     'phrase/its steps in lock-step, 8 candidates'),
    ('phrase/four bars of both parts, 1 candidates', '<=', 30, None),
    ('phrase/locate, both parts ready', '<=', 50, None),
    ('phrase/locate, both parts ready, the slowest', '<=', 50, None),
    ('train/tokens, 1 thread, ours', '>=', 1.6,
     'train/tokens, 1 thread, PyTorch'),
    ('train/a step, 2 threads', '<=', 1.0 / 1.7, 'train/a step, 1 thread'),
    ('train/a step, 2 threads, work of the first', '<=', 1.0 / 1.7,
     'train/a step, 1 thread, work of the first'),
    ('train/share of the multiply-add limit', '>=', 75.0, None),
    ('audio/run, position, no event, 64 frames', '<=', 110, None),
    ('audio/run, position, 8 events due', '<=', 250, None),
    ('audio/run, position, 8 events due, busy', '<=', 250, None),
    ('audio/run, position, 8 events pass through', '<=', 250, None),
    ('audio/run, position, no event, 1024 frames', '<=', 1.1,
     'audio/run, position, no event, 64 frames'),
    ('load/instantiate, the only instance', '<=', 20, None),
    ('load/resident, each further instance', '<=', 1, None),
    ('load/locked, the first instance, less the weights', '<=', 4, None),
    ('load/size of the bundle', '<=', 8, None),
    ('window/a full redraw, 1x', '<=', 4, None),
    ('window/panels drawn when nothing moves', '<=', 0, None),
]

# Rows that are the same work, to be seen side by side.  Ours are named as OURS.
OURS = 'step, '
BESIDE = [  # title, section, what their names hold
    ('One step of two layers of 256, one sequence', 'kernels', '2x256'),
    ('One step of two layers of 512, one sequence', 'kernels', '2x512'),
]
OTHER_WORK = ('in lock-step',)  # But for one
ONE = '1 in lock-step'

USAGE = '''./waf bench [OPTIONS] [SECTION...]

Measures speed, beside other people's code where it is here.  Sections:
%s; all of them, if none is named.

  --quick            fewer rounds, for a first look
  --rounds N         rounds of a race, 3 to 512; there are 41 otherwise
  --all              show every form of other libraries, not only the fastest
  --rtneural DIR     an RTNeural to compile, with its submodules
                     (or $RTNEURAL)
  --onnxruntime DIR  a folder with libonnxruntime.so somewhere in it, as npm's
                     onnxruntime-node (or $ONNXRUNTIME)

PyTorch is found by itself (Debian: python3-torch).  What is not here is left
out.  A table is printed; build/bench/bench.json holds all figures, and
build/bench/bench.svg a picture.'''

QUICK_ROUNDS = 9
ROUNDS = (3, 512)


# --------------------------------------------------------------- command line


class Misuse(Exception):
    """What was typed makes no sense; says why."""


class Wishes(object):
    """What was typed."""

    def __init__(self):
        self.sections = []
        self.rounds = 0  # As the benchmarks have it
        self.is_all = self.is_help = False
        self.rtneural = os.environ.get('RTNEURAL', '')
        self.onnxruntime = os.environ.get('ONNXRUNTIME', '')


def folder(text):
    path = os.path.join(os.environ.get('PERPETUO_CWD', os.getcwd()), text)
    if not text or not os.path.exists(path):
        raise Misuse('There is no folder "%s".' % text)
    return os.path.abspath(path)


def rtneural_folder(text):
    path = folder(text)
    if not rtneural.is_there(path):
        raise Misuse('There is no RTNeural/RTNeural.h in %s.' % text)
    return path


def rounds(text):
    if not text.isdigit() or not ROUNDS[0] <= int(text) <= ROUNDS[1]:
        raise Misuse('--rounds takes a whole number from %d to %d, not "%s".'
                     % (ROUNDS + (text,)))
    return int(text)


FLAGS = {'--quick': ('rounds', QUICK_ROUNDS), '--all': ('is_all', True),
         '--help': ('is_help', True), '-h': ('is_help', True)}
VALUES = {'--rounds': ('rounds', rounds),
          '--rtneural': ('rtneural', rtneural_folder),
          '--onnxruntime': ('onnxruntime', folder)}


def read(args):
    """What was typed as Wishes; raises Misuse."""
    wishes, args = Wishes(), list(args)
    known = [name for name, _ in SECTIONS]
    while args:
        word, has_value, value = args.pop(0).partition('=')
        if word in FLAGS and not has_value:
            setattr(wishes, *FLAGS[word])
        elif word in VALUES:
            if not has_value and not args:
                raise Misuse('%s needs a value.' % word)
            key, convert = VALUES[word]
            setattr(wishes, key, convert(value if has_value else args.pop(0)))
        elif word.startswith('-'):
            raise Misuse('There is no option "%s".' % word)
        elif word not in known:
            raise Misuse('There is no benchmark "%s"; there are: %s.' % (
                word, ', '.join(known)))
        else:
            wishes.sections.append(word)
    return wishes


def before(args):
    """What can be said before anything is built: an exit status, or None."""
    try:
        is_help = read(args).is_help
    except Misuse as why:
        print('bench: %s\nbench: See ./waf bench --help.' % why,
              file=sys.stderr)
        return 2
    if is_help:
        print(USAGE % ', '.join(name for name, _ in SECTIONS))
        return 0
    return None


# -------------------------------------------------------------------- figures


class Results(object):
    """Rows and skips as they come, by section/name."""

    def __init__(self):
        self.rows = {}
        self.skips = []

    def take(self, line):
        """A row or skip that a line is, or None."""
        parts = line.rstrip('\n').split('\t')
        if parts[0] == 'row' and len(parts) == 9:
            row = dict(zip(('section', 'name', 'unit'), parts[1:4]))
            try:
                row.update(zip(('median', 'low', 'high', 'best'),
                               map(float, parts[4:8])), rounds=int(parts[8]))
            except ValueError:
                return None
            self.rows['%s/%s' % (parts[1], parts[2])] = row
            return row
        if parts[0] == 'skip' and len(parts) == 4:
            self.skips.append(dict(zip(('section', 'name', 'why'), parts[1:])))
            return self.skips[-1]
        return None

    def settle(self):
        """Rows for what had several forms and has no row yet: the fastest."""
        groups = {}
        for key, row in self.rows.items():
            name, colon, form = key.partition(': ')
            if colon and name not in self.rows:
                groups.setdefault(name, []).append((row['median'], form))
        settled = []
        for key, forms in groups.items():
            form = min(forms)[1]
            row = dict(self.rows['%s: %s' % (key, form)], form=form,
                       name=key.partition('/')[2])
            self.rows[key] = row
            settled.append((row, len(forms)))
        return settled

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

    def beside(self):
        """(title, [(label, row)] of the same work, fastest first)."""
        for title, section, part in BESIDE:
            rows = [row for row in self.rows.values()
                    if row['section'] == section and part in row['name']
                    and ': ' not in row['name'] and row['unit'] == 'us'
                    and (ONE in row['name'] or not any(
                        words in row['name'] for words in OTHER_WORK))]
            if len(rows) > 1 and any(map(is_ours, rows)):
                rows.sort(key=lambda row: row['median'])
                yield title, [(label(row, part), row) for row in rows]


def is_ours(row):
    return row['name'].startswith(OURS)


def label(row, part):
    """Whose row it is, among those that are the same work."""
    name = row['name'].replace(', ' + part, '').replace(' step', '')
    if is_ours(row):
        name = 'Perpetuo' + row['name'].partition(ONE)[2]
    return '%s (%s)' % (name, row['form']) if 'form' in row else name


# ---------------------------------------------------------------- the machine


def first_line(path, key=''):
    """What follows a key and a colon in a file, or its first line."""
    try:
        with open(path) as file:
            for line in file:
                if line.startswith(key):
                    return (line.partition(':')[2] if key else line).strip()
    except EnvironmentError:
        pass
    return ''


def said(*command):
    try:
        return subprocess.check_output(
            command, stderr=subprocess.DEVNULL).decode().splitlines()[0]
    except (EnvironmentError, subprocess.CalledProcessError, IndexError):
        return ''


CAN = ('sse2', 'avx2', 'fma', 'avx512f', 'avx512bw', 'avx512_vnni',
       'avx_vnni', 'asimd', 'asimddp')
CPU = '/sys/devices/system/cpu/cpu0/'


def caches():
    found = []
    for i in range(8):
        index = '%scache/index%d/' % (CPU, i)
        level, kind, size = [first_line(index + name)
                             for name in ('level', 'type', 'size')]
        if size and kind != 'Instruction':
            found.append('L%s %s' % (level, size))
    return found


def hypervisor(flags):
    """Its name, as far as it can be told."""
    if 'hypervisor' not in flags:
        return 'none seen'
    try:
        text = subprocess.check_output(
            ['lscpu'], env=dict(os.environ, LC_ALL='C')).decode()
    except (EnvironmentError, subprocess.CalledProcessError):
        text = ''
    names = [line.partition(':')[2].strip() for line in text.splitlines()
             if line.startswith('Hypervisor vendor')]
    return names[0] if names else 'of an unknown kind'


def machine():
    flags = (first_line('/proc/cpuinfo', 'flags') or
             first_line('/proc/cpuinfo', 'Features')).split()
    memory = first_line('/proc/meminfo', 'MemTotal').split()
    return {
        'processor': first_line('/proc/cpuinfo', 'model name') or
        platform.machine(),
        'cores': os.cpu_count(),
        'can': [flag for flag in CAN if flag in flags],
        'caches': caches(),
        'memory': '%.1f GiB' % (int(memory[0]) / 2.0 ** 20) if memory else '?',
        'governor': first_line(CPU + 'cpufreq/scaling_governor') or
        'not to be seen',
        'hypervisor': hypervisor(flags),
        'system': '%s %s' % (platform.system(), platform.release()),
        'libc': ' '.join(platform.libc_ver()).strip() or '?',
        'compiler': said('cc', '--version'),
        'load': round(os.getloadavg()[0], 2),
        'commit': said('git', '-C', TOP, 'describe', '--always', '--dirty'),
        'when': time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime()),
    }


class Meanwhile(object):
    """How busy others kept the machine since this was made."""

    def __init__(self):
        self.start = self.look()

    @staticmethod
    def look():
        """Seconds of the cores: all, idle, stolen, and used by us."""
        tick = float(os.sysconf('SC_CLK_TCK'))
        ticks = [int(n) / tick
                 for n in first_line('/proc/stat').split()[1:9]]
        ticks += [0.0] * (8 - len(ticks))
        return sum(ticks), ticks[3] + ticks[4], ticks[7], sum(os.times()[:4])

    def facts(self):
        spent, idle, stolen, ours = [
            b - a for a, b in zip(self.start, self.look())]
        if spent <= 0.0:
            return {}
        return {'busy': round(max(0.0, spent - idle - stolen - ours) / spent,
                              3),
                'stolen': round(stolen / spent, 3)}


# ------------------------------------------------------------------- the work


class Bench(object):
    """A run of everything that was asked for."""

    def __init__(self, wishes):
        self.wishes = wishes
        self.facts = machine()
        self.results = Results()
        self.env = dict(os.environ)
        if wishes.rounds:
            self.env['PERPETUO_BENCH_ROUNDS'] = str(wishes.rounds)
        if wishes.onnxruntime:
            self.env['ONNXRUNTIME'] = wishes.onnxruntime

    def skip(self, section, name, why):
        self.take('\t'.join(('skip', section, name, why)))

    def take(self, line):
        """Whether a line was for us; shows it."""
        row = self.results.take(line)
        if row and ('why' in row or self.wishes.is_all
                    or ': ' not in row['name']):
            show(row)
        return row is not None

    def start(self, section, name, command):
        """Run a program; shows what it says, and all of it if it fails."""
        with tempfile.TemporaryFile() as errors:
            try:
                child = subprocess.Popen(command, cwd=TOP, env=self.env,
                                         stdout=subprocess.PIPE, stderr=errors)
            except EnvironmentError as why:
                self.skip(section, name, why.strerror)
                return
            for line in child.stdout:
                text = line.decode('utf-8', 'replace')
                if not self.take(text) and text.strip():
                    print('    | ' + text.rstrip())
                sys.stdout.flush()
            child.stdout.close()
            if child.wait():
                errors.seek(0)
                for line in errors.read().decode('utf-8',
                                                 'replace').splitlines():
                    print('    | ' + line)
                self.skip(section, name, 'it %s' % (
                    'ended with status %d' % child.returncode
                    if child.returncode > 0 else
                    'was ended by signal %d' % -child.returncode))

    def program(self, section, name):
        path = os.path.join(BUILD, name)
        if not os.path.isfile(path):
            self.skip(section, name, 'not built: a library is missing')
        else:
            self.start(section, name, [path])

    def script(self, section, name):
        # Debian's packages are for Debian's Python
        python = '/usr/bin/python3'
        path = os.path.join(HERE, name)
        if not os.path.isfile(path):
            self.skip(section, name, 'there is no such script')
            return
        self.start(section, name, [
            python if os.access(python, os.X_OK) else sys.executable, '-B',
            path])

    def rtneural(self, section, name):
        where, title = self.wishes.rtneural, 'RTNeural ' + name
        if not where or not rtneural.is_there(where):
            self.skip(section, title, 'it is not here: --rtneural DIR')
            return
        for form, command, why in rtneural.commands(
                where, os.path.join(BUILD, 'bench'), self.facts['can']):
            if why:
                self.skip(section, '%s: %s' % (title, form), why)
            else:
                self.start(section, title, command)

    def section(self, section, commands):
        kinds = {'PROGRAM': self.program, 'SCRIPT': self.script,
                 'RTNEURAL': self.rtneural}
        print('\n  %s\n' % section)
        for words in commands:
            kind, name = words.split()
            kinds[kind](section, name)
            for row, n_forms in self.results.settle():
                show(row, ' %s, %s' % (row['form'], 'the only form'
                                       if n_forms < 2 else
                                       'fastest of %d' % n_forms))


# ------------------------------------------------------------------ the table


def number(value):
    return '%.0f' % value if abs(value) >= 1000 else '%.3g' % value


def show(row, more=''):
    if 'why' in row:
        print('    %-54s left out: %s' % (row['name'], row['why']))
        return
    spread = '' if row['rounds'] < 2 else '%8s .. %s' % (
        number(row['low']), number(row['high']))
    print(('    %-54s %9s %-8s %-20s%s' % (
        row['name'], number(row['median']), row['unit'], spread,
        more)).rstrip())


def show_machine(facts):
    for key in sorted(facts):
        value = facts[key]
        print('  %-10s %s' % (key, ', '.join(value) if isinstance(
            value, list) else value))


def show_beside(results):
    for title, rows in results.beside():
        ours = [row for _, row in rows if is_ours(row)][0]['median']
        print('\n  %s\n' % title)
        for name, row in rows:
            print('    %-54s %9s %-8s %6.2f x ours' % (
                name, number(row['median']), row['unit'],
                row['median'] / ours))


def show_marks(marks):
    if marks:
        print('\n  What is wanted\n')
    for mark in marks:
        what = mark['figure'] + (' / ' + mark['of'] if mark['of'] else '')
        print('    %-66s %8s %s %-6g %s%s' % (
            what, number(mark['value']), mark['how'], mark['wanted'],
            '' if mark['of'] else mark['unit'] + ' ',
            'met' if mark['is_met'] else 'MISSED'))


def draw(bench, path):
    """The picture; whether there is something to be seen."""
    panels = [(title, 'µs', [
        (name, row['median'], is_ours(row)) for name, row in rows])
        for title, rows in bench.results.beside()]
    if not panels:
        return False
    caption = '%s; one thread; shorter is faster, the axis is logarithmic' % (
        bench.facts['processor'])
    with open(path, 'w', encoding='utf-8') as file:
        file.write(bars.picture(caption, panels))
    return True


def main(args):
    status = before(args)
    if status is not None:
        return status
    bench, meanwhile = Bench(read(args)), Meanwhile()
    started = time.time()
    show_machine(bench.facts)
    print('\n  Medians, and between which the middle half of the rounds lay')
    chosen = bench.wishes.sections
    for name, commands in SECTIONS:
        if not chosen or name in chosen:
            bench.section(name, commands)
    bench.facts.update(meanwhile.facts(), seconds=round(
        time.time() - started, 1))

    marks = list(bench.results.marks())
    show_beside(bench.results)
    show_marks(marks)
    if 'busy' in bench.facts:
        print('\n  Meanwhile other programs used %.0f %% of the cores, and '
              '%.0f %% were stolen.' % (100.0 * bench.facts['busy'],
                                        100.0 * bench.facts['stolen']))
    out = os.path.join(BUILD, 'bench')
    os.makedirs(out, exist_ok=True)
    path = os.path.join(out, 'bench.json')
    with open(path, 'w') as file:
        json.dump({'machine': bench.facts,
                   'rows': list(bench.results.rows.values()),
                   'skips': bench.results.skips, 'marks': marks}, file,
                  indent=1)
    print('\n  All of it: %s' % os.path.relpath(path, TOP))
    path = os.path.join(out, 'bench.svg')
    if draw(bench, path):
        print('  A picture: %s' % os.path.relpath(path, TOP))
    return 0
