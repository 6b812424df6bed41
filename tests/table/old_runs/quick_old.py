"""A small training of one's own; the rows in this folder were made with this file."""


def train(seed, epochs, x, y):
    for epoch in range(1, epochs + 1):
        yield {"value": (x - 0.3) ** 2 + (y - 0.7) ** 2 + 0.001 * seed + 0.1 / epoch}
