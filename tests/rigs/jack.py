# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""jalv in a JACK server that has no sound card."""

import os
import subprocess
import tempfile
import time

PROGRAMS = ['stdbuf', 'jackd', 'jalv', 'jack_wait', 'jack_lsp', 'jack_connect',
            'jack_transport']


class NoServer(Exception):
    """JACK does not run here; says what it said."""


class Jack:
    """A server of our own, and the jalvs in it, until the `with` ends.

    @param env What jalv is to see: HOME, where it runs, LV2_PATH, and what
        plugins ask for.
    """

    def __init__(self, env, rate=48000, n_frames=768):
        self.name = 'perpetuo-%d' % os.getpid()
        self.env = dict(env, JACK_DEFAULT_SERVER=self.name,
                        JACK_NO_AUDIO_RESERVATION='1',
                        JACK_NO_START_SERVER='1')
        # -S: it waits for its clients, however slow the day is
        self.command = ['jackd', '--no-realtime', '-S', '-t', '10000', '-n',
                        self.name, '-d', 'dummy', '-r', str(rate), '-p',
                        str(n_frames)]
        self.clients = []

    def __enter__(self):
        self.log = tempfile.TemporaryFile()
        self.server = subprocess.Popen(self.command, env=self.env,
                                       stdin=subprocess.DEVNULL,
                                       stdout=self.log, stderr=self.log,
                                       cwd=self.env['HOME'])
        if self._call('jack_wait', '-s', self.name, '-w', '-t', '10')[0]:
            self.log.seek(0)
            said = self.log.read().decode('utf-8', 'replace').split('\n')
            self.__exit__()
            raise NoServer(' '.join(said[-3:]).strip() or 'it says nothing')
        return self

    def __exit__(self, *_):
        for client in self.clients + [self.server]:
            client.terminate()
            try:
                client.wait(10)
            except subprocess.TimeoutExpired:
                client.kill()
                client.wait()
        self.log.close()

    def _call(self, *words, text=''):
        done = subprocess.run(words, env=self.env, input=text,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              universal_newlines=True, timeout=60)
        return done.returncode, done.stdout

    def jalv(self, name, *words):
        """A jalv with this name; it reads commands, and says what it likes."""
        said = tempfile.TemporaryFile(mode='w+', encoding='utf-8',
                                      errors='replace')
        client = subprocess.Popen(
            ['stdbuf', '-oL', 'jalv', '-n', name, '-x'] + list(words),
            env=self.env, cwd=self.env['HOME'], stdin=subprocess.PIPE,
            stdout=said, stderr=subprocess.STDOUT, universal_newlines=True)
        client.said = said
        self.clients.append(client)
        for _ in range(1200):
            if '\n%s:' % name in '\n' + self._call('jack_lsp')[1]:
                return client
            if client.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError('jalv %s did not start: %s' % (
            ' '.join(words), self.said(client)))

    def said(self, client):
        client.said.seek(0)
        return client.said.read()

    def ask(self, client, until, *commands):
        """What it says to commands on its console, up to the word `until`."""
        before = len(self.said(client))
        client.stdin.write('\n'.join(commands) + '\n')
        client.stdin.flush()
        for _ in range(600):
            time.sleep(0.05)
            if until in self.said(client)[before:]:
                break
        return self.said(client)[before:]

    def connect(self, a, b):
        status, text = self._call('jack_connect', a, b)
        if status:
            raise AssertionError(text)

    def play(self, seconds):
        """From the beginning, and stop."""
        self._call('jack_transport', text='locate 0\n')
        time.sleep(1.0)
        self._call('jack_transport', text='play\n')
        time.sleep(seconds)
        self._call('jack_transport', text='stop\n')
        time.sleep(0.5)
