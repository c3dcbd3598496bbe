"""Writes forward.json: logits, gradients and running statistics of small cell networks in float64.

    python tests/golden/cell/forward.py          (torch 2.11.0, CPU)

Weights, images and the loss follow formulas of their name and position, so that none need be stored.
"""
import json
import pathlib

import torch
from torch import nn

from network import Network

HERE = pathlib.Path(__file__).parent


def fnv(text):
    h = 2166136261
    for byte in text.encode():
        h = (h ^ byte) * 16777619 % 2**32
    return h


def wave(name, shape):
    """sin of a phase from the name plus 0.7 a position, in [-1, 1]."""
    n = int(torch.Size(shape).numel())
    return torch.sin(fnv(name) % 1000 * 0.01 + 0.7 * torch.arange(n, dtype=torch.float64)).reshape(shape)


def fill(network):
    for name, tensor in list(network.named_parameters()) + list(network.named_buffers()):
        if name.endswith("num_batches_tracked"):
            continue
        value = wave(name, tensor.shape)
        if name.endswith("running_var"):
            value = 1 + 0.2 * value
        elif "norm" in name and name.endswith(".weight"):
            value = 1 + 0.3 * value
        elif tensor.dim() >= 2:
            value = value / tensor[0].numel() ** 0.5
        else:
            value = 0.2 * value
        tensor.data.copy_(value)


def case(genotype, **settings):
    size = settings.pop("size")
    batch = settings.pop("batch")
    network = Network(genotype, **settings).double()
    fill(network)
    images = wave("images", (batch, settings.get("image_channels", 3), *size))
    network.eval()
    with torch.no_grad():
        evaluated = network(images)[0]
    network.train()
    logits, auxiliary = network(images)
    loss = (logits * wave("loss", logits.shape)).sum()
    if auxiliary is not None:
        loss = loss + 0.4 * (auxiliary * wave("auxiliary loss", auxiliary.shape)).sum()
    loss.backward()
    gradients = {}
    for name, parameter in network.named_parameters():
        flat = (torch.zeros_like(parameter) if parameter.grad is None else parameter.grad).flatten()
        weights = wave("gradient", flat.shape)
        gradients[name] = [flat.abs().sum().item(), (flat * weights).sum().item()]
    statistics = {name: wave("statistics", b.shape).dot(b).item() for name, b in network.named_buffers() if "running" in name}
    return {"evaluated": evaluated.tolist(), "logits": logits.tolist(),
            "auxiliary": None if auxiliary is None else auxiliary.tolist(), "gradients": gradients, "statistics": statistics}


MIXED = {
    "normal": [["sep_conv_3x3", 0], ["dil_conv_5x5", 1], ["skip_connect", 0], ["max_pool_3x3", 2],
               ["avg_pool_3x3", 1], ["sep_conv_5x5", 3], ["skip_connect", 1], ["skip_connect", 0]],
    "normal_concat": [2, 3, 4, 5],
    "reduce": [["max_pool_3x3", 0], ["skip_connect", 1], ["avg_pool_3x3", 0], ["dil_conv_3x3", 2],
               ["sep_conv_3x3", 1], ["sep_conv_5x5", 0], ["dil_conv_5x5", 1], ["skip_connect", 3]],
    "reduce_concat": [2, 3, 4, 5],
}
WIDE = {
    "normal": [["conv_7x1_1x7", 0], ["sep_conv_7x7", 1], ["sep_conv_3x3", 1], ["sep_conv_3x3", 1],
               ["none", 0], ["max_pool_3x3", 3], ["avg_pool_3x3", 0], ["avg_pool_3x3", 0], ["none", 1], ["none", 2]],
    "normal_concat": [4, 3, 5],
    "reduce": [["sep_conv_7x7", 0], ["conv_7x1_1x7", 1], ["none", 0], ["skip_connect", 0],
               ["sep_conv_3x3", 3], ["dil_conv_3x3", 0]],
    "reduce_concat": [2, 4],
}

CASES = {
    "cifar": (MIXED, dict(channels=4, cells=3, classes=5, imagenet=False, extra=False, size=(32, 32), batch=2,
                          auxiliary_pool=nn.AvgPool2d(5, 3))),
    "grey_28": (MIXED, dict(channels=4, cells=4, classes=3, imagenet=False, extra=True, size=(28, 28), batch=2,
                            auxiliary_pool=nn.AvgPool2d(5, 2), image_channels=1)),
    "imagenet": (WIDE, dict(channels=6, cells=3, classes=4, imagenet=True, extra=False, size=(70, 45), batch=3,
                            auxiliary_pool=nn.AdaptiveAvgPool2d(2), auxiliary_batch_norm=False)),
    "odd": (WIDE, dict(channels=5, cells=3, classes=4, imagenet=False, extra=True, size=(15, 10), batch=2,
                       auxiliary_pool=nn.AdaptiveAvgPool2d(2))),
}

if __name__ == "__main__":
    torch.set_num_threads(1)
    result = {}
    for name, (genotype, settings) in CASES.items():
        plain = {k: v for k, v in settings.items() if k != "auxiliary_pool"}
        result[name] = {"genotype": genotype, "settings": dict(plain), **case(genotype, **settings)}
    (HERE / "forward.json").write_text(json.dumps({"torch": torch.__version__, "cases": result}, indent=0) + "\n")
