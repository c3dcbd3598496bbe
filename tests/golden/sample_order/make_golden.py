"""Writes expected.txt: orders and crops computed a second time, with Python's integers and libm, for sample_order_test.

Made with Python 3.11:  python3 tests/golden/sample_order/make_golden.py
"""

import math
import pathlib

MASK = 2**32 - 1
EPOCH_ORDER, CROP = 1, 4


def philox(counter, key):
    """Philox4x32-10, Salmon et al. 2011."""
    c, k = list(counter), list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & MASK, (p0 >> 32) ^ c[3] ^ k[1], p0 & MASK]
        k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
    return c


class Stream:
    def __init__(self, seed, purpose, epoch, index):
        self.key = (seed & MASK, seed >> 32)
        self.rest = (index & MASK, index >> 32, epoch << 8 | purpose)
        self.block, self.numbers = 0, []

    def next64(self):
        if len(self.numbers) < 2:
            self.numbers += philox((self.block, *self.rest), self.key)
            self.block += 1
        return self.numbers.pop(0) << 32 | self.numbers.pop(0)

    def uniform(self):
        return (self.next64() >> 11) / 2**53

    def below(self, bound):
        while True:
            bits = self.next64()
            if bits < 2**64 // bound * bound:
                return bits % bound


def permutation(n, seed, epoch):
    order, stream = list(range(n)), Stream(seed, EPOCH_ORDER, epoch, 0)
    for i in range(n, 1, -1):
        j = stream.below(i)
        order[i - 1], order[j] = order[j], order[i - 1]
    return order


def crop(height, width, seed, epoch, index):
    """torchvision's RandomResizedCrop.get_params with scale (0.08, 1) and ratio (3/4, 4/3), after a flip."""
    stream = Stream(seed, CROP, epoch, index)
    flip = int(stream.uniform() < 0.5)
    low, high = math.log(0.75), math.log(4 / 3)
    for _ in range(10):
        area = height * width * (0.08 + (1 - 0.08) * stream.uniform())
        aspect = math.exp(low + (high - low) * stream.uniform())
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            return stream.below(height - h + 1), stream.below(width - w + 1), h, w, flip
    if width / height < 0.75:
        w, h = width, round(width / 0.75)
    elif width / height > 4 / 3:
        h, w = height, round(height * (4 / 3))
    else:
        h, w = height, width
    h, w = max(h, 1), max(w, 1)
    return (height - h) // 2, (width - w) // 2, h, w, flip


lines = []
for arguments in [(1, 1, 0), (10, 1, 0), (10, 1, 1), (13, 2**63 + 5, 7), (33, 42, 599)]:
    lines.append(("permutation", *arguments, *permutation(*arguments)))
for height, width in [(1, 1), (1, 50), (50, 1), (32, 32), (375, 500), (3000, 2), (2, 3000), (4000, 6000)]:
    for index in range(12):
        arguments = (height, width, 1 + index % 3, index % 5, index * 2**30)
        lines.append(("crop", *arguments, *crop(*arguments)))
text = "".join(" ".join(map(str, line)) + "\n" for line in lines)
pathlib.Path(__file__).with_name("expected.txt").write_text(text)
