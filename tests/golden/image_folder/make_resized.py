#!/usr/bin/env python3
"""Makes the golden images of the resize test: crops of one small picture, resized by Pillow's BILINEAR filter.

usage: make_resized.py   (needs Pillow and numpy; last run with Pillow 13.0.0, numpy 2.4.6)
Writes source.png and <top>_<left>_<height>_<width>_to_<height>_<width>.png beside itself.
"""
import pathlib

import numpy
from PIL import Image

FOLDER = pathlib.Path(__file__).parent
# (top, left, height, width) of the crop, (height, width) of the result.
CASES = [
    ((0, 0, 37, 53), (16, 20)),   # smaller
    ((0, 0, 37, 53), (50, 71)),   # larger
    ((5, 7, 23, 31), (8, 40)),    # a crop; smaller one way, larger the other
    ((30, 48, 7, 5), (3, 9)),     # at the corner
    ((10, 3, 1, 1), (4, 4)),      # one pixel
]

rng = numpy.random.default_rng(3)
y, x, c = numpy.mgrid[0:37, 0:53, 0:3]
smooth = 127 + 90 * numpy.sin(0.2 * x + c) * numpy.cos(0.15 * y - c)
noisy = smooth + rng.normal(0, 40, smooth.shape)
source = Image.fromarray(numpy.clip(noisy, 0, 255).astype(numpy.uint8))
source.save(FOLDER / "source.png", optimize=True)
for (top, left, height, width), (new_height, new_width) in CASES:
    crop = source.crop((left, top, left + width, top + height))
    resized = crop.resize((new_width, new_height), Image.Resampling.BILINEAR)
    resized.save(FOLDER / f"{top}_{left}_{height}_{width}_to_{new_height}_{new_width}.png", optimize=True)
