# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""The benchmarks' driver: what it reads, compares, shows and leaves behind.

Nothing is timed here: all figures are made up.
"""

import contextlib
import io
import json
import os
import platform
import stat
import sys
import tempfile
import xml.dom.minidom

from check import TOP, check, run
from test_cli import Copy, refused, works

sys.path.insert(0, os.path.join(TOP, 'tools/bench'))
import bars  # noqa: E402
import bench  # noqa: E402
import onnx_step  # noqa: E402
import race  # noqa: E402
import rtneural  # noqa: E402


def row(name, median, unit='us', section='kernels', n=41):
    return '\t'.join(['row', section, name, unit] + [
        '%.9g' % (median * f) for f in (1, 0.9, 1.1, 0.8)] + [str(n)]) + '\n'


def results(*lines):
    found = bench.Results()
    for line in lines:
        check(found.take(line), 'not taken: %r' % line)
    return found


@contextlib.contextmanager
def instead(**names):
    """Other values for names of the driver, for a while."""
    kept = {name: getattr(bench, name) for name in names}
    for name, value in names.items():
        setattr(bench, name, value)
    try:
        yield
    finally:
        for name, value in kept.items():
            setattr(bench, name, value)


@contextlib.contextmanager
def environment(**names):
    kept = dict(os.environ)
    os.environ.update(names)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def said(function, *args):
    """What it returns, and what it prints and complains of."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        value = function(*args)
    return value, out.getvalue(), errors.getvalue()


def write_program(path, *lines):
    with open(path, 'w') as file:
        file.write('#!/bin/sh\n' + '\n'.join(lines) + '\n')
    os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)


def printing(*rows):
    return ["printf '%%s\\n' '%s'" % text.rstrip('\n') for text in rows]


def test_it_is_typed():
    with Copy() as copy:
        works(copy.type('bench', '--help'), 'kernels', 'phrase', 'audio',
              'load', 'train', '--quick', '--rounds', '--all', '--rtneural',
              '--onnxruntime')
        refused(copy.type('bench', 'polka'), '"polka"', 'kernels')
        check(not os.path.exists(os.path.join(copy.top, 'build/perpetuo.lv2')),
              'it was built first')


def test_nonsense_is_refused_with_a_sentence():
    with tempfile.TemporaryDirectory() as room:
        for words, part in ((['kernel'], '"kernel"'),
                            (['--wings'], '"--wings"'),
                            (['--quick=1'], '"--quick"'),
                            (['--rounds'], '--rounds needs'),
                            (['--rounds', 'many'], '"many"'),
                            (['--rounds', '2'], 'from 3 to 512'),
                            (['--rounds', '513'], 'from 3 to 512'),
                            (['--rounds=-9'], '"-9"'),
                            (['--rtneural', '/nowhere'], '/nowhere'),
                            (['--rtneural', room], 'RTNeural.h'),
                            (['--onnxruntime='], 'folder ""')):
            status, out, errors = said(bench.main, words)
            check(status == 2 and not out, '%s: %s %s' % (words, status, out))
            check(part in errors and errors.count('.\n') == 2, errors)


def test_words_are_read():
    with tempfile.TemporaryDirectory() as room:
        os.makedirs(os.path.join(room, 'RTNeural'))
        open(os.path.join(room, 'RTNeural/RTNeural.h'), 'w').close()
        with environment(PERPETUO_CWD=os.path.dirname(room), RTNEURAL='/r',
                         ONNXRUNTIME='/o'):
            wishes = bench.read([])
            check((wishes.sections, wishes.rounds, wishes.is_all) ==
                  ([], 0, False), 'not as nothing was wished')
            check((wishes.rtneural, wishes.onnxruntime) == ('/r', '/o'),
                  'not from the environment')
            wishes = bench.read(['audio', '--rtneural', os.path.basename(room),
                                 '--rounds=7', 'load', '--all'])
    check(wishes.sections == ['audio', 'load'], wishes.sections)
    check(wishes.rtneural == room, wishes.rtneural)
    check((wishes.rounds, wishes.is_all) == (7, True), 'not as wished')
    check(bench.read(['--quick']).rounds < 41, 'not quick')


