"""The optimiser of the kernels."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from realtime_style.training.muon import Muon, orthogonalised
from realtime_style.training.networks.transform_net import TransformNet
from realtime_style.training.train import make_optimizers
from tests.helpers.training import OWN, SMALL


@pytest.mark.parametrize("shape", [(8, 8), (16, 72), (96, 27)])
def test_orthogonalised_keeps_directions_and_evens_out_strengths(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    left, strengths, right = torch.linalg.svd(torch.randn(shape), full_matrices=False)
    matrix = left @ torch.diag(torch.linspace(1, 0.1, len(strengths))) @ right
    seen = left.T @ orthogonalised(matrix) @ right.T
    assert torch.linalg.svdvals(seen).min() > 0.6
    assert torch.linalg.svdvals(seen).max() < 1.3
    assert (seen - torch.diag(torch.diagonal(seen))).abs().max() < 1e-3


def test_orthogonalised_nothing_is_nothing() -> None:
    assert torch.equal(orthogonalised(torch.zeros(4, 9)), torch.zeros(4, 9))


def test_kernel_without_a_gradient_is_left_as_it_is() -> None:
    kernel = nn.Parameter(torch.ones(8, 8, 3, 3))
    Muon([kernel], lr=0.01).step()
    assert torch.equal(kernel, torch.ones_like(kernel))


@pytest.mark.parametrize("length", [0.01, 1.0])
def test_kernel_turns_as_far_and_is_as_long_late_as_early(length: float) -> None:
    torch.manual_seed(0)
    kernel = nn.Parameter(torch.randn(8, 8, 3, 3) * length)
    optimizer = Muon([kernel], lr=0.05)
    turns = []
    for _ in range(1000):
        before = kernel.detach().clone()
        kernel.grad = torch.randn_like(kernel)
        optimizer.step()
        turns.append(
            float(
                torch.acos(
                    torch.cosine_similarity(kernel.detach().flatten(), before.flatten(), dim=0)
                )
            )
        )
    assert turns[0] == pytest.approx(0.05, rel=0.05)
    assert 0.03 < turns[-1] <= 0.0505  # a part of the steps before it has gone along the kernel
    assert kernel.detach().std().item() == pytest.approx(length, rel=0.1)


def test_gradient_of_nothing_leaves_the_kernel_as_it_is() -> None:
    kernel = nn.Parameter(torch.ones(8, 8, 3, 3))
    kernel.grad = torch.zeros_like(kernel)
    Muon([kernel], lr=0.01).step()
    assert torch.allclose(kernel, torch.ones_like(kernel))


def test_own_kernels_step_as_far_as_the_shared_one_where_the_gradient_speaks_of_them() -> None:
    torch.manual_seed(0)
    kernel, own = nn.Parameter(torch.randn(8, 8, 3, 3)), nn.Parameter(torch.zeros(3, 8 * 8 * 9))
    optimizer = Muon([kernel], lr=0.05, own=[(own, kernel)])
    gradient = torch.randn(8 * 8 * 9)
    for _ in range(100):
        own.grad = torch.stack([torch.zeros_like(gradient), gradient, torch.zeros_like(gradient)])
        before = own.detach().clone()
        optimizer.step()
        step = (own.detach() - before).norm(dim=1)
        assert torch.equal(own.detach()[[0, 2]], torch.zeros(2, 8 * 8 * 9))
        assert step[1] <= 0.0501 * kernel.detach().norm()
        assert own.detach()[1].norm() <= 1.0001 * kernel.detach().norm()
    assert own.detach()[1].norm().item() == pytest.approx(
        float(kernel.detach().norm()), rel=1e-3
    )  # as far as they go
    assert torch.cosine_similarity(own[1].detach(), -gradient, dim=0) > 0.8


def test_muon_reaches_a_linear_map_that_adam_has_not_reached_yet() -> None:
    def distance_left(name: str) -> float:
        torch.manual_seed(0)
        scales = torch.logspace(
            0, -2, 16
        )  # some directions of the input are a hundred times weaker
        kernel = nn.Parameter(torch.randn(16, 16, 1, 1))
        wanted = torch.randn(16, 16)
        wanted *= kernel.detach().norm() / wanted.norm()  # Muon looks for the direction alone
        optimizer = Muon([kernel], lr=0.1) if name == "muon" else torch.optim.Adam([kernel], lr=0.1)
        for step in range(120):
            for group in optimizer.param_groups:
                group["lr"] = 0.1 * (1 - step / 120)
            optimizer.zero_grad()
            rotation = torch.linalg.qr(
                torch.randn(16, 16, generator=torch.Generator().manual_seed(1))
            ).Q
            inputs = rotation @ torch.diag(scales)
            ((kernel.flatten(1) - wanted) @ inputs).square().mean().backward()
            optimizer.step()
        return float((kernel.detach().flatten(1) - wanted).square().mean())

    assert distance_left("muon") < distance_left("adam")


@pytest.mark.parametrize("architecture", [SMALL, OWN])
def test_every_parameter_has_one_optimiser(architecture: str) -> None:
    net = TransformNet(architecture, styles=2)
    groups = [
        group
        for optimizer in make_optimizers(net, 0.01).values()
        for group in optimizer.param_groups
    ]
    stepped = [id(parameter) for group in groups for parameter in group["params"]]
    assert sorted(stepped) == sorted(id(parameter) for parameter in net.parameters())
    assert len(set(stepped)) == len(stepped)
