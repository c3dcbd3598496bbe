#!/usr/bin/env python3
"""Makes the golden images of the reading tests: small files of every kind, and what Pillow reads of them.

usage: make_reading.py   (needs Pillow and numpy; last run with Pillow 13.0.0, numpy 2.4.6)
Writes reading/cases.txt and the files that it names beside itself. A case is a line: the file, the PNG with the pixels that are expected
of it, the background, the significant bits, and what is done with truncated files.
"""
import io
import pathlib
import shutil
import struct
import sys
import zlib

import numpy
from PIL import Image, ImageFile, ImageOps

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from pillow_support import png_chunk, with_png_chunk  # noqa: E402

FOLDER = pathlib.Path(__file__).parent / "reading"
cases = []
rng = numpy.random.default_rng(5)


def pixels(height, width, channels):
    y, x, c = numpy.mgrid[0:height, 0:width, 0:channels]
    return numpy.clip(127 + 120 * numpy.sin(0.5 * x + 2 * c + 0.3 * y), 0, 255).astype("uint8")


def saved(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def exif(orientation, order):
    mark = b"II" if order == "<" else b"MM"
    return mark + struct.pack(order + "HIHHHIHHI", 42, 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def as_pillow_reads(content, background, truncated):
    ImageFile.LOAD_TRUNCATED_IMAGES = truncated == "accept"
    image = Image.open(io.BytesIO(content))
    image.load()
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        paper = Image.new("RGBA", image.size, background)
        image = Image.alpha_composite(paper, image.convert("RGBA"))
    return image.convert("RGB")


def case(name, content, background="white", bits=16, truncated="error", expected=None):
    (FOLDER / name).write_bytes(content)
    image = expected if expected is not None else as_pillow_reads(content, background, truncated)
    of = f"{name}.{background}.{bits}.png"
    image.save(FOLDER / of, optimize=True)
    cases.append(f"{name} {of} {background} {bits} {truncated}\n")


def png16(samples, colour):
    height, width = samples.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")


def scaled(samples, bits):
    """Samples over the range of 8 bits, rounded to the nearest."""
    largest = 2**bits - 1
    return ((numpy.minimum(samples.astype(int), largest) * 510 + largest) // (2 * largest)).astype("uint8")


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    rgb, rgba, grey = (Image.fromarray(pixels(9, 14, n)[:, :, 0] if n == 1 else pixels(9, 14, n)) for n in (3, 4, 1))
    for orientation in range(1, 9):
        case(f"orientation_{orientation}.jpg", saved(rgb, "JPEG", exif=b"Exif\0\0" + exif(orientation, "<")))
    case("big_endian.jpg", saved(rgb, "JPEG", exif=b"Exif\0\0" + exif(8, ">")))
    case("damaged_exif.jpg", saved(rgb, "JPEG", exif=b"Exif\0\0" + exif(6, "<")[:15]))
    case("exif.png", with_png_chunk(saved(rgb, "PNG"), png_chunk(b"eXIf", exif(6, ">")), False))
    case("exif_behind.png", with_png_chunk(saved(rgb, "PNG"), png_chunk(b"eXIf", exif(5, "<")), True))
    case("exif.webp", saved(rgb, "WEBP", lossless=True, exif=exif(7, ">")))
    for background in ("white", "black"):
        case("rgba.png", saved(rgba, "PNG"), background)
        case("grey_alpha.png", saved(Image.merge("LA", [grey, rgba.getchannel(3)]), "PNG"), background)
        case("palette.png", saved(rgb.quantize(16), "PNG", transparency=bytes(range(0, 240, 15))), background)
        levels = Image.fromarray(numpy.array(rgb) // 128 * 128)
        case("key.png", saved(levels, "PNG", transparency=(0, 128, 128)), background)
        case("lossless.webp", saved(rgba, "WEBP", lossless=True, exact=True), background)
        case("lossy_alpha.webp", saved(rgba, "WEBP", quality=70), background)
    case("lossy.webp", saved(rgb, "WEBP", quality=70))
    cmyk = saved(Image.fromarray(pixels(9, 14, 4), "CMYK"), "JPEG", quality=90)
    case("cmyk.jpg", cmyk)
    ycck = bytearray(cmyk)  # the same numbers, said to be YCCK
    ycck[ycck.index(b"Adobe") + 11] = 2
    case("ycck.jpg", bytes(ycck))
    samples = rng.integers(0, 4096, (6, 7))
    samples[0, 0], samples[0, 1] = 0, 4095
    case("grey_12_bits.png", png16(samples, 0), bits=12, expected=Image.fromarray(scaled(samples, 12)))
    case("grey_12_bits.png", png16(samples, 0), bits=16, expected=Image.fromarray(scaled(samples, 16)))
    case("grey_12_bits.png", png16(samples, 0), bits=10, expected=Image.fromarray(scaled(samples, 10)))
    colours = rng.integers(0, 65536, (6, 7, 3))
    case("rgb_16_bits.png", png16(colours, 2), expected=Image.fromarray(scaled(colours, 16)))
    alpha = numpy.concatenate([rng.integers(0, 1024, (6, 7, 3)), rng.integers(0, 65536, (6, 7, 1))], 2)
    eight = Image.fromarray(numpy.concatenate([scaled(alpha[:, :, :3], 10), scaled(alpha[:, :, 3:], 16)], 2))
    paper = Image.new("RGBA", eight.size, "black")
    case("rgba_10_bits.png", png16(alpha, 6), "black", bits=10, expected=Image.alpha_composite(paper, eight).convert("RGB"))
    large = Image.fromarray(pixels(40, 30, 3))
    opaque = large.convert("RGBA")
    for name, content in (("cut.jpg", saved(large, "JPEG")), ("cut.png", saved(large, "PNG")), ("cut_rgba.png", saved(opaque, "PNG")),
                          ("cut_palette.png", saved(large.quantize(20), "PNG"))):
        case(name, content[:len(content) * 3 // 5], truncated="accept")
    case("without_end.png", saved(rgb, "PNG")[:-12])
    case("behind_the_end.png", saved(rgb, "PNG") + b"more")
    case("wrong_data_checksum.png", saved(rgb, "PNG")[:-16] + b"sum!" + saved(rgb, "PNG")[-12:])
    jpeg = saved(rgb, "JPEG")
    scan = jpeg.index(b"\xff\xda")
    case("junk.jpg", jpeg[:scan] + b"junk" + jpeg[scan:] + b"more")
    animated = saved(rgb, "WEBP", save_all=True, append_images=[rgb.transpose(Image.Transpose.ROTATE_180)], lossless=True)
    (FOLDER / "animated.webp").write_bytes(animated)
    (FOLDER / "cases.txt").write_text("".join(cases))


main()
