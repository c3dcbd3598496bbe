"""Writes the seeds of the fuzz targets: small valid files of every kind that the readers know. Pillow 13.0.0, safetensors 0.8.0."""

import gzip
import io
import json
import pathlib
import pickle
import struct
import sys
import zlib

import numpy
import safetensors.numpy
from PIL import Image

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent.parent
sys.path.insert(0, str(HERE.parent.parent / "golden" / "cifar"))
import make_pickles  # noqa: E402


def write(target, name, content):
    (HERE / target).mkdir(exist_ok=True)
    (HERE / target / name).write_bytes(content)


def image(mode, width, height):
    pixels = [(x * 37 + y * 11) % 256 for y in range(height) for x in range(width)]
    grey = Image.frombytes("L", (width, height), bytes(pixels))
    return grey.convert(mode)


def exif(orientation, order):
    mark = b"II" if order == "<" else b"MM"
    return mark + struct.pack(order + "HIHHHIHHI", 42, 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def saved(picture, kind, **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def main():
    for name in ("RGB", "L", "P", "LA", "RGBA", "1", "I;16"):
        write("png", f"{name.replace(';', '')}.png", saved(image(name, 9, 7), "PNG"))
    header = b"IHDR" + struct.pack(">IIBBBBB", 0x4F000009, 0x200007, 8, 0, 0, 0, 0)  # a size that no memory can hold
    write("png", "huge.png", b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)))
    for name in ("L", "RGB", "CMYK", "YCbCr"):
        write("jpeg", f"{name}.jpg", saved(image(name, 19, 17), "JPEG", quality=60))
    write("jpeg", "progressive.jpg", saved(image("RGB", 33, 18), "JPEG", progressive=True, subsampling=0))
    write("jpeg", "exif.jpg", saved(image("RGB", 19, 17), "JPEG", exif=b"Exif\0\0" + exif(6, ">")))
    write("png", "exif.png", saved(image("RGB", 9, 7), "PNG", exif=exif(5, "<")))
    write("png", "transparent.png", saved(image("P", 9, 7), "PNG", transparency=bytes(range(0, 250, 10))))
    write("webp", "lossy.webp", saved(image("RGB", 19, 17), "WEBP", quality=60, exif=exif(8, "<")))
    write("webp", "lossless.webp", saved(image("RGBA", 9, 7), "WEBP", lossless=True))
    write("webp", "alpha.webp", saved(image("LA", 9, 7).convert("RGBA"), "WEBP", quality=60, exif=exif(3, ">")))
    images = struct.pack(">iiii", 0x803, 2, 3, 3) + bytes(range(18))
    write("idx", "images", images)
    write("idx", "labels", struct.pack(">ii", 0x801, 2) + b"\1\2")
    write("idx", "rows", struct.pack(">iii", 0xc02, 2, 3) + struct.pack(">6i", 1, 0, 0, 2, 0, 0))
    write("idx", "mapping", "".join(f"{i} {64 + i} {96 + i}\n" for i in range(1, 27)).encode())
    write("idx", "images.gz", gzip.compress(images, mtime=0))
    for label_bytes in (1, 2):
        write("cifar", f"{label_bytes}_label_bytes.bin", 2 * (bytes([3] * label_bytes) + bytes(3072)))
    write("cifar", "names.txt", "".join(f"name{i}\n" for i in range(10)).encode())
    write("pickle", "batch_10_python_2", make_pickles.python_2(make_pickles.cifar_10(1)))
    write("pickle", "names_10_python_2", make_pickles.python_2(make_pickles.meta_10()))
    for protocol in (2, 3, 4, 5):
        write("pickle", f"batch_100_protocol_{protocol}", pickle.dumps(make_pickles.cifar_100(1), protocol))
        write("pickle", f"names_100_protocol_{protocol}", pickle.dumps(make_pickles.meta_100(), protocol))
    for name in ("meta.mat", "meta_plain.mat"):
        write("mat", name, (ROOT / "tests/golden/imagenet" / name).read_bytes())
    write("list", "images.txt", b"a 0\nb b\t1\r\n\na 1\n")
    write("list", "folders.txt", b"c/1.jpg\r\nd/2 2.png\r\n")
    write("safetensors", "all.safetensors", safetensors.numpy.save(
        {"weight": numpy.ones((2, 3), "float32"), "flag": numpy.array([True]), "none": numpy.zeros((0, 4), "int64")},
        {"format": "x"}))
    for file in sorted((ROOT / "examples" / "architectures").glob("darts_v2.json")):
        write("genotype", file.name, file.read_bytes())
    edge = [["sep_conv_3x3", 0], ["skip_connect", 1]]
    write("genotype", "cells.json", json.dumps({"cells": [{"nodes": edge, "concat": [2]}, {"nodes": edge, "concat": [2]}]}).encode())
    write("pipeline", "small.json", json.dumps({
        "name": "good", "seed": 7, "device": "cpu", "precision": "fp32", "loader_threads": 4,
        "dataset": {"use": "dha.idx", "path": "data"},
        "stages": [
            {"name": "search", "epochs": 2, "space": {"use": "dha.cell", "channels": 16}, "searcher": {"use": "dha.ista"},
             "augment": [{"use": "dha.flip"}, {"use": "dha.tau"}], "hyper": {"use": "dha.hypergradient"},
             "constraints": "params < 3.7M"},
            {"name": "final", "epochs": 1, "from": "search", "carry": ["weights"]}]}).encode())
    bases = [
        {"seed": 7, "device": "cpu", "dataset": {"use": "dha.idx", "path": "data"}, "stages": [
            {"name": "search", "epochs": 2, "space": {"use": "dha.cell", "channels": 16}, "searcher": {"use": "dha.ista"},
             "augment": [{"use": "dha.flip"}], "hyper": {"use": "dha.hypergradient"}}]},
        {"stages": [{"name": "search", "augment": [{"use": "dha.tau"}], "space": {"channels": 8}}]}]
    own = {"name": "good", "seed": None, "dataset": {"limit_train": 10}, "stages": [
        {"name": "search", "epochs": 3}, {"name": "final", "epochs": 1, "from": "search", "carry": ["weights"]}]}
    write("extends", "three_documents", b"\0".join(json.dumps(one).encode() for one in (*bases, own)))
    write("pipeline", "comments.json", b'// a comment\n{ "name": "x", /* y */ "stages": [], }\n')


main()
