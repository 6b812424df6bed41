"""Batch norm, max pooling and relu over memory once, forward and back: the loops of `chain_pool`.

Images lie as (batch, height, width, channels), given as one axis; the six sizes are the height and
width of an image, of a window, and of what comes out, in windows. Unsigned numbers throughout: with
signed ones each index would be looked at for being negative, which no vector could then do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from interplay.training.stacked.loops.compiled import compiled

Numbers = NDArray[Any]  # of float32 or float64, all alike
Places = NDArray[np.uint8]
Sizes = tuple[int, int, int, int, int, int]
U = np.uintp
BLOCK = 64  # rows whose sums are taken in the numbers' own precision; those of blocks in float64


@compiled
def moments(x: Numbers, mean: Numbers, variance: Numbers) -> None:
    """Of each channel of x (rows * channels,) the mean and the (biased) variance, (channels,).

    Blocks of rows are summed in the numbers' own precision, as distances from the mean of the rows
    before them (the first block: from its own), so that squares never drown the variance, whatever
    lies far away; blocks are put together in float64.

    Source:
        Chan, Golub, LeVeque (1983), Algorithms for computing the sample variance, equation 2.1.
    """
    channels = U(len(mean))
    rows = U(len(x)) // channels
    middle = x[:channels].copy()
    part, part_squares = np.zeros_like(middle), np.empty_like(middle)
    for row in range(U(0), min(rows, U(BLOCK))):
        for c in range(channels):
            part[c] += x[row * channels + c] - x[c]
    for c in range(channels):
        middle[c] += part[c] / min(rows, U(BLOCK))
    mean_so_far, squares = np.zeros(channels), np.zeros(channels)
    for start in range(U(0), rows, U(BLOCK)):
        stop = min(rows, start + U(BLOCK))
        part[:] = 0
        part_squares[:] = 0
        for row in range(start, stop):
            at = row * channels
            for c in range(channels):
                off = x[at + c] - middle[c]
                part[c] += off
                part_squares[c] += off * off
        share = (stop - start) / stop  # of the rows so far, this block's
        for c in range(channels):
            off_mean = np.float64(part[c]) / (stop - start)
            apart = middle[c] + off_mean - mean_so_far[c]
            squares[c] += part_squares[c] - off_mean * part[c] + apart * apart * start * share
            mean_so_far[c] += apart * share
            middle[c] = mean_so_far[c]
    for c in range(channels):
        mean[c] = mean_so_far[c]
        variance[c] = max(squares[c] / rows, 0.0)


@compiled
def pooled_lines(
    x: Numbers,
    sizes: Sizes,
    slope: Numbers,
    offset: Numbers,
    relu: bool,
    most: Numbers,
    at: Places,
    out: Numbers,
) -> None:
    """Of each window what is largest after the line slope * x + offset of its channel.

    Args:
        most: to be written, the x of each window that is taken,
        at: its place in the window, row by row, and
        out: the line's value there, or 0 where that is negative and `relu` is asked for.
    """
    channels = U(len(slope))
    height, width, high, wide, down, across = sizes
    row = U(width) * channels
    images = U(len(x)) // (U(height) * row)
    sign = np.ones_like(slope)
    for c in range(channels):
        if slope[c] < 0:
            sign[c] = -1
    zero = slope.dtype.type(0)
    for image in range(images):
        for i in range(U(down)):
            for j in range(U(across)):
                to = ((image * U(down) + i) * U(across) + j) * channels
                corner = (image * U(height) + i * U(high)) * row + j * U(wide) * channels
                for c in range(channels):
                    most[to + c] = x[corner + c]
                    at[to + c] = 0
                place = np.uint8(0)
                for p in range(U(high)):
                    for q in range(U(wide)):
                        here = corner + p * row + q * channels
                        for c in range(channels):
                            if x[here + c] * sign[c] > most[to + c] * sign[c]:
                                most[to + c] = x[here + c]
                                at[to + c] = place
                        place += np.uint8(1)
                for c in range(channels):
                    y = most[to + c] * slope[c] + offset[c]
                    if relu and y <= zero:
                        y = zero
                    out[to + c] = y


@compiled
def line_gradients(
    grad: Numbers,
    out: Numbers,
    most: Numbers,
    mean: Numbers,
    relu: bool,
    of_offset: Numbers,
    of_slope: Numbers,
) -> None:
    """The gradients of each channel's offset and, where the mean is taken off, of its slope."""
    channels = U(len(mean))
    rows = U(len(grad)) // channels
    offsets, slopes = np.zeros(channels), np.zeros(channels)
    part, part_slopes = np.empty_like(mean), np.empty_like(mean)
    zero = mean.dtype.type(0)
    for start in range(U(0), rows, U(BLOCK)):
        part[:] = 0
        part_slopes[:] = 0
        for row in range(start, min(rows, start + U(BLOCK))):
            at = row * channels
            for c in range(channels):
                g = grad[at + c]
                if relu and out[at + c] <= zero:
                    g = zero
                part[c] += g
                part_slopes[c] += g * (most[at + c] - mean[c])
        for c in range(channels):
            offsets[c] += part[c]
            slopes[c] += part_slopes[c]
    for c in range(channels):
        of_offset[c] = offsets[c]
        of_slope[c] = slopes[c]