def test_rows_are_read():
    found = results(row('step, 2x256', 20.0), 'skip\tload\tjalv\tnot here\n')
    check(found.rows['kernels/step, 2x256'] == {
        'section': 'kernels', 'name': 'step, 2x256', 'unit': 'us',
        'median': 20.0, 'low': 18.0, 'high': 22.0, 'best': 16.0,
        'rounds': 41}, found.rows)
    check(found.skips == [{'section': 'load', 'name': 'jalv',
                           'why': 'not here'}], found.skips)
    for line in ('', 'hello\n', 'row\n', 'row\ta\tb\tus\t1\t1\t1\t1\n',
                 'row\ta\tb\tus\t1\tfast\t1\t1\t3\n', 'skip\ta\tb\n'):
        check(not found.take(line), 'taken: %r' % line)
    check(len(found.rows) == 1 and len(found.skips) == 1, 'too many')


def test_the_fastest_form_stands_for_a_library():
    found = results(row('Torch step: plain', 90.0), row('Torch step: jit', 70.0),
                    row('Torch step: int8', 80.0), row('step', 20.0))
    settled = found.settle()
    check(len(settled) == 1 and settled[0][1] == 3, settled)
    best = found.rows['kernels/Torch step']
    check((best['name'], best['form'], best['median']) ==
          ('Torch step', 'jit', 70.0), best)
    check('form' not in found.rows['kernels/Torch step: jit'], 'changed a row')
    check(not found.settle(), 'settled twice')


def test_marks():
    marks = [('kernels/step', '<=', 0.25, 'kernels/sgemv'),
             ('kernels/step', '<=', 0.2, 'kernels/sgemv'),
             ('kernels/rate', '>=', 0.8, 'kernels/peak'),
             ('kernels/rate', '>=', 0.9, 'kernels/peak'),
             ('kernels/step', '<=', 30, None), ('kernels/step', '<=', 19, None),
             ('kernels/step', '<=', 1, 'kernels/not measured'),
             ('kernels/not measured', '<=', 1, None)]
    found = results(row('step', 20.0), row('sgemv', 80.0),
                    row('rate', 85.0, 'GB/s'), row('peak', 100.0, 'GB/s'))
    with instead(MARKS=marks):
        told = list(found.marks())
    check([mark['value'] for mark in told] == [0.25, 0.25, 0.85, 0.85, 20, 20],
          told)
    check([mark['is_met'] for mark in told] == [
        True, False, True, False, True, False], told)
    _, text, _ = said(bench.show_marks, told)
    check(text.count(' met\n') == 3 and text.count(' MISSED\n') == 3, text)
    check(said(bench.show_marks, [])[1] == '', 'speaks of nothing')


def test_every_mark_is_of_a_section():
    known = [name for name, _ in bench.SECTIONS]
    for figure, how, factor, other in bench.MARKS:
        for name in (figure, other or figure):
            check(name.partition('/')[0] in known and ': ' not in name, name)
        check(how in ('<=', '>=') and factor >= 0, figure)
        check(factor or not other, figure)  # Nothing is 0 times another


def test_the_table_is_straight():
    found = results(row('step', 21.34), row('a phrase of many words', 1234.5),
                    row('tiny', 0.01234, 'ns'), row('once', 7.0, n=1))
    lines = [said(bench.show, r)[1] for r in found.rows.values()]
    units = {line.index(' us ' if ' us' in line.replace('\n', ' ') else ' ns ')
             for line in [line.replace('\n', ' ') for line in lines]}
    check(len(units) == 1, '\n'.join(lines))
    check('21.3' in lines[0] and '19.2 .. 23.5' in lines[0], lines[0])
    check('1234 ' in lines[1] and '0.0123' in lines[2], lines[1] + lines[2])
    check('..' not in lines[3], lines[3])
    _, text, _ = said(bench.show, {'name': 'x', 'why': 'no such thing'})
    check('left out: no such thing' in text, text)


STEPS = [row('step, 2x256, 1 in lock-step', 20.0),
         row('step, 2x256, 8 in lock-step', 90.0),
         row('Other <1> step, 2x256: good', 40.0),
         row('Other <1> step, 2x256: bad', 60.0),
         row('peak, 2x256', 0.8, 'share')]


