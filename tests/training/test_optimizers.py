"""Optimisers of the transformation network."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from realtime_style.training.muon import RotationalMuon, orthogonalised
from realtime_style.training.networks.transform_net import TransformNet
from realtime_style.training.optimizers import make_optimizers, one_cycle
from tests.helpers.training import PER_STYLE, SMALL


@pytest.mark.parametrize("shape", [(8, 8), (16, 72), (96, 27)])
def test_orthogonalised_keeps_directions_and_levels_strengths(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    left, strengths, right = torch.linalg.svd(torch.randn(shape), full_matrices=False)
    matrix = left @ torch.diag(torch.linspace(1, 0.1, len(strengths))) @ right
    seen = left.T @ orthogonalised(matrix) @ right.T
    assert torch.linalg.svdvals(seen).min() > 0.6
    assert torch.linalg.svdvals(seen).max() < 1.3
    assert (seen - torch.diag(torch.diagonal(seen))).abs().max() < 1e-3


def test_orthogonalised_zero_is_zero() -> None:
    assert torch.equal(orthogonalised(torch.zeros(4, 9)), torch.zeros(4, 9))


@pytest.mark.parametrize("gradient", [None, torch.zeros(8, 8, 3, 3)], ids=["none", "zero"])
def test_kernel_without_gradient_stays(gradient: torch.Tensor | None) -> None:
    kernel = nn.Parameter(torch.ones(8, 8, 3, 3))
    kernel.grad = gradient
    RotationalMuon([kernel], lr=0.01).step()
    assert torch.allclose(kernel, torch.ones_like(kernel))


@pytest.mark.parametrize("length", [0.01, 1.0])
def test_kernel_turns_by_the_learning_rate_and_keeps_its_length(length: float) -> None:
    torch.manual_seed(0)
    kernel = nn.Parameter(torch.randn(8, 8, 3, 3) * length)
    optimizer = RotationalMuon([kernel], lr=0.05)
    turns = []
    for _ in range(300):
        before = kernel.detach().flatten().clone()
        kernel.grad = torch.randn_like(kernel)
        optimizer.step()
        turned = torch.cosine_similarity(kernel.detach().flatten(), before, dim=0)
        turns.append(float(torch.acos(turned)))
    assert turns[0] == pytest.approx(0.05, rel=0.05)
    assert 0.03 < turns[-1] <= 0.0505  # part of the averaged gradient points along the kernel
    assert kernel.detach().std().item() == pytest.approx(length, rel=0.1)


def test_per_style_kernels_step_only_where_they_have_a_gradient() -> None:
    torch.manual_seed(0)
    kernel, parts = nn.Parameter(torch.randn(8, 8, 3, 3)), nn.Parameter(torch.zeros(3, 8 * 8 * 9))
    optimizer = RotationalMuon([kernel], lr=0.05, per_style=[(parts, kernel)])
    gradient = torch.randn(8 * 8 * 9)
    length = float(kernel.detach().norm())
    for _ in range(100):
        parts.grad = torch.stack([torch.zeros_like(gradient), gradient, torch.zeros_like(gradient)])
        before = parts.detach().clone()
        optimizer.step()
        step = (parts.detach() - before).norm(dim=1)
        assert torch.equal(parts.detach()[[0, 2]], torch.zeros(2, 8 * 8 * 9))
        assert step[1] <= 0.0501 * length
        assert parts.detach()[1].norm() <= 1.0001 * length
    # They end as long as the shared kernel, against the gradient.
    assert parts.detach()[1].norm().item() == pytest.approx(length, rel=1e-3)
    assert torch.cosine_similarity(parts[1].detach(), -gradient, dim=0) > 0.8


def test_running_average_is_allocated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    kernels = [nn.Parameter(torch.randn(4, 4, 3, 3)) for _ in range(3)]
    optimizer = RotationalMuon(kernels, lr=0.01)
    allocated: list[torch.Size] = []
    zeros_like = torch.zeros_like

    def counted(tensor: torch.Tensor) -> torch.Tensor:
        allocated.append(tensor.shape)
        return zeros_like(tensor)

    monkeypatch.setattr(torch, "zeros_like", counted)
    for _ in range(5):
        for kernel in kernels:
            kernel.grad = torch.randn(4, 4, 3, 3)
        optimizer.step()
    assert len(allocated) == 3


def test_muon_reaches_a_linear_map_before_adam() -> None:
    def distance_left(name: str) -> float:
        torch.manual_seed(0)
        scales = torch.logspace(0, -2, 16)  # some directions of the input are 100 times weaker
        kernel = nn.Parameter(torch.randn(16, 16, 1, 1))
        wanted = torch.randn(16, 16)
        wanted *= kernel.detach().norm() / wanted.norm()  # RotationalMuon finds only directions
        optimizer = (
            RotationalMuon([kernel], lr=0.1)
            if name == "muon"
            else torch.optim.Adam([kernel], lr=0.1)
        )
        rotation = torch.linalg.qr(
            torch.randn(16, 16, generator=torch.Generator().manual_seed(1))
        ).Q
        inputs = rotation @ torch.diag(scales)
        for step in range(120):
            for group in optimizer.param_groups:
                group["lr"] = 0.1 * (1 - step / 120)
            optimizer.zero_grad()
            ((kernel.flatten(1) - wanted) @ inputs).square().mean().backward()
            optimizer.step()
        return float((kernel.detach().flatten(1) - wanted).square().mean())

    assert distance_left("muon") < distance_left("adam")


@pytest.mark.parametrize("architecture", [SMALL, PER_STYLE])
def test_every_parameter_has_exactly_one_optimiser(architecture: str) -> None:
    net = TransformNet(architecture, styles=2)
    groups = [
        group
        for optimizer in make_optimizers(net, 0.01).values()
        for group in optimizer.param_groups
    ]
    stepped = [id(parameter) for group in groups for parameter in group["params"]]
    assert sorted(stepped) == sorted(id(parameter) for parameter in net.parameters())
    assert len(set(stepped)) == len(stepped)


def test_learning_rate_rises_then_falls() -> None:
    rates = [one_cycle(fraction / 100) for fraction in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(1, abs=1e-3)
    assert rates.index(max(rates)) == 10
    assert rates[-1] == pytest.approx(0.01)
