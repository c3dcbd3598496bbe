"""The image operations as Pillow has them, and the images that the C++ tests apply them to.

An image is a list of planes (one or three), each `height * width` bytes. Needs Pillow alone.
"""
import pathlib

from PIL import Image, ImageDraw, ImageEnhance, ImageOps

PHOTOGRAPH = pathlib.Path(__file__).parent / "photograph.png"  # 224 x 224 px, RGB

KINDS = ("noise", "photo", "constant", "two_valued")
LEVELS = (0, 0.5, 1, 2, 3, 4, 5, 6, 7, 8)
PBA_LEVELS = (0, 0.5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
CENTRE = (0.5, 0.5)
CENTRES = (CENTRE, (0, 0), (0.99, 0.2), (0.37, 0.93))  # of cutouts, as shares of width and height
FILL = (124, 117, 104)
RESAMPLING = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
GEOMETRIC = ("rotate", "shear_x", "shear_y", "translate_x_rel", "translate_y_rel", "translate_x", "translate_y")
ENHANCEMENTS = {"color": ImageEnhance.Color, "contrast": ImageEnhance.Contrast, "brightness": ImageEnhance.Brightness,
                "sharpness": ImageEnhance.Sharpness}
OPERATIONS = ("auto_contrast", "equalize", "rotate", "posterize", "solarize", "color", "contrast", "brightness",
              "sharpness", "shear_x", "shear_y", "translate_x_rel", "translate_y_rel", "identity")  # those of DHA
FURTHER_OPERATIONS = ("invert", "cutout", "translate_x", "translate_y")
SAME_ON_STRENGTH = (*GEOMETRIC, "identity", "invert", "cutout")  # as on the paper's scale


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
    """(mapping, operation, level, sign, resampling, centre), without those that repeat another."""
    for mapping in ("paper", "strength", "pba"):
        for operation in OPERATIONS + FURTHER_OPERATIONS:
            if mapping == "strength" and operation in SAME_ON_STRENGTH:
                continue
            for level in PBA_LEVELS if mapping == "pba" else LEVELS:
                for sign in (1, -1) if is_signed(operation, mapping) else (1,):
                    for resampling in RESAMPLING if operation in GEOMETRIC else ("bilinear",):
                        for centre in CENTRES if operation == "cutout" else (CENTRE,):
                            yield mapping, operation, level, sign, resampling, centre


def parameter(mapping, operation, level, sign):
    """What a level means: of PBA's authors (arcelien/pba), of DHA's, and a strength that grows from none."""
    if mapping == "pba":
        integer = int(level * {"rotate": 30, "posterize": 4, "solarize": 256, "cutout": 20, "translate_x": 10,
                               "translate_y": 10}.get(operation, 0) / 10)
        if operation in ("rotate", "translate_x", "translate_y"):
            return sign * integer
        if operation == "cutout":
            return integer
        if operation in ("posterize", "solarize"):
            return {"posterize": 4, "solarize": 256}[operation] - integer
        if operation in ENHANCEMENTS:
            return level * 1.8 / 10 + 0.1
        if operation in ("shear_x", "shear_y"):
            return sign * (level * 0.3 / 10)
    u = level / (10 if mapping == "pba" else 8)
    if operation in ENHANCEMENTS:
        return 1.8 * u + 0.1 if mapping == "paper" else 1 + sign * 0.9 * u
    if operation == "posterize":
        return int(3 * u + 1) if mapping == "paper" else 8 - int(7 * u)
    if operation == "solarize":
        return int(256 * u) if mapping == "paper" else 256 - int(256 * u)
    if operation in ("auto_contrast", "equalize"):
        return u if mapping == "strength" else 1
    return {"rotate": sign * 30 * u, "shear_x": sign * 0.3 * u, "shear_y": sign * 0.3 * u,
            "translate_x_rel": sign * 0.45 * u, "translate_y_rel": sign * 0.45 * u, "translate_x": sign * int(10 * u),
            "translate_y": sign * int(10 * u), "cutout": int(20 * u)}.get(operation, 0)


def apply_geometric(image, operation, value, resampling, fill):
    fill = fill[0] if image.mode == "L" else tuple(fill)
    if operation == "rotate":
        return image.rotate(value, RESAMPLING[resampling], fillcolor=fill)
    matrix = {"shear_x": (1, value, 0, 0, 1, 0),
              "shear_y": (1, 0, 0, value, 1, 0),
              "translate_x_rel": (1, 0, value * image.width, 0, 1, 0),
              "translate_y_rel": (1, 0, 0, 0, 1, value * image.height),
              "translate_x": (1, 0, value, 0, 1, 0),
              "translate_y": (1, 0, 0, 0, 1, value)}[operation]
    return image.transform(image.size, Image.Transform.AFFINE, matrix, RESAMPLING[resampling], fillcolor=fill)


def cut_out(image, side, centre, fill):
    left, top = int(centre[0] * image.width) - side // 2, int(centre[1] * image.height) - side // 2
    result = image.copy()
    if side > 0:
        ImageDraw.Draw(result).rectangle((left, top, left + side - 1, top + side - 1),
                                         fill=fill[0] if image.mode == "L" else tuple(fill))
    return result


def apply(image, mapping, operation, level, sign, resampling, fill=FILL, centre=CENTRE):
    value = parameter(mapping, operation, level, sign)
    if operation in GEOMETRIC:
        return apply_geometric(image, operation, value, resampling, fill)
    if operation in ENHANCEMENTS:
        return ENHANCEMENTS[operation](image).enhance(value)
    if operation == "posterize":
        # PBA's level 10 keeps no bit, which Pillow refuses.
        return ImageOps.posterize(image, value) if value > 0 else image.point(lambda _: 0)
    if operation == "solarize":
        return ImageOps.solarize(image, value)
    if operation in ("auto_contrast", "equalize"):
        changed = ImageOps.autocontrast(image) if operation == "auto_contrast" else ImageOps.equalize(image)
        return changed if value == 1 and mapping != "strength" else Image.blend(image, changed, value)
    if operation == "invert":
        return ImageOps.invert(image)
    return cut_out(image, value, centre, fill) if operation == "cutout" else image.copy()
