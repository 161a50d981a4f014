# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""What ONNX Runtime's step costs, in several ways to ask for it.

64 numbers go in, two LSTM layers, 96 come out: see rtneural_step.cpp.  One
sequence, one thread; state goes out of one run and into the next without a
copy.  The models are written here, and the library is called by its C
interface; ONNX and Python packages are not needed, only libonnxruntime.so:
argument 1, or the folder it is somewhere in.

A call from Python costs about a microsecond, which is in the figures.
"""

import array
import ctypes
import ctypes.util
import importlib.util
import os
import platform
import random
import struct
import sys

import race

SECTION = 'kernels'
N_IN, N_OUT = 64, 96
SIZES = (256, 512)
SCALE = 0.1 / 127  # Of weights

# Between forms of a net after three steps.  Rounding to int8 makes a thousandth
# of it; two gates that have been mistaken for each other, fifteen.
TOLERANCE = 0.004

# ------------------------------------------------------- a model as protobuf


def varint(n):
    out = b''
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def put(number, value):
    """A field: a whole number, a float, text, or bytes of a message."""
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack('<f', value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


# Numbers of the fields, and of types, as onnx.proto has them
FLOAT, INT8, INT64 = 1, 3, 7


def node(kind, inputs, outputs, domain='', **attributes):
    out = b''.join([put(1, name) for name in inputs] +
                   [put(2, name) for name in outputs] + [put(4, kind)])
    for name, value in attributes.items():
        out += put(5, put(1, name) + put(3, value) + put(20, 2))
    return out + put(7, domain)


def tensor(name, kind, shape, data):
    return b''.join([put(1, n) for n in shape] + [
        put(2, kind), put(8, name), put(9, data)])


def value_info(name, shape):
    dims = b''.join(put(1, put(1, n)) for n in shape)
    return put(1, name) + put(2, put(1, put(1, FLOAT) + put(2, dims)))


def model(nodes, tensors, inputs, outputs):
    graph = b''.join([put(1, n) for n in nodes] + [put(2, 'step')] +
                     [put(5, t) for t in tensors] +
                     [put(11, value_info(*i)) for i in inputs] +
                     [put(12, value_info(*o)) for o in outputs])
    return (put(1, 8) + put(7, graph) + put(8, put(1, '') + put(2, 14)) +
            put(8, put(1, 'com.microsoft') + put(2, 1)))


# ------------------------------------------------------------------- the nets


def random_weights(seed, n):
    """Whole numbers from -127 to 127 as bytes."""
    table = bytes((b % 255 - 127) & 0xFF for b in range(256))
    return random.Random(seed).randbytes(n).translate(table)


def floats(weights):
    return array.array('f', [SCALE * w for w in array.array(
        'b', weights)]).tobytes()


def transposed(weights, n_columns):
    return b''.join(weights[j::n_columns] for j in range(n_columns))


class Net:
    """What all forms are made of: the same weights."""

    def __init__(self, H):
        self.H = H
        self.sizes = (N_IN, H)  # What goes into the layers
        self.W = [random_weights(i, n * 4 * H)
                  for i, n in enumerate(self.sizes)]
        self.R = [random_weights(i + 2, H * 4 * H) for i in range(2)]
        self.b = [floats(random_weights(i + 4, 4 * H)) for i in range(2)]
        self.Wo = random_weights(6, H * N_OUT)
        self.bo = floats(random_weights(7, N_OUT))


def layer_float(net, i, into):
    """An LSTM operator."""
    H, k = net.H, str(i)
    tensors = [
        tensor('W' + k, FLOAT, (1, 4 * H, net.sizes[i]),
               floats(transposed(net.W[i], 4 * H))),
        tensor('R' + k, FLOAT, (1, 4 * H, H),
               floats(transposed(net.R[i], 4 * H))),
        tensor('b' + k, FLOAT, (1, 8 * H), net.b[i] + bytes(16 * H))]
    return [node('LSTM', [into, 'W' + k, 'R' + k, 'b' + k, '', 'h' + k,
                          'c' + k], ['', 'H' + k, 'C' + k],
                 hidden_size=H)], tensors


def layer_int8(net, i, into):
    """Its quantised sister."""
    H, k = net.H, str(i)
    tensors = [
        tensor('W' + k, INT8, (1, net.sizes[i], 4 * H), net.W[i]),
        tensor('R' + k, INT8, (1, H, 4 * H), net.R[i]),
        tensor('b' + k, FLOAT, (1, 8 * H), net.b[i] + bytes(16 * H)),
        tensor('s' + k, FLOAT, (1,), struct.pack('<f', SCALE)),
        tensor('z' + k, INT8, (1,), bytes(1))]
    return [node('DynamicQuantizeLSTM', [
        into, 'W' + k, 'R' + k, 'b' + k, '', 'h' + k, 'c' + k, '', 's' + k,
        'z' + k, 's' + k, 'z' + k], ['', 'H' + k, 'C' + k], 'com.microsoft',
        hidden_size=H)], tensors


def product_float(weights, shape, bias, names):
    """names: input, output, and a prefix."""
    into, out, k = names
    return [node('MatMul', [into, k + 'W'], [k + 'p']),
            node('Add', [k + 'p', k + 'b'], [out])], [
        tensor(k + 'W', FLOAT, shape, floats(weights)),
        tensor(k + 'b', FLOAT, shape[1:], bias)]


def product_int8(weights, shape, bias, names):
    into, out, k = names
    return [node('DynamicQuantizeMatMul', [
        into, k + 'W', k + 's', k + 'z', k + 'b'], [out], 'com.microsoft')], [
        tensor(k + 'W', INT8, shape, weights),
        tensor(k + 's', FLOAT, (1,), struct.pack('<f', SCALE)),
        tensor(k + 'z', INT8, (1,), bytes(1)),
        tensor(k + 'b', FLOAT, shape[1:], bias)]


def cell(product):
    """A layer from smaller operators: one product, and what follows it."""
    def layer(net, i, into):
        H, k = net.H, str(i)
        nodes, tensors = product(
            net.W[i] + net.R[i], (net.sizes[i] + H, 4 * H), net.b[i],
            (k + 'x', k + 'y', k + 'p'))
        tensors.append(tensor(k + 'n', INT64, (2,),
                              struct.pack('<2q', 3 * H, H)))
        tensors.append(tensor(k + 'm', INT64, (3,),
                              struct.pack('<3q', H, H, H)))
        return [node('Concat', [into, 'h' + k], [k + 'x'], axis=2)
                ] + nodes + [
            node('Split', [k + 'y', k + 'n'], [k + 'iof', k + 'g'], axis=2),
            node('Sigmoid', [k + 'iof'], [k + 'IOF']),
            node('Split', [k + 'IOF', k + 'm'], [k + 'i', k + 'o', k + 'f'],
                 axis=2),
            node('Tanh', [k + 'g'], [k + 'G']),
            node('Mul', [k + 'i', k + 'G'], [k + 'iG']),
            node('Mul', [k + 'f', 'c' + k], [k + 'fc']),
            node('Add', [k + 'iG', k + 'fc'], ['C' + k]),
            node('Tanh', ['C' + k], [k + 'tC']),
            node('Mul', [k + 'o', k + 'tC'], ['H' + k])], tensors
    return layer


FORMS = [  # name, a layer, a product
    ('step, 2x%d: LSTM', layer_float, product_float),
    ('step, 2x%d: MatMul', cell(product_float), product_float),
    ('int8 step, 2x%d: DynamicQuantizeLSTM', layer_int8, product_int8),
    ('int8 step, 2x%d: DynamicQuantizeMatMul', cell(product_int8),
     product_int8),
]


def step_model(net, layer, product):
    state = [(name + k, (1, 1, net.H)) for k in '01' for name in 'hc']
    nodes, tensors = layer(net, 0, 'x')
    for more, others in (layer(net, 1, 'H0'), product(
            net.Wo, (net.H, N_OUT), net.bo, ('H1', 'y', 'o'))):
        nodes, tensors = nodes + more, tensors + others
    return model(nodes, tensors, [('x', (1, 1, N_IN))] + state,
                 [('y', (1, 1, N_OUT))] + [
                     (name.upper(), shape) for name, shape in state])


# ---------------------------------------------------------------- the library

# Where functions stand in the table of version 13; they never move
API_VERSION = 13
API = {'error_message': 2, 'create_env': 3, 'create_session': 8,
       'create_options': 10, 'set_level': 23, 'set_intra': 24,
       'set_inter': 25, 'create_tensor': 49, 'create_memory_info': 69,
       'run': 133, 'create_binding': 134, 'bind_input': 136,
       'bind_output': 137}


class Trouble(Exception):
    pass


class Library:
    """A libonnxruntime.so."""

    def __init__(self, path):
        table = ctypes.CDLL(path).OrtGetApiBase
        table.restype = ctypes.POINTER(ctypes.c_void_p)
        base = table()
        get_api = ctypes.CFUNCTYPE(ctypes.POINTER(ctypes.c_void_p),
                                   ctypes.c_uint32)(base[0])
        version = ctypes.CFUNCTYPE(ctypes.c_char_p)(base[1])
        self.version = version().decode()
        self.api = get_api(API_VERSION)
        if not self.api:
            raise Trouble('%s is too old' % self.version)
        self.message = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_void_p)(
            self.api[API['error_message']])
        self.env = self.make('create_env', ctypes.c_int(3), b'bench')
        self.info = self.make('create_memory_info', ctypes.c_int(1),
                              ctypes.c_int(0))
        self.kept = []  # What is bound has to stay

    def function(self, name, *types):
        return ctypes.CFUNCTYPE(ctypes.c_void_p, *types)(
            self.api[API[name]])

    def call(self, name, *args):
        status = self.function(name, *[type(a) if isinstance(
            a, ctypes._SimpleCData) else ctypes.c_char_p if isinstance(
                a, bytes) else ctypes.c_void_p for a in args])(*args)
        if status:
            raise Trouble(self.message(status).decode())

    def make(self, name, *args):
        out = ctypes.c_void_p()
        self.call(name, *args, ctypes.addressof(out))
        return out.value

    def session(self, contents):
        options = self.make('create_options')
        self.call('set_level', options, ctypes.c_int(99))
        self.call('set_intra', options, ctypes.c_int(1))
        self.call('set_inter', options, ctypes.c_int(1))
        return self.make('create_session', self.env, contents,
                         ctypes.c_size_t(len(contents)), options)

    def buffer(self, values):
        """Floats, and the tensor (1, 1, n) that is them."""
        data = (ctypes.c_float * len(values))(*values)
        shape = (ctypes.c_int64 * 3)(1, 1, len(values))
        value = self.make(
            'create_tensor', self.info, ctypes.addressof(data),
            ctypes.c_size_t(4 * len(values)), ctypes.addressof(shape),
            ctypes.c_size_t(3), ctypes.c_int(FLOAT))
        self.kept += [data, shape]
        return data, value


def stepper(library, session, H):
    """A step that goes on from the last, and what comes out of it.

    State goes from one set of buffers to the other, and back in the next step.
    """
    draw = random.Random(8)
    _, x = library.buffer([draw.uniform(-1, 1) for _ in range(N_IN)])
    y, y_value = library.buffer([0.0] * N_OUT)
    sets = [[library.buffer([0.0] * H)[1] for _ in range(4)]
            for _ in range(2)]
    bindings = []
    for i in range(2):
        binding = library.make('create_binding', session)
        library.call('bind_input', binding, b'x', x)
        library.call('bind_output', binding, b'y', y_value)
        for j, name in enumerate((b'h0', b'c0', b'h1', b'c1')):
            library.call('bind_input', binding, name, sets[i][j])
            library.call('bind_output', binding, name.upper(),
                         sets[1 - i][j])
        bindings.append(binding)
    run = library.function('run', *[ctypes.c_void_p] * 3)

    def step():
        if run(session, None, bindings[0]):
            raise Trouble('a run failed')
        bindings.reverse()
    return step, y


def find(where):
    """The library, below a folder, of a Python package, or of the system."""
    spec = importlib.util.find_spec('onnxruntime')
    folders = [where] if where else list(
        spec.submodule_search_locations) if spec else []
    machine = {'x86_64': 'x64', 'aarch64': 'arm64'}.get(
        platform.machine(), platform.machine())
    found = []
    for folder in folders:
        if os.path.isfile(folder):
            return folder
        for root, _, names in os.walk(folder):
            found += [os.path.join(root, name) for name in names
                      if name.startswith('libonnxruntime.so')]
    # A package from npm holds one for each machine
    found.sort(key=lambda path: ('/%s/' % machine not in path, path))
    return found[0] if found else None if where else ctypes.util.find_library(
        'onnxruntime')


def measure(library, H):
    net, contestants, outputs = Net(H), [], []
    for name, layer, product in FORMS:
        name = 'ONNX Runtime ' + name % H
        try:
            session = library.session(step_model(net, layer, product))
            step, y = stepper(library, session, H)
            for _ in range(3):
                step()
        except Trouble as trouble:
            race.skip(SECTION, name, str(trouble).splitlines()[0])
            continue
        outputs.append(list(y))
        # They are the same net, so a form that was misunderstood is seen
        if max(abs(a - b) for a, b in zip(y, outputs[0])) > TOLERANCE:
            race.skip(SECTION, name, 'it computes something else')
            continue
        contestants.append((name, step))
    for name, figures in race.race(contestants):
        race.show(SECTION, name, 'us', 1e6, figures)


def main(args):
    path = find(args[0] if args else os.environ.get('ONNXRUNTIME'))
    if not path:
        race.skip(SECTION, 'ONNX Runtime step',
                  'it is not here: --onnxruntime FOLDER (npm: '
                  'onnxruntime-node)')
        return
    try:
        library = Library(path)
    except (OSError, AttributeError, Trouble) as trouble:
        race.skip(SECTION, 'ONNX Runtime step', str(trouble).splitlines()[0])
        return
    print('ONNX Runtime %s' % library.version, flush=True)
    for H in SIZES:
        measure(library, H)


if __name__ == '__main__':
    main(sys.argv[1:])
