"""Writes residual.json: logits of torchvision's ResNets, and of small ResNets for CIFAR and wide ResNets in plain torch, in float64.

    python tests/golden/networks/residual.py          (torch 2.11.0, torchvision 0.26.0, CPU)
"""
import torch
import torchvision
from torch import nn

from measure import evaluated, measured, wave, write


def conv(a, b, kernel, stride=1):
    return nn.Conv2d(a, b, kernel, stride, kernel // 2, bias=False)


class Basic(nn.Module):
    """Of the CIFAR networks: the shortcut drops pixels and adds channels of zeros on both sides."""

    def __init__(self, a, b, stride):
        super().__init__()
        self.conv1, self.bn1 = conv(a, b, 3, stride), nn.BatchNorm2d(b)
        self.conv2, self.bn2 = conv(b, b, 3), nn.BatchNorm2d(b)
        self.stride, self.zeros = stride, (b - a) // 2

    def forward(self, x):
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        x = nn.functional.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, self.zeros, self.zeros))
        return (x + y).relu()


class Wide(nn.Module):
    def __init__(self, a, b, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(a), conv(a, b, 3, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(b), conv(b, b, 3)
        self.shortcut = conv(a, b, 1, stride) if a != b else None

    def forward(self, x):
        h = self.bn1(x).relu()
        y = self.conv2(self.bn2(self.conv1(h)).relu())
        return y + (self.shortcut(h) if self.shortcut else x)


class Network(nn.Module):
    def __init__(self, block, count, width, image_channels, classes):
        super().__init__()
        self.is_wide = block is Wide
        self.conv1 = conv(image_channels, 16, 3)
        a = 16
        for stage in range(3):
            blocks, b = [], width * 16 * 2**stage
            for i in range(count):
                blocks.append(block(a, b, 2 if stage and i == 0 else 1))
                a = b
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.bn1 = nn.BatchNorm2d(a if self.is_wide else 16)
        self.fc = nn.Linear(a, classes)

    def forward(self, x):
        x = self.conv1(x)
        x = x if self.is_wide else self.bn1(x).relu()
        x = self.layer3(self.layer2(self.layer1(x)))
        x = self.bn1(x).relu() if self.is_wide else x
        return self.fc(x.mean((2, 3)))


def of_torchvision(depth):
    network = getattr(torchvision.models, f"resnet{depth}")(num_classes=7)
    shape = (2, 3, 65, 48)
    result = {"shape": shape, "evaluated": evaluated(network, *shape), "tensors": len(network.state_dict()),
              "counters": sum(name.endswith("num_batches_tracked") for name in network.state_dict()),
              "parameters": sum(p.numel() for p in network.parameters())}
    with torch.no_grad():
        return {**result, "logits": network.train()(wave("images", shape)).tolist()}


if __name__ == "__main__":
    write("residual.json", {
        "torchvision": {"version": torchvision.__version__, **{str(d): of_torchvision(d) for d in (18, 34, 50)}},
        "cifar": measured(Network(Basic, 3, 1, 3, 5), 2, 3, 16, 13),
        "wide": measured(Network(Wide, 2, 2, 1, 4), 2, 1, 12, 9)})
