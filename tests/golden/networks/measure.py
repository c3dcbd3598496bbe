"""What the programs of this folder share: weights by formulas of their names, and the numbers that are kept of a network.

Weights, images and the loss follow formulas of their name and position, so that none need be stored.
"""
import json
import pathlib

import torch

HERE = pathlib.Path(__file__).parent


def fnv(text):
    h = 2166136261
    for byte in text.encode():
        h = (h ^ byte) * 16777619 % 2**32
    return h


def wave(name, shape):
    """sin of a phase from the name plus 0.7 per position, in [-1, 1]."""
    n = int(torch.Size(shape).numel())
    return torch.sin(fnv(name) % 1000 * 0.01 + 0.7 * torch.arange(n, dtype=torch.float64)).reshape(shape)


def fill(network):
    for name, tensor in list(network.named_parameters()) + list(network.named_buffers()):
        if name.endswith("num_batches_tracked"):
            continue
        value = wave(name, tensor.shape)
        if name.endswith("running_var"):
            value = 1 + 0.2 * value
        elif tensor.dim() >= 2:
            value = value / tensor[0].numel() ** 0.5
        elif name.endswith(".weight"):
            value = 1 + 0.3 * value
        else:
            value = 0.2 * value
        tensor.data.copy_(value)


def evaluated(network, *shape):
    """Logits by the running statistics."""
    network.double().eval()
    fill(network)
    with torch.no_grad():
        return network(wave("images", shape)).tolist()


def measured(network, *shape):
    """Logits in evaluation and in training, and of each gradient the sum of magnitudes and a sum in one direction."""
    result = {"shape": list(shape), "evaluated": evaluated(network, *shape)}
    network.train()
    logits = network(wave("images", shape))
    (logits * wave("loss", logits.shape)).sum().backward()
    gradients = {}
    for name, parameter in network.named_parameters():
        flat = (torch.zeros_like(parameter) if parameter.grad is None else parameter.grad).flatten()
        gradients[name] = [flat.abs().sum().item(), (flat * wave("gradient", flat.shape)).sum().item()]
    return {**result, "logits": logits.tolist(), "gradients": gradients}


def write(name, cases):
    torch.set_num_threads(1)
    (HERE / name).write_text(json.dumps({"torch": torch.__version__, **cases}, indent=0) + "\n")
