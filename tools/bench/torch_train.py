# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""A step of training by PyTorch, taking turns with ours (bench_train.c).

The same net, batch, window and threads: hot inputs summed from a table, dense
ones through a linear layer, LSTM layers that are normalised and masked, Adam
with clipping.  Of the forms in which PyTorch can say it, the best is told beside
ours; and of another net, not the same but common there, the best as well.
"""

import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
OURS = os.path.join(HERE, '../../build/bench_train')
SECTION = 'train'

N_HOT_INPUTS, K, D, V, L, H, B, T = 703, 16, 20, 96, 2, 256, 64, 64
N_ROUNDS = 9

# Forms of the same net, and of one whose table is narrower: the table's columns
# are as wide as a layer, not as its four gates, and go through a product then
SAME, NARROW = ('gates', 'columns'), ('narrow',)


def skip(why):
    print('\t'.join(('skip', SECTION, 'PyTorch', why)))
    sys.exit(0)


try:
    import torch
    from torch import nn
except ImportError:
    skip('python3-torch is not installed')


class Net(nn.Module):
    """One of the forms in which the net, or nearly that, can be said."""

    def __init__(self, how):
        super().__init__()
        self.how = how
        if how['table'] == 'gates':
            # All of a step is written out; the input's sums are one pass
            self.table = nn.EmbeddingBag(N_HOT_INPUTS, 4 * H, mode='sum')
            self.dense = nn.Linear(D, 4 * H)
            self.hid = nn.Linear(H, 4 * H, bias=False)
        elif how['table'] == 'narrow':
            # Less work than our net has: the LSTM is told of H numbers, and
            # not of the gates' sums
            self.table = nn.EmbeddingBag(N_HOT_INPUTS, H, mode='sum')
            self.dense = nn.Linear(D, H)
            self.first = nn.LSTM(H, H)
        else:
            # The library's LSTM reads columns, so the hot ones are spread out
            self.first = nn.LSTM(N_HOT_INPUTS + D, H)
        self.second = nn.LSTM(H, H)
        self.out = nn.Linear(H, V)

    def layer0(self, hot, dense, memory):
        if self.how['table'] == 'narrow':
            sums = self.table(hot) + self.dense(dense)
            return self.first(sums.view(T, B, H), memory)
        if self.how['table'] == 'columns':
            many = torch.zeros(T * B, N_HOT_INPUTS)
            many.scatter_add_(1, hot, torch.ones(T * B, K))
            both = torch.cat((many, dense), 1).view(T, B, -1)
            return self.first(both, memory)
        sums = (self.table(hot) + self.dense(dense)).view(T, B, 4 * H)
        h, c = memory[0][0], memory[1][0]
        outs = []
        for t in range(T):
            g = torch.addmm(sums[t], h, self.hid.weight.t())
            i, f, z, o = g.chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(z)
            h = torch.sigmoid(o) * torch.tanh(c)
            outs.append(h)
        return torch.stack(outs), (h[None], c[None])

    def forward(self, hot, dense, masks, memory):
        x, m0 = self.layer0(hot, dense, memory[0])
        x = nn.functional.layer_norm(x, (H,)) * masks[0]
        x, m1 = self.second(x, memory[1])
        x = nn.functional.layer_norm(x, (H,)) * masks[1]
        return self.out(x), (m0, m1)


class Learner(object):

    def __init__(self, how):
        torch.manual_seed(1)
        self.how = how
        self.net = Net(how)
        self.adam = torch.optim.Adam(self.net.parameters(), lr=1e-3,
                                     betas=(0.9, 0.99), foreach=True)
        zero = torch.zeros(1, B, H)
        self.memory = ((zero, zero), (zero, zero))
        self.hot = torch.randint(0, N_HOT_INPUTS, (T * B, K))
        self.dense = torch.randn(T * B, D)
        self.target = torch.randint(0, V, (T * B,))

    def step(self):
        masks = (torch.rand(L, 1, B, H) >= 0.2).float() / 0.8
        with torch.backends.mkldnn.flags(enabled=self.how['mkldnn']):
            scores, memory = self.net(self.hot, self.dense, masks, self.memory)
            loss = nn.functional.cross_entropy(scores.view(T * B, V),
                                               self.target)
            self.adam.zero_grad(set_to_none=True)
            loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.adam.step()
        self.memory = tuple((h.detach(), c.detach()) for h, c in memory)

    def time(self):
        start = time.perf_counter()
        self.step()
        return time.perf_counter() - start


def forms():
    for table in ('gates', 'columns', 'narrow'):
        for mkldnn in (True, False):
            yield {'table': table, 'mkldnn': mkldnn}


def best(tables):
    """Which form is fastest of those: each is tried a few times."""
    found = []
    for how in forms():
        if how['table'] not in tables:
            continue
        learner = Learner(how)
        learner.step()
        found.append((min(learner.time() for _ in range(3)), str(how), how))
    return min(found)[2]


def row(name, unit, figures):
    figures = sorted(figures)
    n = len(figures)
    low, high = figures[n // 4], figures[3 * n // 4]
    print('\t'.join(['row', SECTION, name, unit] + ['%.9g' % f for f in (
        statistics.median(figures), low, high, figures[0])] + [str(n)]))
    sys.stdout.flush()


def race(n_threads):
    torch.set_num_threads(n_threads)
    hows = [best(SAME), best(NARROW)]
    theirs = [Learner(how) for how in hows]
    ours = subprocess.Popen([OURS, '--serve', str(n_threads)],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def our_turn():
        ours.stdin.write(b'\n')
        ours.stdin.flush()
        return float(ours.stdout.readline())

    def their_turn(learner):
        took = learner.time()
        time.sleep(0.05)  # Its threads look for work before they sleep
        return took

    def turn():
        return [our_turn()] + [their_turn(learner) for learner in theirs]

    turn()
    turns = [turn() for _ in range(N_ROUNDS)]
    ours.stdin.close()
    ours.wait()

    threads = '%d thread%s' % (n_threads, 's'[:n_threads - 1])
    row('tokens, %s, ours' % threads, '/s', [T * B / t[0] for t in turns])
    for i, what in enumerate(('PyTorch', 'a narrower net in PyTorch'), 1):
        row('tokens, %s, %s' % (threads, what), '/s',
            [T * B / t[i] for t in turns])
        row('ours / %s, %s' % (what, threads), 'times',
            [t[i] / t[0] for t in turns])
        how = hows[i - 1]
        print('    PyTorch %s, %s: the best form is "%s, mkldnn %s"' % (
            torch.__version__, threads, how['table'],
            'on' if how['mkldnn'] else 'off'))
    sys.stdout.flush()


def main(args):
    if not os.path.isfile(OURS):
        skip('bench_train is not built')
    if args:
        race(int(args[0]))
        return
    for n_threads in range(1, min(os.cpu_count() or 1, 2) + 1):
        # OpenBLAS, below it, takes all cores unless it is told before it begins
        count = str(n_threads)
        subprocess.call(
            [sys.executable, '-B', os.path.realpath(__file__), count],
            env=dict(os.environ, OPENBLAS_NUM_THREADS=count,
                     OMP_NUM_THREADS=count, MKL_NUM_THREADS=count))


if __name__ == '__main__':
    main(sys.argv[1:])
