# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""The sweep as it is typed: good and bad words, and what it leaves behind."""

import json
import os
import subprocess
import tempfile

from check import BUILD, check, run

SWEEP = os.path.join(BUILD, 'perpetuo-sweep')


def say(*words, cwd=None):
    """Run the sweep; exit status, what it printed, what it complained of."""
    done = subprocess.run([SWEEP] + list(words), cwd=cwd, timeout=300,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True,
                          errors='replace')
    return done.returncode, done.stdout, done.stderr


def test_explains_itself():
    status, text, _ = say('--help')
    check(status == 0, text)
    for word in ('--real', '--map', '--style', '--seeds', '--bars', '--models',
                 '--output'):
        check(word in text, '"%s" is not in:\n%s' % (word, text))


def test_refuses_nonsense():
    with tempfile.TemporaryDirectory(prefix='perpetuo-sweep-') as room:
        open(os.path.join(room, 'file'), 'w').close()
        for words, said in (
                (['--wings', '2'], '--wings'),
                (['--seeds'], '--seeds'),
                (['--seeds', '0'], 'whole number'),
                (['--seeds', '65'], 'whole number'),
                (['--seeds', '2x'], '2x'),
                (['--bars', '6'], 'fours'),
                (['--style', 'polka'], 'polka'),
                (['--style', 'baroque'], 'lacks'),
                (['--style', 'house,'], 'no style'),
                (['--map', 'file'], '--real'),
                (['--real', ''], 'empty'),
                (['--real', '/nowhere'], '/nowhere'),
                (['--models', '/nowhere'], '/nowhere'),
                (['--output', 'file'], 'file')):
            if '--output' not in words:
                words = words + ['--output', 'out']
            status, text, error = say(*words, cwd=room)
            check(0 < status < 128, '%s: status %s' % (words, status))
            check(said in error, '%s: "%s" is not in:\n%s' % (
                words, said, error))
            check('perpetuo-sweep: ' in error and not text, error + text)
            check(error.strip().endswith('.'), 'no sentence: %s' % error)
            check(not os.path.exists(os.path.join(room, 'out/sweep.json')),
                  '%s left a report' % words)


def test_sweeps():
    """Small, with the models that are built: the same each time, and sound."""
    with tempfile.TemporaryDirectory(prefix='perpetuo-sweep-') as room:
        words = ['--seeds', '1', '--bars', '8', '--style', 'techno']
        status, text, error = say(*words, '--output', 'a/b', cwd=room)
        check(status == 0, text + error)
        folder = os.path.join(room, 'a/b')
        check(sorted(os.listdir(folder)) == [
            'sweep.html', 'sweep.json', 'sweep.txt'], os.listdir(folder))
        check('not measured' in text and '--real' in text, text)
        with open(os.path.join(folder, 'sweep.txt')) as file:
            check(text.startswith(file.read()), 'sweep.txt says other things')
        with open(os.path.join(folder, 'sweep.html')) as file:
            page = file.read()
        check('<svg' in page and '</html>' in page, page[-300:])
        check('nan' not in page and '<script' not in page, 'a bad page')

        with open(os.path.join(folder, 'sweep.json')) as file:
            found = json.load(file)
        check('morphs' not in found, found)
        knobs = {(k['knob'], k['measure']): k for k in found['knobs']}
        check(len(knobs) == 7, sorted(knobs))
        for knob in knobs.values():
            check([s['style'] for s in knob['styles']] == ['techno'], knob)
            check(len(knob['styles'][0]['curve']) == 11, knob)

        # These are learned, and can be relied on in so little music
        for name in (('melody_density', 'melody notes per bar'),
                     ('register', 'mean pitch')):
            check(knobs[name]['worst'] > 0.7, knobs[name])
        scales = found['scale_lock']
        check(scales['verdict'] == 'aim reached', scales)
        check(all(s['notes'] == s['inside'] for s in scales['scales']), scales)

        status, again, _ = say(*words, '--output', 'c', cwd=room)
        check(status == 0, again)
        with open(os.path.join(room, 'c/sweep.html')) as file:
            check(page == file.read(), 'another page the second time')


if __name__ == '__main__':
    if not os.path.isfile(SWEEP):
        print('skip test_sweep_cli: perpetuo-sweep was not built')
        raise SystemExit(77)
    run(test_explains_itself, test_refuses_nonsense, test_sweeps)