def test_what_is_the_same_work_stands_together():
    found = results(*STEPS)
    found.settle()
    beside = list(found.beside())
    check([(title, [name for name, _ in rows]) for title, rows in beside] == [
        (bench.BESIDE[0][0], ['Perpetuo', 'Other <1> (good)'])], beside)
    _, text, _ = said(bench.show_beside, found)
    check('2.00 x ours' in text and '1.00 x ours' in text, text)
    check(not list(results(STEPS[0]).beside()), 'alone, and compared')


def test_bars_are_as_long_as_their_logarithm():
    text = bars.picture('c & d', [('t', 'us', [
        ('a', 10.0, True), ('b', 100.0, False), ('c', 1000.0, False)])])
    page = xml.dom.minidom.parseString(text)
    wide = [float(r.getAttribute('width'))
            for r in page.getElementsByTagName('rect')[1:]]
    check(wide[0] > 10.0 and abs(wide[1] - 2 * wide[0]) < 0.2
          and abs(wide[2] - 3 * wide[0]) < 0.2, wide)
    check(bars.decades([3.0, 42.0]) == (0, 2), bars.decades([3.0, 42.0]))
    check(bars.decades([10.0]) == (0, 1), bars.decades([10.0]))
    check(bars.decades([20.0]) == (1, 2), bars.decades([20.0]))


def run_fakes(room, *words):
    """The driver with programs that only say something."""
    write_program(os.path.join(room, 'good'), 'echo "said $NOISE"',
                  'echo "rounds $PERPETUO_BENCH_ROUNDS"', *printing(*STEPS))
    write_program(os.path.join(room, 'bad'), 'echo before',
                  'echo "out of luck" >&2', 'exit 3')
    sections = [('kernels', ['PROGRAM good', 'PROGRAM bad', 'RTNEURAL step',
                             'SCRIPT no_such.py']),
                ('load', ['PROGRAM never'])]
    with instead(BUILD=room, SECTIONS=sections,
                 MARKS=[('kernels/step, 2x256, 1 in lock-step', '<=', 0.1,
                         'kernels/Other <1> step, 2x256')]):
        with environment(NOISE='aloud', RTNEURAL='', CXX='no-such-compiler'):
            return said(bench.main, list(words))


def test_a_run_leaves_everything_behind():
    with tempfile.TemporaryDirectory() as room:
        status, text, errors = run_fakes(room)
        with open(os.path.join(room, 'bench/bench.json')) as file:
            told = json.load(file)
        with open(os.path.join(room, 'bench/bench.svg'),
                  encoding='utf-8') as file:
            picture = file.read()
    check(status == 0, 'a missed mark is no failure: %s\n%s' % (status, errors))
    for words in ('said aloud', 'out of luck', 'before', 'status 3', 'MISSED',
                  '--rtneural DIR', 'good, fastest of 2', 'no such script',
                  'Perpetuo', 'processor'):
        check(words in text, '"%s" is not in:\n%s' % (words, text))
    check('2x256: bad' not in text, 'a slower form is shown:\n' + text)

    for key in ('processor', 'cores', 'can', 'caches', 'memory', 'governor',
                'hypervisor', 'system', 'libc', 'compiler', 'load', 'when', 'seconds'):
        check(key in told['machine'], '%s is not told' % key)
    names = [r['name'] for r in told['rows']]
    check('Other <1> step, 2x256: bad' in names, names)
    check('Other <1> step, 2x256' in names, names)
    check([(m['value'], m['is_met']) for m in told['marks']] == [(0.5, False)],
          told['marks'])
    check([s['name'] for s in told['skips']] == [
        'bad', 'RTNeural step', 'no_such.py', 'never'], told['skips'])
    xml.dom.minidom.parseString(picture)
    check('Other &lt;1&gt;' in picture, picture)


def test_a_run_does_what_was_wished():
    with tempfile.TemporaryDirectory() as room:
        _, text, _ = run_fakes(room, 'load')
        check('left out: not built' in text and 'aloud' not in text, text)
        check('picture' not in text, text)
        _, text, _ = run_fakes(room, 'kernels', '--rounds', '5', '--all')
        check('rounds 5' in text and '2x256: bad' in text, text)
        check('never' not in text, text)


