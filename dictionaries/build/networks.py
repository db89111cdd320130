"""Fitting of the small networks that the other scripts here write. Needs PyTorch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from restore.order.network import Network

RAREST = 0.1  # spread of a feature at least: what hardly occurs here must not outweigh all else where it does


@dataclass(frozen=True)
class Plan:
    """How a network is fitted.

    Attributes:
        hidden: units of the hidden layers.
        epochs: how often every example is seen.
        batch: examples that are looked at together.
        rate, decay: of AdamW; the rate falls along a cosine.
        seed: of the first weights and of the order of examples.
    """

    hidden: tuple[int, ...] = (64, 32)
    epochs: int = 5
    batch: int = 2048
    rate: float = 2e-3
    decay: float = 1e-5
    seed: int = 1


def table(columns: Any) -> NDArray[np.float16]:
    """Columns side by side, at half precision."""
    return np.stack([np.asarray(c, dtype=np.float16) for c in columns], axis=1)


def fitted(
    names: tuple[str, ...],
    tables: list[NDArray[Any]],
    labels: NDArray[np.float32],
    weights: NDArray[np.float32],
    plan: Plan,
    members: int = 1,
) -> Network:
    """A network that says the log-odds of the labels.

    Args:
        tables: features ``(m, f)`` of groups of examples, one behind the other.
        labels, weights: of all examples, shape ``(sum of m,)``.
        members: networks that are fitted, each from other first weights; the answer is their mean.
    """
    x = np.empty((len(labels), len(names)), dtype=np.float32)
    at = 0
    for one in tables:
        x[at : at + len(one)] = one
        at += len(one)
    mean = x.mean(axis=0, dtype=np.float64).astype(np.float32)
    scale = np.maximum(x.std(axis=0, dtype=np.float64), RAREST).astype(np.float32)
    x -= mean
    x /= scale
    print(f"{len(x)} examples, {int(labels.sum())} true, {len(names)} features", flush=True)
    nets = [_fit(x, labels, weights, replace(plan, seed=plan.seed + k)) for k in range(members)]
    return Network(names, mean, scale, tuple(_side_by_side(nets)))


def mean_of(narrow: Network, wide: Network) -> Network:
    """One network whose answer is the mean of two fitted on the same examples; the first knows only the second's first features.

    Both have as many layers.
    """
    (weight, bias), *rest = narrow.layers
    padded = np.zeros((len(wide.names), weight.shape[1]), dtype=weight.dtype)
    padded[: len(weight)] = weight
    return replace(wide, layers=tuple(_side_by_side([[(padded, bias), *rest], list(wide.layers)])))


def _side_by_side(
    nets: list[list[tuple[NDArray[Any], NDArray[Any]]]],
) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """One network whose answer is the mean of these, which have nothing to do with each other inside it."""
    if len(nets) == 1:
        return nets[0]
    layers = []
    for depth, parts in enumerate(zip(*nets, strict=True)):
        weights, biases = zip(*parts, strict=True)
        if depth == 0:
            layers.append((np.concatenate(weights, axis=1), np.concatenate(biases)))
        elif depth + 1 < len(nets[0]):
            layers.append((torch.block_diag(*map(torch.from_numpy, weights)).numpy(), np.concatenate(biases)))
        else:
            layers.append((np.concatenate(weights) / len(nets), sum(biases) / len(nets)))
    return layers


def choosing(
    names: tuple[str, ...],
    groups: list[tuple[NDArray[Any], NDArray[Any]]],
    unit: float,
    plan: Plan,
    members: int,
) -> Network:
    """A network whose highest value names the best of a group.

    The target of a group is the softmax of what its members are worth; a group counts as the logarithm of what there is
    to lose in it.

    Args:
        groups: features ``(k, f)`` and worth ``(k,)`` of each.
        unit: of worth; a difference of one unit is one nat in the target.
        plan: with one hidden layer.
        members: networks that are fitted, each from other first weights; the answer is their mean.
    """
    x = np.concatenate([features for features, _ in groups]).astype(np.float32)
    mean, scale = x.mean(axis=0), np.maximum(x.std(axis=0), RAREST)
    print(f"{len(groups)} groups of {len(x)}, {x.shape[1]} features", flush=True)
    data = [
        (
            torch.from_numpy(((features - mean) / scale).astype(np.float32)),
            torch.softmax(torch.from_numpy((worth - worth.max()).astype(np.float32)) / unit, 0),
            float(np.log1p(worth.max() - worth.min())),
        )
        for features, worth in groups
    ]
    nets = [_arrays(_chooser(data, replace(plan, seed=plan.seed + k))) for k in range(members)]
    (inner, bias), (outer, base) = (zip(*(net[k] for net in nets), strict=True) for k in (0, 1))
    mixed = (
        (np.concatenate(inner, axis=1), np.concatenate(bias)),
        (np.concatenate(outer) / members, sum(base) / members),
    )
    return Network(names, mean, scale, mixed)


def _chooser(data: list[tuple[Any, Any, float]], plan: Plan) -> nn.Sequential:
    torch.manual_seed(plan.seed)
    torch.set_num_threads(1)
    net = _layers(data[0][0].shape[1], plan)
    optimiser = torch.optim.AdamW(net.parameters(), lr=plan.rate, weight_decay=plan.decay)
    for epoch in range(plan.epochs):
        total = 0.0
        for batch in torch.randperm(len(data)).split(plan.batch):
            chosen = [data[int(k)] for k in batch]
            values = net(torch.cat([features for features, _, _ in chosen]))[:, 0]
            loss = torch.stack(
                [
                    -(target * torch.log_softmax(value, 0)).sum() * weight
                    for value, (_, target, weight) in zip(
                        values.split([len(features) for features, _, _ in chosen]), chosen, strict=True
                    )
                ]
            ).mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            total += loss.item() * len(chosen)
        print(f"epoch {epoch + 1}: loss {total / len(data):.5f}", flush=True)
    return net


def _fit(
    x: NDArray[np.float32], y: NDArray[np.float32], w: NDArray[np.float32], plan: Plan
) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    torch.manual_seed(plan.seed)
    torch.set_num_threads(1)
    net = _layers(x.shape[1], plan)
    optimiser = torch.optim.AdamW(net.parameters(), lr=plan.rate, weight_decay=plan.decay)
    data = torch.from_numpy(x), torch.from_numpy(y), torch.from_numpy(w)
    batch = min(plan.batch, len(x))
    steps, step = plan.epochs * (len(x) // batch), 0
    for epoch in range(plan.epochs):
        shuffled, total = torch.randperm(len(x)), 0.0
        for k in range(0, len(x) - batch + 1, batch):
            for group in optimiser.param_groups:
                group["lr"] = plan.rate * min(1, (step + 1) / 100) * 0.5 * (1 + np.cos(np.pi * step / steps))
            a, b, c = (d[shuffled[k : k + batch]] for d in data)
            loss = (
                nn.functional.binary_cross_entropy_with_logits(net(a)[:, 0], b, reduction="none") * c
            ).mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            total, step = total + loss.item(), step + 1
        print(f"epoch {epoch + 1}: loss {total / max(1, len(x) // batch):.5f}", flush=True)
    return _arrays(net)


def _layers(size: int, plan: Plan) -> nn.Sequential:
    layers: list[nn.Module] = []
    for hidden in plan.hidden:
        layers += [nn.Linear(size, hidden), nn.SiLU()]
        size = hidden
    return nn.Sequential(*layers, nn.Linear(size, 1))


def _arrays(net: nn.Sequential) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Weights and biases of the layers."""
    return [
        (layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy())
        for layer in net
        if isinstance(layer, nn.Linear)
    ]
