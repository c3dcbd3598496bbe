"""Compares the image operations with the Pillow that is installed, over every operation, level, sign and resampling, on made
images, on a photograph, and on those of CIFAR-10 and Imagenette where SOURCE_DIR/data has them.

usage: live_test.py APPLY_IMAGE SOURCE_DIR

APPLY_IMAGE is the program of sdk/images/tests/apply_image.cpp. Where this interpreter has no Pillow, that of
SOURCE_DIR/.venv is tried; exit status 77 (skipped) where neither has it.
"""
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import pillow_support  # noqa: E402

SHAPES = [(channels, height, width) for channels in (1, 3)
          for height, width in ((1, 1), (2, 3), (17, 31), (32, 32), (64, 64), (224, 224))]


class Program:
    """One process that answers request after request."""

    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def apply(self, case, fill, planes, height, width):
        mapping, operation, level, sign, resampling, centre = case
        fields = (mapping, operation, level, sign, resampling, *centre, *fill, len(planes), height, width)
        self.process.stdin.write(" ".join(map(str, fields)).encode() + b"\n" + b"".join(planes))
        self.process.stdin.flush()
        return self.process.stdout.read(len(planes) * height * width)


def first_difference(expected, found, height, width):
    if len(expected) != len(found):
        return f"{len(found)} bytes instead of {len(expected)}"
    at = next(i for i, (a, b) in enumerate(zip(expected, found)) if a != b)
    count = sum(a != b for a, b in zip(expected, found))
    plane, rest = divmod(at, height * width)
    return f"{count} bytes differ, first at channel {plane}, row {rest // width}, column {rest % width}: " \
           f"{found[at]} instead of {expected[at]}"


def photographs(data):
    """(name, RGB image) of every data set that is there."""
    from PIL import Image
    found = []
    cifar = data / "cifar-10-batches-bin" / "test_batch.bin"
    if cifar.exists():
        with cifar.open("rb") as file:
            file.seek(1)  # behind the label
            planes = [file.read(1024) for _ in range(3)]
        found.append(("the first test image of CIFAR-10",
                      Image.merge("RGB", [Image.frombytes("L", (32, 32), plane) for plane in planes])))
    files = sorted((data / "imagenette2-224-mini" / "val").glob("*/*.JPEG"))
    for file in files[:1] + files[-1:]:
        with Image.open(file) as image:
            found.append((file.name, image.convert("RGB")))
    if not found:
        print(f"no further photographs: {data} has neither cifar-10-batches-bin nor imagenette2-224-mini")
    return found


def images_of(shape, photos, pillow):
    """(name, Pillow image) of one shape: each kind of golden image, and each further photograph at that size."""
    channels, height, width = shape
    for kind in pillow.KINDS:
        yield kind, pillow.to_pillow(pillow.make_image(kind, *shape), height, width)
    for name, photo in photos:
        yield name, photo.convert("L" if channels == 1 else "RGB").resize((width, height))


def main(apply_image, source_dir):
    pillow_support.import_or_leave(source_dir)
    import PIL

    import pillow_operations as pillow
    program = Program(apply_image)
    photos = photographs(pathlib.Path(source_dir) / "data")
    compared = wrong = 0
    for shape in SHAPES:
        channels, height, width = shape
        for name, image in images_of(shape, photos, pillow):
            for case in pillow.cases():
                expected = b"".join(pillow.to_planes(pillow.apply(image, *case[:5], centre=case[5])))
                found = program.apply(case, pillow.FILL, pillow.to_planes(image), height, width)
                compared += 1
                if found != expected:
                    wrong += 1
                    print(f"{case} on {name} of {channels} x {height} x {width}: "
                          f"{first_difference(expected, found, height, width)}")
    program.process.stdin.close()
    status = program.process.wait()
    print(f"{compared} cases against Pillow {PIL.__version__}, {len(photos)} further photographs among the images: {wrong} differ")
    return 1 if wrong or status else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
