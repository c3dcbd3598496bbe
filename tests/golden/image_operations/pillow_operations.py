"""The image operations as Pillow has them, and the images that the C++ tests apply them to.

An image is a list of planes (one or three), each `height * width` bytes. Needs Pillow alone.
"""
import pathlib

from PIL import Image, ImageEnhance, ImageOps

PHOTOGRAPH = pathlib.Path(__file__).parent / "photograph.png"  # 224 x 224 px, RGB

KINDS = ("noise", "photo", "constant", "two_valued")
LEVELS = (0, 0.5, 1, 2, 3, 4, 5, 6, 7, 8)
FILL = (124, 117, 104)
RESAMPLING = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
GEOMETRIC = ("rotate", "shear_x", "shear_y", "translate_x_rel", "translate_y_rel")
ENHANCEMENTS = {"color": ImageEnhance.Color, "contrast": ImageEnhance.Contrast, "brightness": ImageEnhance.Brightness,
                "sharpness": ImageEnhance.Sharpness}
OPERATIONS = ("auto_contrast", "equalize", "rotate", "posterize", "solarize", "color", "contrast", "brightness",
              "sharpness", "shear_x", "shear_y", "translate_x_rel", "translate_y_rel", "identity")


def photograph(channels, height, width):
    """The middle of the photograph; of one channel its green."""
    with Image.open(PHOTOGRAPH) as image:
        left, top = (image.width - width) // 2, (image.height - height) // 2
        planes = to_planes(image.crop((left, top, left + width, top + height)))
    return planes if channels == 3 else planes[1:2]


def make_image(kind, channels, height, width):
    """The photograph, or bytes from a 32-bit linear congruential generator, one step a byte, in the order of planes, rows and
    columns."""
    if kind == "photo":
        return photograph(channels, height, width)
    state = KINDS.index(kind) + 1
    planes = []
    for c in range(channels):
        plane = bytearray()
        for y in range(height):
            for x in range(width):
                state = (state * 1664525 + 1013904223) % 2**32
                noise = state >> 24
                if kind == "noise":
                    value = noise
                elif kind == "constant":
                    value = 37 + 80 * c
                else:
                    value = 200 - 10 * c if noise >= 128 else 20 + 30 * c
                plane.append(value)
        planes.append(bytes(plane))
    return planes


def to_pillow(planes, height, width):
    bands = [Image.frombytes("L", (width, height), plane) for plane in planes]
    return bands[0] if len(bands) == 1 else Image.merge("RGB", bands)


def to_planes(image):
    return [band.tobytes() for band in image.split()]


def is_signed(operation, mapping):
    return operation in GEOMETRIC or (mapping == "strength" and operation in ENHANCEMENTS)


def cases():
    """(mapping, operation, level, sign, resampling), without those that repeat another."""
    for mapping in ("paper", "strength"):
        for operation in OPERATIONS:
            if mapping == "strength" and (operation in GEOMETRIC or operation == "identity"):
                continue
            for level in LEVELS:
                for sign in (1, -1) if is_signed(operation, mapping) else (1,):
                    for resampling in RESAMPLING if operation in GEOMETRIC else ("bilinear",):
                        yield mapping, operation, level, sign, resampling


def apply_geometric(image, operation, u, sign, resampling, fill):
    fill = fill[0] if image.mode == "L" else tuple(fill)
    if operation == "rotate":
        return image.rotate(sign * 30 * u, RESAMPLING[resampling], fillcolor=fill)
    matrix = {"shear_x": (1, sign * 0.3 * u, 0, 0, 1, 0),
              "shear_y": (1, 0, 0, sign * 0.3 * u, 1, 0),
              "translate_x_rel": (1, 0, sign * 0.45 * u * image.width, 0, 1, 0),
              "translate_y_rel": (1, 0, 0, 0, 1, sign * 0.45 * u * image.height)}[operation]
    return image.transform(image.size, Image.Transform.AFFINE, matrix, RESAMPLING[resampling], fillcolor=fill)


def apply(image, mapping, operation, level, sign, resampling, fill=FILL):
    u = level / 8
    is_paper = mapping == "paper"
    if operation in GEOMETRIC:
        return apply_geometric(image, operation, u, sign, resampling, fill)
    if operation in ENHANCEMENTS:
        return ENHANCEMENTS[operation](image).enhance(1.8 * u + 0.1 if is_paper else 1 + sign * 0.9 * u)
    if operation == "posterize":
        return ImageOps.posterize(image, int(3 * u + 1) if is_paper else 8 - int(7 * u))
    if operation == "solarize":
        return ImageOps.solarize(image, int(256 * u) if is_paper else 256 - int(256 * u))
    if operation in ("auto_contrast", "equalize"):
        changed = ImageOps.autocontrast(image) if operation == "auto_contrast" else ImageOps.equalize(image)
        return changed if is_paper else Image.blend(image, changed, u)
    return image.copy()
