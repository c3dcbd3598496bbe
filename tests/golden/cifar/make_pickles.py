#!/usr/bin/env python3
"""Makes small files of CIFAR's Python version, with three images, and the same images in the binary version.

usage: make_pickles.py   (needs numpy; last run with Python 3.11, numpy 2.4.6)
Writes python_2/ to its own folder, as Python 2 and numpy 1 wrote the published files, and protocol_2/ to protocol_5/ as
Python 3 writes them: `train` and `meta` of CIFAR-100, in python_2/ also `data_batch` and `batches.meta` of CIFAR-10.
images.bin has the records of `train` in the binary version of CIFAR-100.
"""
import io
import pathlib
import pickle
import struct

import numpy

FOLDER = pathlib.Path(__file__).parent
FINE, COARSE = [42, 0, 99], [3, 19, 0]


class Python2Pickler(pickle._Pickler):
    """Protocol 2 with the instructions that Python 2 has for str, which holds text and bytes alike."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_str(self, text):
        content = text if isinstance(text, bytes) else text.encode("latin1")
        short = len(content) < 256
        self.write(b"U" + bytes([len(content)]) if short else b"T" + struct.pack("<i", len(content)))
        self.write(content)
        self.memoize(text)

    dispatch[str] = dispatch[bytes] = save_str

    def save_global(self, value, name=None):
        module = value.__module__.replace("numpy._core", "numpy.core")
        self.write(f"c{module}\n{value.__name__}\n".encode())
        self.memoize(value)


def python_2(value):
    buffer = io.BytesIO()
    Python2Pickler(buffer, 2).dump(value)
    return buffer.getvalue()


def images(count=3):
    return numpy.array([[(i * 89 + j * 7 + j // 32 * 5) % 256 for j in range(3072)] for i in range(count)], "uint8")


def cifar_10(count=3):
    return {"batch_label": "training batch 1 of 5", "labels": [9, 0, 6][:count], "data": images(count),
            "filenames": [f"image_{i}.png" for i in range(count)]}


def cifar_100(count=3):
    return {"filenames": [f"image_{i}.png" for i in range(count)], "batch_label": "training batch 1 of 1",
            "fine_labels": FINE[:count], "coarse_labels": COARSE[:count], "data": images(count)}


def meta_10():
    names = "airplane automobile bird cat deer dog frog horse ship truck".split()
    return {"num_cases_per_batch": 10000, "label_names": names, "num_vis": 3072}


def meta_100():
    return {"fine_label_names": [f"fine{i}" for i in range(100)], "coarse_label_names": [f"coarse{i}" for i in range(20)]}


def main():
    folders = {"python_2": python_2}
    for protocol in (2, 3, 4, 5):
        folders[f"protocol_{protocol}"] = lambda value, protocol=protocol: pickle.dumps(value, protocol)
    for folder, dumps in folders.items():
        (FOLDER / folder).mkdir(exist_ok=True)
        (FOLDER / folder / "train").write_bytes(dumps(cifar_100()))
        (FOLDER / folder / "meta").write_bytes(dumps(meta_100()))
    # What was read with encoding="bytes" and pickled again has keys of bytes.
    (FOLDER / "protocol_4/train").write_bytes(pickle.dumps({key.encode(): value for key, value in cifar_100().items()}, 4))
    (FOLDER / "python_2/data_batch").write_bytes(python_2(cifar_10()))
    (FOLDER / "python_2/batches.meta").write_bytes(python_2(meta_10()))
    records = [bytes([COARSE[i], FINE[i]]) + image.tobytes() for i, image in enumerate(images())]
    (FOLDER / "images.bin").write_bytes(b"".join(records))


if __name__ == "__main__":
    main()
