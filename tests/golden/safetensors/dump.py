"""Prints what the reference library finds in a file: a JSON object of name to [type, shape, bytes in hexadecimal].

Needs no torch, so that it starts at once.
"""

import json
import pathlib
import sys

from safetensors import deserialize

found = deserialize(pathlib.Path(sys.argv[1]).read_bytes())
print(json.dumps({name: [view["dtype"], view["shape"], bytes(view["data"]).hex()] for name, view in found}))