def test_an_rtneural_that_cannot_be_compiled_is_left_out():
    with tempfile.TemporaryDirectory() as room:
        with environment(CXX='no-such-compiler'):
            told = list(rtneural.commands(room, room, []))
            check(len(told) == 1 and 'Debian: g++' in told[0][2], told)
        os.makedirs(os.path.join(room, 'RTNeural'))
        open(os.path.join(room, 'RTNeural/RTNeural.h'), 'w').close()
        write_program(os.path.join(room, 'cxx'), 'echo x.h:1: error: no luck',
                      'exit 1')
        with environment(CXX=os.path.join(room, 'cxx'), CC='true'):
            told = list(rtneural.commands(room, room, ['avx2']))
    check([form for form, _, _ in told] == [
        form for form, _, _, _, _ in rtneural.FORMS], told)
    check(all('no luck' in why and command is None
              for _, command, why in told), told)


def test_a_race_in_python():
    ran = []
    kept, race.TURN_S = race.TURN_S, 1e-5
    try:
        told = race.race([(name, lambda name=name: ran.append(name))
                          for name in 'ab'], 5)
    finally:
        race.TURN_S = kept
    check([name for name, _ in told] == ['a', 'b'], told)
    check(all(len(f) == 5 and f == sorted(f) for _, f in told), told)
    changes = sum(x != y for x, y in zip(ran, ran[1:]))
    check(changes == 11, 'they took %d turns' % (changes + 1))
    _, text, _ = said(race.show, 'kernels', 'x', 'us', 1e6, [1e-6, 2e-6, 4e-6])
    found = results(text).rows['kernels/x']
    check((found['median'], found['best'], found['rounds']) == (2.0, 1.0, 3),
          found)
    _, text, _ = said(race.skip, 'kernels', 'x', 'why not')
    check(results(text).skips[0]['why'] == 'why not', text)


def test_a_model_is_written_as_protobuf():
    check(onnx_step.put(1, 150) == b'\x08\x96\x01', onnx_step.put(1, 150))
    check(onnx_step.put(2, 'testing') == b'\x12\x07testing', 'a text')
    check(onnx_step.put(3, 1.0) == b'\x1d\0\0\x80\x3f', 'a float')
    rows = bytes(range(6))
    check(onnx_step.transposed(rows, 3) == bytes([0, 3, 1, 4, 2, 5]), 'turned')
    net = onnx_step.Net(4)
    check(net.R[0] == onnx_step.Net(4).R[0] and net.R[0] != net.R[1],
          'other weights')
    for _, layer, product in onnx_step.FORMS:
        check(b'com.microsoft' in onnx_step.step_model(net, layer, product),
              'no model')


def test_the_library_for_this_machine_is_found():
    ours = {'x86_64': 'x64', 'aarch64': 'arm64'}.get(platform.machine(),
                                                     platform.machine())
    with tempfile.TemporaryDirectory() as room:
        check(onnx_step.find(room) is None, 'found in an empty folder')
        for machine in ('aaa', ours, 'zzz'):
            os.makedirs(os.path.join(room, 'linux', machine))
            open(os.path.join(room, 'linux', machine,
                              'libonnxruntime.so.1'), 'w').close()
        found = onnx_step.find(room)
        check('/%s/' % ours in found, found)
        check(onnx_step.find(found) == found, 'a file is not taken as it is')
        _, text, _ = said(onnx_step.main, [found])
        check(results(text).skips[0]['name'] == 'ONNX Runtime step', text)


if __name__ == '__main__':
    run(test_it_is_typed, test_nonsense_is_refused_with_a_sentence,
        test_words_are_read, test_rows_are_read,
        test_the_fastest_form_stands_for_a_library, test_marks,
        test_every_mark_is_of_a_section, test_the_table_is_straight,
        test_what_is_the_same_work_stands_together,
        test_bars_are_as_long_as_their_logarithm,
        test_a_run_leaves_everything_behind,
        test_a_run_does_what_was_wished,
        test_an_rtneural_that_cannot_be_compiled_is_left_out,
        test_a_race_in_python, test_a_model_is_written_as_protobuf,
        test_the_library_for_this_machine_is_found)
