"""`dha augment`: single operations, the grid, every kind of PNG, and what it refuses."""

import random
import struct
import sys
import unittest
import zlib

from support import GREY, GREY_ALPHA, PALETTE, RGB, RGB_ALPHA, SOURCE, CommandLineTest, chunk, write_png

sys.path.insert(0, str(SOURCE / "tests" / "golden" / "image_operations"))
sys.path += [str(path) for path in SOURCE.glob(".venv/lib/python3*/site-packages")]  # where Pillow may be
try:
    import pillow_operations
except ImportError:
    pillow_operations = None

CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGB_ALPHA: 4}
OPERATIONS = ["auto_contrast", "equalize", "rotate", "posterize", "solarize", "color", "contrast", "brightness",
              "sharpness", "shear_x", "shear_y", "translate_x_rel", "translate_y_rel", "identity"]


def predicted(method, left, above, above_left):
    if method == 4:  # Paeth
        estimate = left + above - above_left
        distances = [(abs(estimate - value), order, value) for order, value in enumerate((left, above, above_left))]
        return min(distances)[2]
    return (0, left, above, (left + above) // 2)[method]


def read_png(file):
    """(width, height, kind, bytes) of an 8-bit PNG that is not interlaced."""
    content = file.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    at, packed = 8, b""
    while at < len(content):
        length, name = struct.unpack_from(">I4s", content, at)
        data = content[at + 8:at + 8 + length]
        assert zlib.crc32(name + data) == struct.unpack_from(">I", content, at + 8 + length)[0]
        if name == b"IHDR":
            width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", data)
            assert (depth, interlaced) == (8, 0)
        packed += data if name == b"IDAT" else b""
        at += 12 + length
    raw, step = zlib.decompress(packed), CHANNELS[kind]
    stride = width * step
    above, pixels = bytes(stride), b""
    for y in range(height):
        method, *line = raw[y * (stride + 1):(y + 1) * (stride + 1)]
        for i in range(stride):
            left, corner = (line[i - step], above[i - step]) if i >= step else (0, 0)
            line[i] = (line[i] + predicted(method, left, above[i], corner)) % 256
        above = bytes(line)
        pixels += above
    return width, height, kind, pixels


def noise(count, seed=1):
    return random.Random(seed).randbytes(count)


class AugmentTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.image, self.out = self.folder / "in.png", self.folder / "out.png"

    def augment(self, *arguments):
        printed, _ = self.dha("augment", self.image, self.out, *arguments)
        return read_png(self.out), printed

    def refused(self, *arguments, status=2):
        _, errors = self.dha("augment", *arguments, status=status)
        self.assertEqual(len(errors.splitlines()), 1, errors)
        self.assertFalse(self.out.exists())
        return errors

    def test_identity_keeps_the_pixels(self):
        for kind in (GREY, RGB):
            pixels = noise(17 * 9 * CHANNELS[kind])
            write_png(self.image, 17, 9, kind, pixels)
            self.assertEqual(self.augment("--operation", "identity")[0], (17, 9, kind, pixels))

    def test_known_operations(self):
        pixels = noise(6 * 5 * 3)
        write_png(self.image, 6, 5, RGB, pixels)
        inverted, _ = self.augment("--operation", "solarize", "--level", "0")
        self.assertEqual(inverted[3], bytes(255 - value for value in pixels))
        masked, _ = self.augment("--operation", "posterize", "--level", "8", "--params", '{"mapping": "strength"}')
        self.assertEqual(masked[3], bytes(value & 0x80 for value in pixels))

    def test_sign_and_fill(self):
        write_png(self.image, 20, 4, GREY, bytes([200]) * 80)
        shift = ("--operation", "translate_x_rel", "--level", "8", "--fill", "9,8,7")  # by 0.45 of 20 px
        row = bytes([200]) * 11 + bytes([9]) * 9
        self.assertEqual(self.augment(*shift)[0][3], row * 4)
        self.assertEqual(self.augment(*shift, "--sign", "-1")[0][3], row[::-1] * 4)

    def test_reads_every_kind_of_png(self):
        identity = ("--operation", "identity")
        colours = noise(3 * 4)
        write_png(self.image, 4, 1, PALETTE, bytes([0b00011011]), depth=2,
                  extra=chunk(b"PLTE", colours) + chunk(b"tRNS", b"\x00\x80"))
        self.assertEqual(self.augment(*identity)[0], (4, 1, RGB, colours))
        write_png(self.image, 4, 1, GREY, bytes([0b00011011]), depth=2)
        self.assertEqual(self.augment(*identity)[0], (4, 1, GREY, bytes([0, 85, 170, 255])))
        write_png(self.image, 2, 1, GREY_ALPHA, bytes([7, 0, 8, 255]))
        self.assertEqual(self.augment(*identity)[0], (2, 1, GREY, bytes([7, 8])))
        write_png(self.image, 2, 1, RGB_ALPHA, bytes([1, 2, 3, 0, 4, 5, 6, 255]))
        self.assertEqual(self.augment(*identity)[0], (2, 1, RGB, bytes([1, 2, 3, 4, 5, 6])))
        write_png(self.image, 3, 1, GREY, struct.pack(">HHH", 0, 300, 65535), depth=16)
        self.assertEqual(self.augment(*identity)[0], (3, 1, GREY, bytes([0, 1, 255])))

    def test_grid_holds_every_operation(self):
        pixels = noise(8 * 6 * 3)
        write_png(self.image, 8, 6, RGB, pixels)
        (width, height, kind, grid), printed = self.augment("--grid")
        self.assertEqual((width, height, kind), (5 * (8 + 4) + 4, 14 * (6 + 4) + 4, RGB))
        self.assertIn(", ".join(OPERATIONS), printed)
        self.assertIn("level 0, 2, 4, 6, 8", printed)

        def tile(row, column):
            left, top = 4 + column * 12, 4 + row * 10
            return b"".join(grid[3 * ((top + y) * width + left):][:3 * 8] for y in range(6))

        for column in range(5):
            self.assertEqual(tile(13, column), pixels)
        for row, column in ((2, 1), (4, 0), (7, 3), (9, 4)):
            single, _ = self.augment("--operation", OPERATIONS[row], "--level", 2 * column)
            self.assertEqual(tile(row, column), single[3], (row, column))
        self.assertEqual(grid[:3 * width * 4], b"\xff" * (3 * width * 4))

    def test_results_are_pillows(self):
        if pillow_operations is None:
            self.skipTest("Pillow is not installed; .venv/bin/pip install Pillow brings it")
        planes = pillow_operations.make_image("photo", 3, 24, 31)
        image = pillow_operations.to_pillow(planes, 24, 31)
        image.save(self.image)
        for operation in OPERATIONS:
            changed, _ = self.augment("--operation", operation, "--level", "5.5", "--sign", "-1", "--resample", "bicubic",
                                      "--fill", "124,117,104")
            expected = pillow_operations.apply(image, "paper", operation, 5.5, -1, "bicubic", (124, 117, 104))
            self.assertEqual(changed[3], expected.tobytes(), operation)

    def test_wrong_arguments(self):
        write_png(self.image, 4, 4, GREY, noise(16))
        cases = [
            ((), "give either --operation NAME or --grid"),
            (("--operation", "rotate", "--grid"), "give either --operation NAME or --grid"),
            (("--operation", "shear"), "did you mean 'shear_x'"),
            (("--operation", "rotate", "--level", "9"), "[0, 8]"),
            (("--operation", "rotate", "--level", "nan"), "[0, 8]"),
            (("--operation", "rotate", "--level", "high"), "level"),
            (("--operation", "rotate", "--sign", "3"), "the sign must be 1 or -1, found 3"),
            (("--operation", "rotate", "--resample", "nearest"), "bilinear or bicubic, found 'nearest'"),
            (("--operation", "rotate", "--fill", "1,2"), "found '1,2'"),
            (("--operation", "rotate", "--fill", "1,2,256"), "found '1,2,256'"),
            (("--operation", "rotate", "--augmenter", "dha.flip"), "dha.flip offers no single operations"),
            (("--operation", "rotate", "--augmenter", "dha.random_pair"), "dha.random_pairs"),
            (("--operation", "rotate", "--params", "{"), "must be a JSON object, found '{'"),
            (("--operation", "rotate", "--params", '{"maping": 1}'), "mapping"),
            (("--operation", "rotate", "--opertion", "x"), "did you mean '--operation'"),
        ]
        for arguments, expected in cases:
            self.assertIn(expected, self.refused(self.image, self.out, *arguments), arguments)
        self.assertIn("dha augment IN.png OUT.png", self.refused(self.image, "--grid"))

    def test_files_that_cannot_be_read_or_written(self):
        identity = ("--operation", "identity")
        self.assertIn("No such file", self.refused(self.image, self.out, *identity, status=5))
        self.image.write_text("not an image")
        self.assertIn("in.png' cannot be read as a PNG: it is a file of another format; convert it to PNG first",
                      self.refused(self.image, self.out, *identity, status=5))
        write_png(self.image, 40, 40, RGB, noise(4800))
        whole = self.image.read_bytes()
        self.image.write_bytes(whole[:2000])
        self.assertIn("the file ends too early", self.refused(self.image, self.out, *identity, status=5))
        self.image.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
        self.assertIn("in.png' cannot be read as a PNG: ", self.refused(self.image, self.out, *identity, status=5))
        write_png(self.image, 40000, 1, GREY, bytes(40000))
        self.assertIn("it has 40000 x 1 px", self.refused(self.image, self.out, *identity, status=5))
        write_png(self.image, 4, 4, GREY, noise(16))
        self.assertIn("nowhere", self.refused(self.image, self.folder / "nowhere" / "out.png", *identity, status=1))


if __name__ == "__main__":
    unittest.main()
