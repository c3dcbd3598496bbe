"""Writes nb201.json: logits and gradients of small networks of NAS-Bench-201's cells in float64, from plain torch modules.

    python tests/golden/networks/nb201.py          (torch 2.11.0, CPU)
"""
from collections import OrderedDict

from torch import nn

from measure import measured, write

EDGES = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]


def relu_conv_norm(number, a, b, kernel, stride):
    return [("relu" + number, nn.ReLU()), ("conv" + number, nn.Conv2d(a, b, kernel, stride, kernel // 2, bias=False)),
            ("norm" + number, nn.BatchNorm2d(b))]


def operation(name, channels, extra):
    norm = [("norm", nn.BatchNorm2d(channels))] if extra else []
    if name == "none":
        return None
    if name == "skip_connect":
        return nn.Sequential(OrderedDict(norm))
    if name == "avg_pool_3x3":
        return nn.Sequential(OrderedDict([("pool", nn.AvgPool2d(3, 1, 1, count_include_pad=False)), *norm]))
    return nn.Sequential(OrderedDict(relu_conv_norm("", channels, channels, int(name[-1]), 1)))


class Cell(nn.Module):
    def __init__(self, names, channels, extra):
        super().__init__()
        self.names = names
        for node in (1, 2, 3):
            self.add_module(f"node{node}", nn.ModuleDict())
        for (a, b), name in zip(EDGES, names):
            one = operation(name, channels, extra)
            if one is not None:
                getattr(self, f"node{b}")[f"from{a}"] = nn.ModuleDict({name: one})

    def forward(self, x):
        nodes = [x]
        for node in (1, 2, 3):
            total = x * 0
            for (a, b), name in zip(EDGES, self.names):
                if b == node and name != "none":
                    total = total + getattr(self, f"node{b}")[f"from{a}"][name](nodes[a])
            nodes.append(total)
        return nodes[3]


class Reduction(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.main = OrderedDict(relu_conv_norm("1", a, b, 3, 2) + relu_conv_norm("2", b, b, 3, 1))
        for name, module in self.main.items():
            self.add_module(name, module)
        self.shortcut = nn.Conv2d(a, b, 1, bias=False)

    def forward(self, x):
        y = x
        for module in self.main.values():
            y = module(y)
        odd = tuple(side % 2 for side in x.shape[2:])
        return y + self.shortcut(nn.functional.avg_pool2d(x, 2, 2, odd, count_include_pad=False))


class Network(nn.Module):
    def __init__(self, names, image_channels, channels, cells, classes, extra):
        super().__init__()
        self.per_stage = cells
        self.stem = nn.Sequential(OrderedDict(conv=nn.Conv2d(image_channels, channels, 3, padding=1, bias=False),
                                              norm=nn.BatchNorm2d(channels)))
        widths = [channels * 2**stage for stage in range(3)]
        self.cells = nn.ModuleList(Cell(names, width, extra) for width in widths for _ in range(cells))
        self.reductions = nn.ModuleList(Reduction(a, 2 * a) for a in widths[:2])
        self.head = nn.ModuleDict({"norm": nn.BatchNorm2d(widths[2]), "linear": nn.Linear(widths[2], classes)})

    def forward(self, x):
        x = self.stem(x)
        for stage in range(3):
            if stage:
                x = self.reductions[stage - 1](x)
            for cell in self.cells[stage * self.per_stage:(stage + 1) * self.per_stage]:
                x = cell(x)
        return self.head["linear"](self.head["norm"](x).relu().mean((2, 3)))


CASES = {
    "mixed": (["nor_conv_3x3", "skip_connect", "nor_conv_1x1", "avg_pool_3x3", "nor_conv_3x3", "nor_conv_1x1"],
              dict(image_channels=3, channels=4, cells=1, classes=5, extra=False), (2, 3, 8, 12)),
    "odd": (["avg_pool_3x3", "none", "skip_connect", "nor_conv_3x3", "none", "nor_conv_1x1"],
            dict(image_channels=1, channels=3, cells=2, classes=3, extra=True), (3, 1, 7, 5)),
    "useless_edge": (["nor_conv_3x3", "nor_conv_1x1", "none", "skip_connect", "none", "none"],
                     dict(image_channels=3, channels=4, cells=1, classes=4, extra=False), (2, 3, 8, 8)),
}

if __name__ == "__main__":
    result = {}
    for case, (names, settings, shape) in CASES.items():
        text = "+".join("|" + "".join(f"{name}~{a}|" for (a, b), name in zip(EDGES, names) if b == node) for node in (1, 2, 3))
        result[case] = {"cell": text, "settings": settings, **measured(Network(names, **settings), *shape)}
    write("nb201.json", {"cases": result})
