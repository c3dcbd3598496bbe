#!/usr/bin/env python3
"""Makes small tables of classes like meta.mat in ImageNet's development kit.

usage: make_meta.py   (needs scipy; last run with scipy 1.17.1, numpy 2.4.6)
Writes two files to its own folder: meta.mat, compressed, and meta_plain.mat, uncompressed and with another variable before
the table.
The ids are in no order of the wnids, and ids above 4 are of nodes above the classes, as those above 1,000 are in the real table.
"""
import pathlib

import numpy
from scipy.io import savemat

FOLDER = pathlib.Path(__file__).parent
# id, wnid, words, gloss, children
SYNSETS = [
    (1, "n02119789", "kit fox, Vulpes macrotis", "small grey fox of south-western United States", []),
    (2, "n02100735", "English setter", "an English breed having a plumed tail and a soft silky coat", []),
    (3, "n02110185", "Siberian husky", "breed of sled dog developed in north-eastern Siberia", []),
    (4, "n01440764", "tench, Tinca tinca", "freshwater dace-like game fish of Europe and western Asia", []),
    (5, "n02083346", "canine, canid", "any of various fissiped mammals", [1, 2, 3]),
    (6, "n00001740", "entity", "that which is perceived", [4, 5]),
]
FIELDS = ["ILSVRC2012_ID", "WNID", "words", "gloss", "num_children", "children", "wordnet_height", "num_train_images"]


def main():
    synsets = numpy.empty((len(SYNSETS), 1), [(field, "O") for field in FIELDS])
    for row, (number, wnid, words, gloss, children) in enumerate(SYNSETS):
        synsets[row, 0] = (float(number), wnid, words, gloss, float(len(children)), numpy.array(children, "float64"),
                           float(len(children) > 0), 1300.0)
    savemat(FOLDER / "meta.mat", {"synsets": synsets}, do_compression=True)
    savemat(FOLDER / "meta_plain.mat", {"before": numpy.arange(5.0), "synsets": synsets})
    for name in ("meta.mat", "meta_plain.mat"):  # the header has the time at which it was written
        content = (FOLDER / name).read_bytes()
        (FOLDER / name).write_bytes(b"MATLAB 5.0 MAT-file".ljust(116) + content[116:])


main()
