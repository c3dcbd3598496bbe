"""Compares the image operations with the Pillow that is installed, over every operation, level, sign and resampling.

usage: live_test.py APPLY_IMAGE SOURCE_DIR

APPLY_IMAGE is the program of plugins/augment/pairs/apply_image.cpp. Where this interpreter has no Pillow, that of
SOURCE_DIR/.venv is tried; exit status 77 (skipped) where neither has it.
"""
import os
import pathlib
import subprocess
import sys

SHAPES = [(channels, height, width) for channels in (1, 3)
          for height, width in ((1, 1), (2, 3), (17, 31), (32, 32), (64, 64), (224, 224))]


def import_pillow_or_leave(source_dir):
    try:
        import PIL  # noqa: F401
    except ImportError:
        other = pathlib.Path(source_dir) / ".venv" / "bin" / "python"
        if "DHA_SECOND_TRY" not in os.environ and other.exists():
            os.execve(other, [str(other), "-B", *sys.argv], {**os.environ, "DHA_SECOND_TRY": "1"})
        print("skipped: Pillow is not installed; .venv/bin/pip install Pillow brings it")
        sys.exit(77)


class Program:
    """One process that answers request after request."""

    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def apply(self, case, fill, planes, height, width):
        mapping, operation, level, sign, resampling = case
        fields = (mapping, operation, level, sign, resampling, *fill, len(planes), height, width)
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


def main(apply_image, source_dir):
    import_pillow_or_leave(source_dir)
    import PIL

    import pillow_operations as pillow
    program = Program(apply_image)
    compared = wrong = 0
    for channels, height, width in SHAPES:
        for kind in pillow.KINDS:
            planes = pillow.make_image(kind, channels, height, width)
            image = pillow.to_pillow(planes, height, width)
            for case in pillow.cases():
                expected = b"".join(pillow.to_planes(pillow.apply(image, *case)))
                found = program.apply(case, pillow.FILL, planes, height, width)
                compared += 1
                if found != expected:
                    wrong += 1
                    print(f"{case} on {kind} of {channels} x {height} x {width}: "
                          f"{first_difference(expected, found, height, width)}")
    program.process.stdin.close()
    status = program.process.wait()
    print(f"{compared} cases against Pillow {PIL.__version__}: {wrong} differ")
    return 1 if wrong or status else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
