"""What the steps of a GRU and an LSTM do besides products, over memory once: `recurrent_host`.

Arrays are as `recurrent_cells` has them, but for rows of (x, 1, h), given as the memory that holds
them and the place in it of h: that of the first, and how far it is to the next member's, the next
step's and the next sample's. Unsigned numbers for the reason that `norm_pool_loops` gives.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload
from numpy.typing import NDArray

from interplay.training.stacked.loops.compiled import compiled

Numbers = NDArray[Any]  # of float32 or float64, all alike
Places = tuple[int, int, int, int]
U = np.uintp
LOG2_E = 1 / math.log(2)
# ln 2 as a sum, the first part with so few digits that its products with exponents are exact.
LN2_HIGH, LN2_LOW = 0.693145751953125, 1.428606820309417e-06
C3, C4, C5, C6, C7, C8, C9, C10, C11, C12, C13 = (1 / math.factorial(k) for k in range(3, 14))


def sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x) of a float32 or float64 number, to its last digits but one."""
    raise NotImplementedError("only within compiled loops")


def power_of_two(n: Any) -> Any:
    """2^n of a whole number that is held as a float."""
    raise NotImplementedError("only within compiled loops")


def _sigmoid(x: Any) -> Any:
    # e^y = 2^n e^r with a whole n and |r| <= ln 2 / 2, and e^r by its series: a call of the C
    # library's function for each number would keep the loop around from being one of vectors.
    number, single = x, x is types.float32
    most = 87.0 if single else 708.0  # beyond, e^y is not a number of the kind

    def of_number(x: Any) -> Any:
        y = -x
        y = number(most) if y > number(most) else y  # not-a-number stays what it is
        y = number(-most) if y < number(-most) else y
        n = np.rint(y * number(LOG2_E)) if y == y else number(0)
        r = y - n * number(LN2_HIGH)
        r = r - n * number(LN2_LOW)
        e = number(C7)
        if not single:
            e = number(C13)
            e = e * r + number(C12)
            e = e * r + number(C11)
            e = e * r + number(C10)
            e = e * r + number(C9)
            e = e * r + number(C8)
            e = e * r + number(C7)
        e = e * r + number(C6)
        e = e * r + number(C5)
        e = e * r + number(C4)
        e = e * r + number(C3)
        e = e * r + number(0.5)
        e = e * r + number(1)
        e = e * r + number(1)
        return number(1) / (number(1) + e * power_of_two(n))

    return of_number


def _power_of_two(n: Any) -> Any:
    # The bits of the exponent.
    def single(n: Any) -> Any:
        return np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(np.float32)

    def double(n: Any) -> Any:
        return np.int64((np.int64(n) + np.int64(1023)) << np.int64(52)).view(np.float64)

    return single if n is types.float32 else double


overload(sigmoid)(_sigmoid)
overload(power_of_two)(_power_of_two)


@compiled
def gru_step(
    t: int,
    gates: Numbers,
    parts: Numbers,
    news: Numbers,
    inputs: Numbers,
    rows: Numbers,
    places: Places,
) -> None:
    """From the products of step `t`, those of the gates and `parts`, to the gates and the state.

    Args:
        inputs: twice the input's part of `news`, (M, T, B, H).
    """
    _, members, batch, units = parts.shape
    first, next_member, next_step, next_row = places
    one = parts.dtype.type(1)
    two = one + one
    for m in range(U(members)):
        for b in range(U(batch)):
            gate, part, new, given = gates[t, m, b], parts[t, m, b], news[t, m, b], inputs[m, t, b]
            at = U(first) + m * U(next_member) + U(t) * U(next_step) + b * U(next_row)
            before = rows[at : at + U(units)]
            after = rows[at + U(next_step) : at + U(next_step) + U(units)]
            for k in range(2 * units):
                gate[k] = sigmoid(gate[k])
            r, z = gate[:units], gate[units:]
            for k in range(units):
                n = two * sigmoid(given[k] + two * part[k] * r[k]) - one
                new[k] = n
                after[k] = n + z[k] * (before[k] - n)


