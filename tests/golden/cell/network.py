"""The cell network in plain torch modules, written from the papers' description for comparison with the plugin.

Modules are named so that a weight's name equals the plugin's.
"""
import torch
from torch import nn


def bn(channels):
    return nn.BatchNorm2d(channels)


class FactorizedReduce(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout // 2, 1, 2, bias=False)
        self.conv2 = nn.Conv2d(cin, cout - cout // 2, 1, 2, bias=False)
        self.norm = bn(cout)

    def forward(self, x):
        x = torch.relu(x)
        odd = nn.functional.pad(x, (0, x.shape[3] % 2, 0, x.shape[2] % 2))[:, :, 1:, 1:]
        return self.norm(torch.cat([self.conv1(x), self.conv2(odd)], 1))


class Separable(nn.Module):
    def __init__(self, c, k, s):
        super().__init__()
        self.depthwise1 = nn.Conv2d(c, c, k, s, k // 2, groups=c, bias=False)
        self.pointwise1 = nn.Conv2d(c, c, 1, bias=False)
        self.norm1 = bn(c)
        self.depthwise2 = nn.Conv2d(c, c, k, 1, k // 2, groups=c, bias=False)
        self.pointwise2 = nn.Conv2d(c, c, 1, bias=False)
        self.norm2 = bn(c)

    def forward(self, x):
        x = self.norm1(self.pointwise1(self.depthwise1(torch.relu(x))))
        return self.norm2(self.pointwise2(self.depthwise2(torch.relu(x))))


class Dilated(nn.Module):
    def __init__(self, c, k, s):
        super().__init__()
        self.depthwise = nn.Conv2d(c, c, k, s, {3: 2, 5: 4}[k], dilation=2, groups=c, bias=False)
        self.pointwise = nn.Conv2d(c, c, 1, bias=False)
        self.norm = bn(c)

    def forward(self, x):
        return self.norm(self.pointwise(self.depthwise(torch.relu(x))))


class Cross7(nn.Module):
    def __init__(self, c, s):
        super().__init__()
        self.conv1 = nn.Conv2d(c, c, (1, 7), (1, s), (0, 3), bias=False)
        self.conv2 = nn.Conv2d(c, c, (7, 1), (s, 1), (3, 0), bias=False)
        self.norm = bn(c)

    def forward(self, x):
        return self.norm(self.conv2(self.conv1(torch.relu(x))))


class Pool(nn.Module):
    def __init__(self, pool, c, extra):
        super().__init__()
        self.pool = pool
        if extra:
            self.norm = bn(c)

    def forward(self, x):
        x = self.pool(x)
        return self.norm(x) if hasattr(self, "norm") else x


class Zero(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.s = s

    def forward(self, x):
        return 0 * x[:, :, :: self.s, :: self.s]


def operation(name, c, s, extra):
    if name == "none":
        return Zero(s)
    if name == "max_pool_3x3":
        return Pool(nn.MaxPool2d(3, s, 1), c, extra)
    if name == "avg_pool_3x3":
        return Pool(nn.AvgPool2d(3, s, 1, count_include_pad=False), c, extra)
    if name == "skip_connect":
        return FactorizedReduce(c, c) if s == 2 else Pool(nn.Identity(), c, extra)
    if name.startswith("sep_conv_"):
        return Separable(c, int(name[-1]), s)
    if name.startswith("dil_conv_"):
        return Dilated(c, int(name[-1]), s)
    if name == "conv_7x1_1x7":
        return Cross7(c, s)
    raise ValueError(name)


class Preprocess(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, 1, bias=False)
        self.norm = bn(cout)

    def forward(self, x):
        return self.norm(self.conv(torch.relu(x)))


class Cell(nn.Module):
    def __init__(self, entries, concat, cpp, cp, c, reduction, reduced_before, extra):
        super().__init__()
        self.preprocess0 = FactorizedReduce(cpp, c) if reduced_before else Preprocess(cpp, c)
        self.preprocess1 = Preprocess(cp, c)
        self.concat = concat
        self.paths = []
        for j in range(len(entries) // 2):
            node = nn.Module()
            paths = []
            for name, i in entries[2 * j:2 * j + 2]:
                if not hasattr(node, f"from{i}"):
                    node.add_module(f"from{i}", nn.Module())
                edge = getattr(node, f"from{i}")
                key = name + "_2" if hasattr(edge, name) else name
                edge.add_module(key, operation(name, c, 2 if reduction and i < 2 else 1, extra))
                paths.append((i, getattr(edge, key)))
            self.add_module(f"node{j}", node)
            self.paths.append(paths)

    def forward(self, s0, s1):
        states = [self.preprocess0(s0), self.preprocess1(s1)]
        for paths in self.paths:
            states.append(sum(path(states[i]) for i, path in paths))
        return torch.cat([states[i] for i in self.concat], 1)


class Stem(nn.Module):
    def __init__(self, **layers):
        super().__init__()
        self.order = list(layers)
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, x):
        for name in self.order:
            x = getattr(self, name)(x)
        return x


class Auxiliary(nn.Module):
    def __init__(self, cin, classes, batch_norm, pool):
        super().__init__()
        self.pool = pool
        self.conv1 = nn.Conv2d(cin, 128, 1, bias=False)
        self.norm1 = bn(128)
        self.conv2 = nn.Conv2d(128, 768, 2, bias=False)
        if batch_norm:
            self.norm2 = bn(768)
        self.linear = nn.Linear(768, classes)

    def forward(self, x):
        x = self.conv2(torch.relu(self.norm1(self.conv1(self.pool(torch.relu(x))))))
        if hasattr(self, "norm2"):
            x = self.norm2(x)
        return self.linear(torch.relu(x).flatten(1))


class Classifier(nn.Module):
    def __init__(self, cin, classes):
        super().__init__()
        self.linear = nn.Linear(cin, classes)

    def forward(self, x):
        return self.linear(x.mean((2, 3)))


class Network(nn.Module):
    """`auxiliary_pool`: the pool of the auxiliary head; None: no auxiliary head. `reduction_cells`: None: as published."""

    def __init__(self, genotype, channels, cells, classes, imagenet, extra, auxiliary_pool=None,
                 auxiliary_batch_norm=True, image_channels=3, reduction_cells=None):
        super().__init__()
        c = channels
        self.imagenet = imagenet
        if imagenet:
            self.stem0 = Stem(conv1=nn.Conv2d(image_channels, c // 2, 3, 2, 1, bias=False), norm1=bn(c // 2), relu=nn.ReLU(),
                              conv2=nn.Conv2d(c // 2, c, 3, 2, 1, bias=False), norm2=bn(c))
            self.stem1 = Stem(relu=nn.ReLU(), conv=nn.Conv2d(c, c, 3, 2, 1, bias=False), norm=bn(c))
            cpp, cp, reduced = c, c, True
        else:
            self.stem = Stem(conv=nn.Conv2d(image_channels, 3 * c, 3, 1, 1, bias=False), norm=bn(3 * c))
            cpp, cp, reduced = 3 * c, 3 * c, False
        self.cells = nn.ModuleList()
        reductions = [cells // 3, 2 * cells // 3] if reduction_cells is None else reduction_cells
        self.auxiliary_cell = reductions[-1] if reductions else 2 * cells // 3
        for i in range(cells):
            reduction = i in reductions
            c *= 2 if reduction else 1
            kind = "reduce" if reduction else "normal"
            concat = genotype[kind + "_concat"]
            self.cells.append(Cell(genotype[kind], concat, cpp, cp, c, reduction, reduced, extra))
            cpp, cp, reduced = cp, c * len(concat), reduction
            if i == self.auxiliary_cell and auxiliary_pool is not None:
                self.auxiliary = Auxiliary(cp, classes, auxiliary_batch_norm, auxiliary_pool)
        self.classifier = Classifier(cp, classes)

    def forward(self, x):
        if self.imagenet:
            s0 = self.stem0(x)
            s1 = self.stem1(s0)
        else:
            s0 = s1 = self.stem(x)
        auxiliary = None
        for i, cell in enumerate(self.cells):
            s0, s1 = s1, cell(s0, s1)
            if i == self.auxiliary_cell and self.training and hasattr(self, "auxiliary"):
                auxiliary = self.auxiliary(s1)
        return self.classifier(s1), auxiliary
