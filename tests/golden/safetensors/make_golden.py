"""Writes reference.safetensors with the reference library; tests/unit/safetensors_test.cpp reads it and writes the same bytes.

Made with safetensors 0.8.0 and torch 2.11.0:  .venv/bin/python tests/golden/safetensors/make_golden.py
"""

import pathlib

import torch
from safetensors.torch import save_file

TYPES = "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 uint16 uint32 uint64".split()

tensors = {name: torch.arange(6).reshape(2, 3).to(getattr(torch, name)) for name in TYPES}
tensors["bool"] = torch.tensor([True, False, True])
tensors["signed"] = torch.tensor([-1.5, float("inf"), 1e-40])
tensors["scalar"] = torch.tensor(0.5, dtype=torch.float64)
tensors["empty"] = torch.zeros(0, 4)
tensors["naïve \"name\"\\\n"] = torch.tensor([7], dtype=torch.int64)
save_file(tensors, pathlib.Path(__file__).with_name("reference.safetensors"), {"made \t by": "safetensors é\x7f/"})
