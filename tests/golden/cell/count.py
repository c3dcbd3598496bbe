"""Writes count.json: parameters and multiply-adds of published cell networks, counted by hooks on a real forward pass.

    python tests/golden/cell/count.py          (torch 2.11.0, CPU; tensors on the meta device, nothing is computed)
"""
import json
import pathlib

import torch
from torch import nn

from network import Network

HERE = pathlib.Path(__file__).parent
GENOTYPES = HERE.parents[2] / "examples" / "architectures"


def count(genotype, size, **settings):
    with torch.device("meta"):
        network = Network(genotype, auxiliary_pool=nn.AdaptiveAvgPool2d(2), **settings)
        images = torch.empty(2, settings.get("image_channels", 3), size, size)
    total = [0]

    def of_convolution(module, inputs, output):
        o = output[0].numel()
        total[0] += o * module.weight[0].numel()

    def of_linear(module, inputs, output):
        total[0] += module.in_features * module.out_features

    for name, module in network.named_modules():
        if name.startswith("auxiliary"):
            continue
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(of_convolution)
        if isinstance(module, nn.Linear):
            module.register_forward_hook(of_linear)
    network.train()(images)
    auxiliary = sum(p.numel() for n, p in network.named_parameters() if n.startswith("auxiliary"))
    parameters = sum(p.numel() for p in network.parameters()) - auxiliary
    return {"parameters": parameters, "auxiliary_parameters": auxiliary, "multiply_adds": total[0]}


CASES = [
    ("darts_v2", 32, dict(channels=36, cells=20, classes=10, imagenet=False, extra=False)),
    ("ista_one_stage", 28, dict(channels=16, cells=8, classes=100, imagenet=False, extra=True, image_channels=1)),
    ("pdarts", 224, dict(channels=48, cells=14, classes=1000, imagenet=True, extra=False)),
    ("nasnet_a", 225, dict(channels=33, cells=6, classes=8, imagenet=True, extra=False)),
    ("enas_script", 64, dict(channels=20, cells=5, classes=67, imagenet=False, extra=True)),
    ("darts_v1", 32, dict(channels=12, cells=3, classes=10, imagenet=False, extra=True, reduction_cells=[1])),
    ("pdarts", 28, dict(channels=10, cells=6, classes=7, imagenet=False, extra=False, reduction_cells=[0, 1, 3])),
    ("snas_mild", 8, dict(channels=8, cells=4, classes=5, imagenet=False, extra=True, reduction_cells=[])),
]

if __name__ == "__main__":
    rows = []
    for name, size, settings in CASES:
        genotype = json.loads((GENOTYPES / f"{name}.json").read_text())
        rows.append({"architecture": name, "size": size, **settings, **count(genotype, size, **settings)})
    (HERE / "count.json").write_text(json.dumps({"torch": torch.__version__, "networks": rows}, indent=1) + "\n")
