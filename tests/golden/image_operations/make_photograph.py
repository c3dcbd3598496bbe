"""Makes photograph.png: 224 x 224 px of coffee.png of scikit-image 0.26.0, a photograph by Rachel Michetti (CC0).

    python tests/golden/image_operations/make_photograph.py .../skimage/data/coffee.png     (last run with Pillow 13.0.0)
"""
import pathlib
import sys

from PIL import Image

with Image.open(sys.argv[1]) as image:
    image.convert("RGB").crop((100, 20, 324, 244)).save(pathlib.Path(__file__).parent / "photograph.png", optimize=True)
