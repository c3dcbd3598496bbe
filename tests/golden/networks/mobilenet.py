"""Writes mobilenet.json: logits and gradients of small MobileNets in float64, and counts of full ones, from plain torch modules.

    python tests/golden/networks/mobilenet.py          (torch 2.11.0, CPU)
"""
from collections import OrderedDict

import torch
from torch import nn

from measure import measured, write

WIDTHS = (24, 40, 80, 96, 192, 320)


def channels(value, multiplier):
    rounded = max(8, int(value * multiplier + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * value * multiplier else rounded


def norm(width):
    return nn.BatchNorm2d(width, eps=1e-3)


def mobile(a, b, kernel, expansion, stride):
    wide = a * expansion
    layers = [("expand", nn.Conv2d(a, wide, 1, bias=False)), ("norm1", norm(wide)), ("act1", nn.ReLU6())]
    return nn.Sequential(OrderedDict((layers if expansion > 1 else []) + [
        ("depthwise", nn.Conv2d(wide, wide, kernel, stride, kernel // 2, groups=wide, bias=False)), ("norm2", norm(wide)),
        ("act2", nn.ReLU6()), ("project", nn.Conv2d(wide, b, 1, bias=False)), ("norm3", norm(b))]))


class Network(nn.Module):
    """`names`: one candidate per block, "mbconv_k3_e6" or "zero"."""

    def __init__(self, names, image_channels, classes, multiplier, depths, stem_stride, strides):
        super().__init__()
        stem, first = channels(32, multiplier), channels(16, multiplier)
        self.stem = nn.Sequential(OrderedDict(
            conv=nn.Conv2d(image_channels, stem, 3, stem_stride, 1, bias=False), norm=norm(stem), act=nn.ReLU6()))
        self.first = mobile(stem, first, 3, 1, 1)
        self.blocks, self.shortcuts = nn.ModuleList(), []
        a, names = first, iter(names)
        for width, depth, stride in zip(WIDTHS, depths, strides):
            b = channels(width, multiplier)
            for i in range(depth):
                s = stride if i == 0 else 1
                name = next(names)
                block = nn.ModuleDict()
                if name != "zero":
                    block[name] = mobile(a, b, int(name[8]), int(name[-1]), s)
                self.blocks.append(block)
                self.shortcuts.append(s == 1 and a == b)
                a = b
        wide = channels(1280, max(1, multiplier))
        self.head = nn.ModuleDict({"conv": nn.Conv2d(a, wide, 1, bias=False), "norm": norm(wide),
                                   "linear": nn.Linear(wide, classes)})

    def forward(self, x):
        x = self.first(self.stem(x))
        for block, shortcut in zip(self.blocks, self.shortcuts):
            y = sum((one(x) for one in block.values()), start=0 * x if shortcut else 0)
            x = x + y if shortcut else y
        x = nn.functional.relu6(self.head["norm"](self.head["conv"](x)))
        return self.head["linear"](x.mean((2, 3)))


def multiply_adds(network, *shape):
    total = [0]
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(lambda m, _, y: total.__setitem__(0, total[0] + y[0].numel() * m.weight[0].numel()))
        if isinstance(module, nn.Linear):
            module.register_forward_hook(lambda m, _, y: total.__setitem__(0, total[0] + m.weight.numel()))
    network.eval()(torch.empty(shape, device="meta"))
    return total[0]


def counted(name, width, height, **settings):
    with torch.device("meta"):
        network = Network([name] * sum(settings["depths"]), **settings)
    parameters = sum(p.numel() for p in network.parameters())
    return {"name": name, "height": height, "width": width, "settings": settings, "parameters": parameters,
            "multiply_adds": multiply_adds(network, 1, settings["image_channels"], height, width)}


LARGE = dict(image_channels=3, classes=1000, multiplier=1.0, depths=[4, 4, 4, 4, 4, 1], stem_stride=2, strides=[2, 2, 2, 1, 2, 1])
SMALL = {**LARGE, "classes": 10, "stem_stride": 1, "strides": [1, 2, 2, 1, 2, 1]}
TINY = dict(multiplier=0.25, depths=[2, 1, 1, 2, 1, 1])
CASES = {
    "colour": (["mbconv_k3_e6", "zero", "mbconv_k5_e3", "mbconv_k7_e3", "mbconv_k3_e3", "mbconv_k5_e6", "mbconv_k7_e6",
                "mbconv_k3_e3"],
               dict(image_channels=3, classes=5, stem_stride=2, strides=[2, 2, 2, 1, 2, 1], **TINY), (2, 3, 64, 48)),
    "grey": (["mbconv_k7_e3", "mbconv_k3_e6", "mbconv_k5_e3", "mbconv_k5_e3", "mbconv_k3_e3", "zero", "mbconv_k3_e6",
              "mbconv_k7_e6"],
             dict(image_channels=1, classes=4, stem_stride=1, strides=[1, 2, 2, 1, 2, 1], **TINY), (3, 1, 14, 11)),
}

if __name__ == "__main__":
    counts = [counted(name, 224, 224, **LARGE) for name in ("mbconv_k3_e6", "mbconv_k7_e6", "mbconv_k3_e3")]
    counts += [counted("mbconv_k5_e3", 32, 32, **SMALL), counted("mbconv_k7_e3", 32, 48, **{**SMALL, "multiplier": 1.4}),
               counted("mbconv_k5_e6", 193, 224, **{**LARGE, "multiplier": 0.35})]
    cases = {name: {"names": names, "settings": settings, **measured(Network(names, **settings), *shape)}
             for name, (names, settings, shape) in CASES.items()}
    write("mobilenet.json", {"counts": counts, "cases": cases})
