"""Writes policies.json: checksums of what torchvision's TrivialAugmentWide and RandAugment make of PIL images.

    python tests/golden/uniform_policies/make_policies.py > tests/golden/uniform_policies/policies.json
                                                            (torchvision 0.26.0, torch 2.11.0, Pillow 13.0.0)

Every operation at every bin and with both signs, with nearest interpolation and a black or a coloured fill. A checksum is
the FNV-1a hash (64 bits) of the planes of all images of one shape, operation and fill: those of bin 0 with the magnitude
as it is, then negated (equal where the operation has no sign), then those of bin 1, and so on. Images are those of a
formula that the test has too.
"""
import json

import PIL
import torchvision
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms.autoaugment import RandAugment, TrivialAugmentWide, _apply_op

SHAPES = [(3, 32, 32), (3, 17, 31), (1, 24, 20)]  # channels, height, width
BINS = 31


def pixel(c, y, x):
    return (c * 53 + y * y * 7 + x * x * 3 + x * y * 5 + 11 * x) % 256


def make_image(channels, height, width):
    image = Image.new("RGB" if channels == 3 else "L", (width, height))
    for y in range(height):
        for x in range(width):
            values = tuple(pixel(c, y, x) for c in range(channels))
            image.putpixel((x, y), values if channels == 3 else values[0])
    return image


def planes(image):
    return b"".join(band.tobytes() for band in image.split())


def checksum(data):
    h = 14695981039346656037
    for byte in data:
        h = (h ^ byte) * 1099511628211 % 2**64
    return f"{h:016x}"


def policy(space, image, fill):
    checksums = {}
    for name, (magnitudes, signed) in space.items():
        data = b""
        for bin in range(BINS):
            for negative in (False, True):
                magnitude = float(magnitudes[bin].item()) if magnitudes.ndim > 0 else 0.0
                magnitude *= -1.0 if negative and signed else 1.0
                data += planes(_apply_op(image, name, magnitude, interpolation=InterpolationMode.NEAREST, fill=fill))
        checksums[name] = checksum(data)
    return checksums


def main():
    cases = []
    for shape in SHAPES:
        image = make_image(*shape)
        for fill in (None, [120, 50, 200][:shape[0]]):
            for name, space in (("trivial_augment", TrivialAugmentWide()._augmentation_space(BINS)),
                                ("rand_augment", RandAugment()._augmentation_space(BINS, shape[1:]))):
                cases.append({"policy": name, "shape": shape, "fill": fill or [0] * shape[0], "operations": policy(space, image, fill)})
    print(json.dumps({"made_with": f"torchvision {torchvision.__version__}, Pillow {PIL.__version__}", "cases": cases}, indent=1))


if __name__ == "__main__":
    main()
