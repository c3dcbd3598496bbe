"""The supernet of the cell space in plain torch modules: every operation on every edge, of which a pass runs those that its
gates name.

Layers are those of network.py, and modules are named so that a weight's name equals the plugin's. A choice is a node of a
normal cell, then one of a reduction cell; its candidates are numbered input * len(operations) + operation.
"""
import torch
from network import Auxiliary, Classifier, FactorizedReduce, Preprocess, Stem, bn, operation
from torch import nn


class SuperCell(nn.Module):
    def __init__(self, operations, nodes, before_last, last, channels, reduction, reduced_before):
        super().__init__()
        self.operations, self.nodes = operations, nodes
        self.preprocess0 = FactorizedReduce(before_last, channels) if reduced_before else Preprocess(before_last, channels)
        self.preprocess1 = Preprocess(last, channels)
        self.first_choice = nodes if reduction else 0
        for j in range(nodes):
            node = nn.Module()
            for i in range(2 + j):
                edge = nn.Module()
                for name in operations:
                    edge.add_module(name, operation(name, channels, 2 if reduction and i < 2 else 1, True))
                node.add_module(f"from{i}", edge)
            self.add_module(f"node{j}", node)

    def forward(self, s0, s1, gates):
        states = [self.preprocess0(s0), self.preprocess1(s1)]
        for j in range(self.nodes):
            kept, weights = gates[self.first_choice + j]
            node, total = getattr(self, f"node{j}"), 0
            for candidate, weight in zip(kept, weights):
                source, name = candidate // len(self.operations), self.operations[candidate % len(self.operations)]
                total = total + weight * getattr(getattr(node, f"from{source}"), name)(states[source])
            states.append(total)
        return torch.cat(states[2:], 1)


class Supernet(nn.Module):
    """`gates` of a pass: for each choice its active candidates and their weights. `reduction_cells`: None: as published.
    The auxiliary head reads 8 x 8 px."""

    def __init__(self, operations, channels, cells, nodes, classes, reduction_cells=None):
        super().__init__()
        c = channels
        self.stem = Stem(conv=nn.Conv2d(3, 3 * c, 3, 1, 1, bias=False), norm=bn(3 * c))
        before_last = last = 3 * c
        reduced = False
        self.cells = nn.ModuleList()
        reductions = [cells // 3, 2 * cells // 3] if reduction_cells is None else reduction_cells
        self.auxiliary_cell = reductions[-1]
        for i in range(cells):
            reduction = i in reductions
            c *= 2 if reduction else 1
            self.cells.append(SuperCell(operations, nodes, before_last, last, c, reduction, reduced))
            before_last, last, reduced = last, nodes * c, reduction
            if i == self.auxiliary_cell:
                self.auxiliary = Auxiliary(last, classes, True, nn.AvgPool2d(5, 3, count_include_pad=False))
        self.classifier = Classifier(last, classes)

    def forward(self, images, gates):
        s0 = s1 = self.stem(images)
        for i, cell in enumerate(self.cells):
            s0, s1 = s1, cell(s0, s1, gates)
            if i == self.auxiliary_cell:
                auxiliary = self.auxiliary(s1)
        return self.classifier(s1), auxiliary
