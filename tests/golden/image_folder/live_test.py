"""Compares how dha.image_folder reads images with the Pillow that is installed: orientation, opacity, inks, crops, and files that are
damaged or truncated. What Pillow reads must be read, as the same pixels.

usage: live_test.py DECODE_IMAGE SOURCE_DIR [SEED]

DECODE_IMAGE is the program of plugins/datasets/image_folder/decode_image.cpp. Where this interpreter has no Pillow, that of
SOURCE_DIR/.venv is tried; exit status 77 (skipped) where neither has it.
"""
import io
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import pillow_support  # noqa: E402


class Program:
    """One process that answers request after request."""

    def __init__(self, path, folder):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.file = pathlib.Path(folder) / "image"

    def read(self, content, crop=(0, 0, 0, 0), size=(0, 0), channels=3, orient=True, background=255, bits=16, accept=False):
        """Pixels (height, width, channels), or the reason for which the image was refused."""
        self.file.write_bytes(content)
        fields = (*crop, *size, channels, int(orient), background, bits, int(accept), self.file)
        self.process.stdin.write(" ".join(map(str, fields)).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline().decode()
        if not line:
            sys.exit(f"the program has ended: {fields}")
        if line.startswith("refused"):
            return line[len("refused "):].strip()
        height, width = map(int, line.split())
        planes = self.process.stdout.read(channels * height * width)
        return numpy.frombuffer(planes, "uint8").reshape(channels, height, width).transpose(1, 2, 0)


def pillow_image(content, channels=3, orient=True, background=255, accept=False):
    """The image as Pillow reads it, or None where it does not."""
    ImageFile.LOAD_TRUNCATED_IMAGES = accept
    try:
        image = Image.open(io.BytesIO(content))
        image.load()
    except Exception:  # Pillow raises errors of many kinds
        return None
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    if orient:
        try:
            image = ImageOps.exif_transpose(image)
        except Exception:  # of EXIF that is damaged
            pass
    if image.has_transparency_data:
        paper = Image.new("RGBA", image.size, (background,) * 3 + (255,))
        image = Image.alpha_composite(paper, image.convert("RGBA"))
    return image.convert("RGB") if channels == 3 else image.convert("RGB").convert("L")


def array_of(image):
    pixels = numpy.asarray(image)
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


def saved(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def picture(rng, mode, height, width):
    """Smooth, so that JPEG keeps it, with some noise; opacity has all values."""
    y, x, c = numpy.mgrid[0:height, 0:width, 0:4]
    values = 127 + 100 * numpy.sin(0.13 * x + 2 * c + 0.1 * y) + rng.normal(0, 9, (height, width, 4))
    pixels = numpy.clip(values, 0, 255).astype("uint8")
    if mode in ("RGBA", "CMYK"):
        return Image.fromarray(pixels, mode)
    if mode == "LA":
        return Image.merge("LA", [Image.fromarray(pixels[:, :, i]) for i in (0, 3)])
    return Image.fromarray(pixels[:, :, :3]).convert(mode)


def exif_of(orientation, big):
    order, mark = (">", b"MM") if big else ("<", b"II")
    entries = struct.pack(order + "HHIHH", 0x010F, 3, 1, 7, 0) + struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    return mark + struct.pack(order + "HIH", 42, 8, 2) + entries + bytes(4)


def with_jpeg_segment(jpeg, marker, content):
    return jpeg[:2] + struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content + jpeg[2:]


class Comparison:
    def __init__(self, program):
        self.program = program
        self.count = self.refused = self.faults = 0

    def fault(self, what, content):
        self.faults += 1
        if self.faults <= 20:
            keep = pathlib.Path(tempfile.gettempdir()) / f"image_reading_fault_{self.faults}"
            keep.write_bytes(content)
            print(f"{what} ({keep})")

    def whole(self, what, content, tolerance=0, must_be_read=True, **options):
        expected = pillow_image(content, **{k: v for k, v in options.items() if k != "bits"})
        found = self.program.read(content, **options)
        self.count += 1
        if expected is None:
            self.refused += 1
            if must_be_read:
                self.fault(f"{what}: Pillow does not read it", content)
            return
        if isinstance(found, str):
            # Compressed data that end before the last row: Pillow takes that for the end of the image.
            if "Not enough image data" not in found:
                self.fault(f"{what}: Pillow reads it, but it {found}", content)
            return
        pixels = array_of(expected)
        if options.get("accept") and content[:2] == b"\xff\xd8":
            if not pixels.any():  # Pillow has nothing of an image that ends between two scans
                return
            tolerance = 16 if "progressive" in what else 0  # libjpeg-turbo 3 smooths what is not yet refined otherwise
        if found.shape != pixels.shape:
            self.fault(f"{what}: {found.shape}, Pillow has {pixels.shape}", content)
        elif numpy.abs(found.astype(int) - pixels).max() > tolerance:
            self.fault(f"{what}: differs by {numpy.abs(found.astype(int) - pixels).max()}", content)

    def crops(self, what, content, rng, count=6, **options):
        """Crops that are not made smaller, as JPEG is scaled while it is decoded otherwise."""
        image = pillow_image(content, **options)
        for _ in range(count):
            height, width = (int(rng.integers(1, side + 1)) for side in (image.height, image.width))
            top, left = int(rng.integers(0, image.height - height + 1)), int(rng.integers(0, image.width - width + 1))
            size = (height + int(rng.integers(0, 9)), width + int(rng.integers(0, 9)))
            expected = array_of(image.crop((left, top, left + width, top + height))
                                .resize((size[1], size[0]), Image.Resampling.BILINEAR))
            found = self.program.read(content, (top, left, height, width), size, **options)
            self.count += 1
            if isinstance(found, str) or numpy.abs(found.astype(int) - expected).max() > 1:
                self.fault(f"{what}: crop {top} {left} {height} {width} to {size}", content)


def orientations(compare, rng):
    for orientation in range(0, 10):
        for big in (False, True):
            block = exif_of(orientation, big)
            rgb = picture(rng, "RGB", 21, 34)
            files = {
                "jpeg": saved(rgb, "JPEG", quality=95, exif=b"Exif\0\0" + block),
                "progressive": saved(rgb, "JPEG", progressive=True, subsampling=2, exif=b"Exif\0\0" + block),
                "png": pillow_support.with_png_chunk(saved(rgb, "PNG"), pillow_support.png_chunk(b"eXIf", block), False),
                "png behind": pillow_support.with_png_chunk(saved(rgb, "PNG"), pillow_support.png_chunk(b"eXIf", block), True),
                "webp": saved(picture(rng, "RGBA", 21, 34), "WEBP", lossless=True, exact=True, exif=block),
                "lossy webp": saved(rgb, "WEBP", quality=80, exif=b"Exif\0\0" + block)}
            for name, content in files.items():
                what = f"{name}, orientation {orientation}, {'big' if big else 'little'} endian"
                for channels in (1, 3):
                    # libjpeg's luma is not that of RGB.
                    tolerance = 4 if channels == 1 and content[:2] == b"\xff\xd8" else 0
                    compare.whole(what, content, tolerance, channels=channels)
                compare.whole(what + ", ignored", content, orient=False)
                compare.crops(what, content, rng)


def damaged_exif(compare, rng):
    for i in range(300):
        block = bytearray(exif_of(6, bool(i % 2)))
        for _ in range(1 + i % 3):
            block[int(rng.integers(len(block)))] = int(rng.integers(256))
        block = bytes(block[:int(rng.integers(len(block) + 1))]) if i % 5 == 0 else bytes(block)
        jpeg = with_jpeg_segment(saved(picture(rng, "RGB", 8, 12), "JPEG"), 0xE1, b"Exif\0\0" + block)
        found = compare.program.read(jpeg)
        compare.count += 1
        if isinstance(found, str):
            compare.fault(f"damaged EXIF: {found}", jpeg)
        elif found.shape[:2] != (pillow_image(jpeg).height, pillow_image(jpeg).width):
            print(f"note: EXIF {block.hex()}: {found.shape}, Pillow otherwise")


def opacity(compare, rng):
    for mode in ("RGBA", "LA"):
        image = picture(rng, mode, 40, 50)
        for background in (0, 255):
            for channels in (1, 3):
                options = {"channels": channels, "background": background}
                compare.whole(f"png {mode}", saved(image, "PNG"), **options)
                compare.crops(f"png {mode}", saved(image, "PNG"), rng, **options)
                if mode == "RGBA":
                    for name, kind in (("lossless", {"lossless": True, "exact": True}), ("lossy", {"quality": 70})):
                        compare.whole(f"webp {name}", saved(image, "WEBP", **kind), **options)
                        compare.crops(f"webp {name}", saved(image, "WEBP", **kind), rng, **options)
    palette = picture(rng, "RGB", 30, 20).quantize(40)
    grey = Image.fromarray(numpy.array(picture(rng, "L", 30, 20)) // 32 * 32)
    colour = Image.fromarray(numpy.array(picture(rng, "RGB", 30, 20)) // 64 * 64)
    for background in (0, 255):
        for name, image, key in (("palette with opacities", palette, bytes(range(0, 200, 5))), ("palette with a key", palette, 3),
                                 ("grey with a key", grey, 96), ("colour with a key", colour, (64, 128, 128))):
            compare.whole(f"png {name}", saved(image, "PNG", transparency=key), background=background)
    for mode in ("1", "L", "P", "RGB"):
        compare.whole(f"png {mode}", saved(picture(rng, mode, 17, 23), "PNG"))


def inks(compare, rng):
    for options in ({}, {"progressive": True}):
        content = saved(picture(rng, "CMYK", 33, 40), "JPEG", quality=90, **options)
        for channels in (1, 3):
            compare.whole("cmyk", content, channels=channels)
        compare.crops("cmyk", content, rng)
        ycck = bytearray(content)  # what is stored as inks, said to be YCCK
        ycck[ycck.index(b"Adobe") + 11] = 2
        compare.whole("ycck", bytes(ycck))


def damage(compare, rng):
    rgb = picture(rng, "RGB", 40, 60)
    files = {"jpeg": saved(rgb, "JPEG"), "sampled jpeg": saved(rgb, "JPEG", subsampling=2), "grey jpeg": saved(rgb.convert("L"), "JPEG"),
             "progressive": saved(rgb, "JPEG", progressive=True), "restarting": saved(rgb, "JPEG", restart_marker_blocks=3),
             "png": saved(rgb, "PNG"), "palette": saved(rgb.quantize(60), "PNG"),
             "png rgba": saved(picture(rng, "RGBA", 40, 60), "PNG"), "webp": saved(rgb, "WEBP"),
             "lossless webp": saved(picture(rng, "RGBA", 20, 30), "WEBP", lossless=True)}
    for name, content in files.items():
        compare.whole(f"{name}, bytes behind the end", content + b"more" * 30)
        cuts = sorted({1, 2, 3, 4, 8, 11, 12, 13, 16, 17, 20, *(int(rng.integers(1, len(content) - 30)) for _ in range(60))})
        for cut in cuts:
            for accept in (False, True):
                compare.whole(f"{name}, {cut} bytes of {len(content)} cut, accept {accept}", content[:-cut], must_be_read=False, accept=accept)
        for i in range(100):
            bad = bytearray(content)
            for _ in range(1 + i % 2):
                bad[int(rng.integers(20, len(bad)))] = int(rng.integers(256))
            compare.whole(f"{name}, damaged {i}", bytes(bad), must_be_read=False)
    jpeg, png = files["jpeg"], files["png"]
    scan = jpeg.index(b"\xff\xda")
    compare.whole("jpeg, bytes ahead of a marker", jpeg[:scan] + b"junk\0" + jpeg[scan:])
    compare.whole("jpeg, padding ahead of a marker", jpeg[:scan] + b"\xff\xff\xff" + jpeg[scan:])
    compare.whole("jpeg, a second image", jpeg + jpeg)
    for kind, text in ((b"gAMA", bytes(4)), (b"gAMA", b"\0\1\x86\xa0"), (b"iCCP", b"x\0\0no zlib"), (b"sRGB", b"\7"), (b"cHRM", bytes(32)),
                       (b"tEXt", b"a\0b"), (b"pHYs", bytes(9)), (b"bKGD", bytes(6)), (b"zzZz", b"unknown")):
        compare.whole(f"png, {kind}", pillow_support.with_png_chunk(png, pillow_support.png_chunk(kind, text), False), must_be_read=False)
        compare.whole(f"png, {kind} behind", pillow_support.with_png_chunk(png, pillow_support.png_chunk(kind, text), True), must_be_read=False)
        broken = pillow_support.with_png_chunk(png, pillow_support.png_chunk(kind, text)[:-1] + b"?", False)
        found = compare.program.read(broken)
        if isinstance(found, str):
            compare.fault(f"png, {kind} with a wrong checksum: {found}", broken)


def main():
    decode_image, source_dir = sys.argv[1:3]
    pillow_support.import_or_leave(source_dir, "numpy")
    global numpy, Image, ImageFile, ImageOps
    import numpy
    from PIL import Image, ImageFile, ImageOps
    warnings.simplefilter("ignore")
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    rng = numpy.random.default_rng(seed)
    random.seed(seed)
    with tempfile.TemporaryDirectory() as folder:
        compare = Comparison(Program(decode_image, folder))
        for part in (orientations, damaged_exif, opacity, inks, damage):
            before = compare.count
            part(compare, rng)
            print(f"{part.__name__}: {compare.count - before} comparisons")
    print(f"{compare.count} comparisons with Pillow {Image.__version__}, {compare.refused} files that it refuses, {compare.faults} faults, seed {seed}")
    sys.exit(1 if compare.faults else 0)


main()
