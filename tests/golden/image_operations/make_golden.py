"""Writes golden.json: checksums of Pillow's results, which the image operations must reproduce byte for byte.

    .venv/bin/python tests/golden/image_operations/make_golden.py > tests/golden/image_operations/golden.json

A checksum is the first 16 hexadecimal digits of the SHA-256 of the result's planes, of all kinds of image at one size and
number of channels after another. The images are parts of photograph.png, and others by a formula that golden_test.cpp has too.
"""
import hashlib
import json
import platform

import PIL

from pillow_operations import FILL, KINDS, apply, cases, make_image, to_pillow, to_planes

SHAPES = [(channels, height, width) for channels in (1, 3)
          for height, width in ((1, 1), (2, 3), (17, 31), (32, 32), (64, 64), (224, 224))]


def checksum(images):
    return hashlib.sha256(b"".join(plane for planes in images for plane in planes)).hexdigest()[:16]


def main():
    images = {shape: [make_image(kind, *shape) for kind in KINDS] for shape in SHAPES}
    rows = []
    for case in cases():
        checksums = [checksum(to_planes(apply(to_pillow(planes, *shape[1:]), *case[:5], centre=case[5])) for planes in images[shape])
                     for shape in SHAPES]
        rows.append([*case, checksums])
    header = {"made_with": f"Pillow {PIL.__version__}, Python {platform.python_version()}", "fill": FILL, "shapes": SHAPES,
              "images": [checksum(images[shape]) for shape in SHAPES]}
    print("{" + "\n".join(f"{json.dumps(name)}: {json.dumps(value)}," for name, value in header.items()))
    print('"cases": [\n' + ",\n".join(json.dumps(row) for row in rows) + "\n]}")


if __name__ == "__main__":
    main()