@compiled
def gru_step_back(
    t: int,
    gates: Numbers,
    parts: Numbers,
    news: Numbers,
    rows: Numbers,
    places: Places,
    d_states: Numbers,
    grads: Numbers,
) -> None:
    """From the gradient of the state after step `t` to those of the gates and, but for what goes
    through the hidden weights, of the state before."""
    _, members, batch, units = parts.shape
    first, next_member, next_step, next_row = places
    one = parts.dtype.type(1)
    for m in range(U(members)):
        for b in range(U(batch)):
            gate, part, new, d_after = (
                gates[t, m, b],
                parts[t, m, b],
                news[t, m, b],
                d_states[t + 1, m, b],
            )
            at = U(first) + m * U(next_member) + U(t) * U(next_step) + b * U(next_row)
            before = rows[at : at + U(units)]
            r, z = gate[:units], gate[units:]
            d_before, grad = d_states[t, m, b], grads[m, t, b]
            d_part, d_r = grad[:units], grad[units : 2 * units]
            d_z, d_new = grad[2 * units : 3 * units], grad[3 * units :]
            for k in range(units):
                d = d_after[k] * (one - z[k]) * (one - new[k] * new[k])
                d_new[k] = d
                d_part[k] = d * r[k]
                d_r[k] = d * part[k] * r[k] * (one - r[k])
            for k in range(units):
                d_z[k] = d_after[k] * (before[k] - new[k]) * z[k] * (one - z[k])
                d_before[k] += d_after[k] * z[k]


@compiled
def lstm_step(
    t: int, gates: Numbers, memories: Numbers, first_memory: Numbers, rows: Numbers, places: Places
) -> None:
    """From the product of step `t`, in `gates`, to the gates, the memory and the state."""
    _, members, batch, units = memories.shape
    first, next_member, next_step, next_row = places
    one = memories.dtype.type(1)
    two = one + one
    for m in range(U(members)):
        for b in range(U(batch)):
            gate, memory = gates[t, m, b], memories[t, m, b]
            before = memories[t - 1, m, b] if t > 0 else first_memory[m, b]
            at = U(first) + m * U(next_member) + U(t + 1) * U(next_step) + b * U(next_row)
            state = rows[at : at + U(units)]
            for k in range(4 * units):
                gate[k] = sigmoid(gate[k])
            o, i = gate[:units], gate[units : 2 * units]
            f, g = gate[2 * units : 3 * units], gate[3 * units :]
            for k in range(units):
                g[k] = two * g[k] - one  # the tanh of half of what was there
            for k in range(units):
                c = f[k] * before[k] + i[k] * g[k]
                memory[k] = c
                state[k] = o[k] * (two * sigmoid(two * c) - one)


@compiled
def lstm_step_back(
    t: int,
    gates: Numbers,
    memories: Numbers,
    first_memory: Numbers,
    d_states: Numbers,
    d_memory: Numbers,
    grads: Numbers,
) -> None:
    """From the gradients of state and memory after step `t` to those of the gates and of the memory
    before, which takes its place."""
    _, members, batch, units = memories.shape
    one = memories.dtype.type(1)
    two = one + one
    for m in range(U(members)):
        for b in range(U(batch)):
            gate, memory = gates[t, m, b], memories[t, m, b]
            before = memories[t - 1, m, b] if t > 0 else first_memory[m, b]
            dh, dc, grad = d_states[t + 1, m, b], d_memory[m, b], grads[m, t, b]
            o, i = gate[:units], gate[units : 2 * units]
            f, g = gate[2 * units : 3 * units], gate[3 * units :]
            d_o, d_i = grad[:units], grad[units : 2 * units]
            d_f, d_g = grad[2 * units : 3 * units], grad[3 * units :]
            for k in range(units):
                squashed = two * sigmoid(two * memory[k]) - one
                d_o[k] = dh[k] * squashed * o[k] * (one - o[k])
                dc[k] += dh[k] * o[k] * (one - squashed * squashed)
            for k in range(units):
                d_i[k] = dc[k] * g[k] * i[k] * (one - i[k])
                d_g[k] = dc[k] * i[k] * (one - g[k] * g[k])
            for k in range(units):
                d_f[k] = dc[k] * before[k] * f[k] * (one - f[k])
                dc[k] *= f[k]