@compiled
def input_gradient(
    grad: Numbers,
    out: Numbers,
    at: Places,
    x: Numbers,
    sizes: Sizes,
    slope: Numbers,
    factor: Numbers,
    offset: Numbers,
    relu: bool,
    of_x: Numbers,
) -> None:
    """factor * x + offset of each channel, and at each window's largest slope * grad besides.

    Args:
        of_x: to be written; the other names as in `pooled_lines`.
    """
    channels = U(len(slope))
    height, width, high, wide, down, across = sizes
    row = U(width) * channels
    images = U(len(x)) // (U(height) * row)
    zero = slope.dtype.type(0)
    reaching = np.empty_like(slope)
    for image in range(images):
        for i in range(U(down)):
            for j in range(U(across)):
                window = ((image * U(down) + i) * U(across) + j) * channels
                corner = (image * U(height) + i * U(high)) * row + j * U(wide) * channels
                for c in range(channels):
                    g = grad[window + c] * slope[c]
                    if relu and out[window + c] <= zero:
                        g = zero
                    reaching[c] = g
                place = np.uint8(0)
                for p in range(U(high)):
                    for q in range(U(wide)):
                        here = corner + p * row + q * channels
                        for c in range(channels):
                            g = reaching[c] if at[window + c] == place else zero
                            of_x[here + c] = x[here + c] * factor[c] + offset[c] + g
                        place += np.uint8(1)
            # What stands beside the last whole window.
            for p in range(U(high)):
                line = (image * U(height) + i * U(high) + p) * row
                for column in range(U(across) * U(wide), U(width)):
                    here = line + column * channels
                    for c in range(channels):
                        of_x[here + c] = x[here + c] * factor[c] + offset[c]
        for below in range(U(down) * U(high), U(height)):
            for column in range(U(width)):
                here = (image * U(height) + below) * row + column * channels
                for c in range(channels):
                    of_x[here + c] = x[here + c] * factor[c] + offset[c]


@compiled
def norm_pool(
    x: Numbers,
    sizes: Sizes,
    weight: Numbers,
    bias: Numbers,
    eps: float,
    relu: bool,
    mean: Numbers,
    variance: Numbers,
    most: Numbers,
    at: Places,
    out: Numbers,
) -> None:
    """Norm by the moments of `x`, pooling, perhaps relu: from `mean` on all is to be written."""
    moments(x, mean, variance)
    slope, offset = np.empty_like(mean), np.empty_like(mean)
    for c in range(U(len(mean))):
        slope[c] = weight[c] / np.sqrt(variance[c] + eps)
        offset[c] = bias[c] - mean[c] * slope[c]
    pooled_lines(x, sizes, slope, offset, relu, most, at, out)


@compiled
def norm_pool_gradients(
    grad: Numbers,
    out: Numbers,
    most: Numbers,
    at: Places,
    x: Numbers,
    sizes: Sizes,
    weight: Numbers,
    mean: Numbers,
    variance: Numbers,
    eps: float,
    relu: bool,
    of_weight: Numbers,
    of_bias: Numbers,
    of_x: Numbers,
) -> None:
    """The way back through `norm_pool`: from `of_weight` on all is to be written.

    With n rows and x^ the norm of x, torch's gradient of x is slope * (grad - of_bias / n - x^ *
    of_weight / n): what reaches the places of the maxima, and a line of x.
    """
    line_gradients(grad, out, most, mean, relu, of_bias, of_weight)
    slope, factor, offset = np.empty_like(mean), np.empty_like(mean), np.empty_like(mean)
    rows = len(x) // len(mean)
    for c in range(U(len(mean))):
        spread = 1 / np.sqrt(variance[c] + eps)
        of_weight[c] *= spread
        slope[c] = weight[c] * spread
        factor[c] = -slope[c] * spread * of_weight[c] / rows
        offset[c] = -slope[c] * of_bias[c] / rows - mean[c] * factor[c]
    input_gradient(grad, out, at, x, sizes, slope, factor, offset, relu, of_x)
