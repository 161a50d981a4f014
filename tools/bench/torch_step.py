# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""What PyTorch's step costs, in several ways to ask for it.

64 numbers go in, two LSTM layers, 96 come out: see rtneural_step.cpp.  One
sequence, one thread, no gradients; the state of each step goes into the next.
"""

import os

import race

# The BLAS below it does not ask PyTorch how many threads there may be
for _name in ('OPENBLAS_NUM_THREADS', 'OMP_NUM_THREADS', 'MKL_NUM_THREADS'):
    os.environ[_name] = '1'

SECTION = 'kernels'
N_IN, N_OUT = 64, 96
SIZES = (256, 512)

# For int8.  Without qnnpack: it complains of itself in every step, which takes
# longer than the step, and is for telephones.
ENGINES = ('x86', 'fbgemm', 'onednn')

try:
    import torch
    from torch import nn
except ImportError:
    torch = None


def modules(torch, H):
    """Ways to say the same net."""

    class Layers(nn.Module):
        """nn.LSTM, with a sequence of one"""

        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(N_IN, H, 2)
            self.out = nn.Linear(H, N_OUT)

        def forward(self, x, h, c):
            y, (h, c) = self.lstm(x, (h, c))
            return self.out(y[0]), h, c

        def example(self):
            return (torch.rand(1, 1, N_IN), torch.zeros(2, 1, H),
                    torch.zeros(2, 1, H))

    class Cells(nn.Module):
        """nn.LSTMCell, twice"""

        def __init__(self):
            super().__init__()
            self.first = nn.LSTMCell(N_IN, H)
            self.second = nn.LSTMCell(H, H)
            self.out = nn.Linear(H, N_OUT)

        def forward(self, x, h0, c0, h1, c1):
            h0, c0 = self.first(x, (h0, c0))
            h1, c1 = self.second(h0, (h1, c1))
            return self.out(h1), h0, c0, h1, c1

        def example(self):
            return (torch.rand(1, N_IN),) + 4 * (torch.zeros(1, H),)

    class Products(nn.Module):
        """Matrix times vector, and the cell by hand"""

        def __init__(self):
            super().__init__()
            self.W0 = nn.Parameter(torch.rand(4 * H, N_IN + H) * 0.2 - 0.1)
            self.W1 = nn.Parameter(torch.rand(4 * H, H + H) * 0.2 - 0.1)
            self.Wo = nn.Parameter(torch.rand(N_OUT, H) * 0.2 - 0.1)
            self.b0 = nn.Parameter(torch.rand(4 * H) * 0.2 - 0.1)
            self.b1 = nn.Parameter(torch.rand(4 * H) * 0.2 - 0.1)
            self.bo = nn.Parameter(torch.rand(N_OUT) * 0.2 - 0.1)

        def cell(self, W, b, x, h, c):
            z = torch.addmv(b, W, torch.cat((x, h)))
            s = torch.sigmoid(z[:3 * H])
            c = s[:H] * c + s[H:2 * H] * torch.tanh(z[3 * H:])
            return s[2 * H:] * torch.tanh(c), c

        def forward(self, x, h0, c0, h1, c1):
            h0, c0 = self.cell(self.W0, self.b0, x, h0, c0)
            h1, c1 = self.cell(self.W1, self.b1, h0, h1, c1)
            return torch.addmv(self.bo, self.Wo, h1), h0, c0, h1, c1

        def example(self):
            return (torch.rand(N_IN),) + 4 * (torch.zeros(H),)

    return (('nn.LSTM', Layers), ('nn.LSTMCell', Cells),
            ('addmv', Products))


def stepper(run, example):
    """A step that goes on from the last."""
    x, state = example[0], list(example[1:])

    def step():
        state[:] = run(x, *state)[1:]
    return step


def compiled(torch, module, example):
    traced = torch.jit.trace(module, example)
    return torch.jit.optimize_for_inference(torch.jit.freeze(traced.eval()))


def forms(torch, H):
    """(name, step) of all that this PyTorch can do."""
    engines = [e for e in ENGINES
               if e in torch.backends.quantized.supported_engines]
    for name, kind in modules(torch, H):
        module = kind().eval()
        example = module.example()
        yield 'step, 2x%d: %s' % (H, name), stepper(module, example)
        yield 'step, 2x%d: %s, traced' % (H, name), stepper(
            compiled(torch, module, example), example)
        for engine in engines if name != 'addmv' else ():
            torch.backends.quantized.engine = engine
            small = torch.quantization.quantize_dynamic(
                kind().eval(), {nn.LSTM, nn.LSTMCell, nn.Linear}, torch.qint8)
            yield 'int8 step, 2x%d: %s, %s' % (
                H, name, engine), stepper(small, example)
            yield 'int8 step, 2x%d: %s, %s, traced' % (H, name, engine), stepper(
                torch.jit.freeze(torch.jit.trace(small, example).eval()),
                example)


def those_that_run(forms):
    """Not every engine can do every thing: leave out what fails at once."""
    while True:
        try:
            name, step = next(forms)
            for _ in range(8):  # A trace is optimised during its first runs
                step()
            yield name, step
        except StopIteration:
            return
        except (RuntimeError, NotImplementedError, AttributeError) as trouble:
            print('PyTorch: %s' % str(trouble).splitlines()[0])


def main():
    if not torch:
        race.skip(SECTION, 'PyTorch step',
                  'it is not here (Debian: python3-torch)')
        return
    print('PyTorch %s' % torch.__version__, flush=True)
    torch.set_num_threads(1)
    for H in SIZES:
        torch.manual_seed(1)
        with torch.inference_mode():
            found = race.race(list(those_that_run(forms(torch, H))))
        for name, figures in found:
            race.show(SECTION, 'PyTorch ' + name, 'us', 1e6, figures)


if __name__ == '__main__':
    main()
