"""Muon: momentum whose every step is made orthogonal, for the kernels of convolutions.

Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024). A gradient of a small convolutional
network points along few directions; Adam, which looks at each weight by itself, leaves the others untaught. Here the
loss network takes 19 of every 20 seconds of a step, so a costlier optimiser for the small one is free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""Coefficients of the quintic iteration that the paper tuned: steep at zero, so that five rounds are enough."""


class Muon(torch.optim.Optimizer):
    """Turns kernels (O, I, K, K), seen as matrices of O rows, by `lr` radians at most at each step; how long they are stays.

    That is for kernels with a learned scale behind them, for which only direction counts. Left to itself each step makes such a
    kernel longer, and the longer it is the less the next step turns it: after two hours of training ours were 12 to 20 times
    as long as at the start, and learned as slowly.

    `own` is what styles add to a shared kernel: pairs of that (S, O I K K) and the kernel. It takes steps as long as the
    kernel's, of those styles alone that the gradient speaks of, and stays no longer than the kernel.
    """

    def __init__(
        self,
        kernels: Iterable[Tensor],
        lr: float,
        momentum: float = 0.95,
        *,
        own: Iterable[tuple[Tensor, Tensor]] = (),
    ) -> None:
        self._shared = dict(own)
        super().__init__([*kernels, *self._shared], {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Take one step along the gradients that are there; kernels without one are left as they are."""
        for group in self.param_groups:
            for kernel in group["params"]:
                if kernel.grad is None:
                    continue
                average = self.state[kernel].setdefault("average", torch.zeros_like(kernel))
                shared = self._shared.get(kernel)
                if shared is None:
                    length = kernel.norm()
                    _turn(kernel, kernel.grad, average, length * group["lr"], group["momentum"])
                    kernel.mul_(length / kernel.norm())
                    continue
                for style in kernel.grad.any(1).nonzero().flatten().tolist():
                    row, gradient, mean = (
                        rows[style].view_as(shared) for rows in (kernel, kernel.grad, average)
                    )
                    _turn(row, gradient, mean, shared.norm() * group["lr"], group["momentum"])
                    row.mul_((shared.norm() / row.norm()).clamp(max=1))


def _turn(
    kernel: Tensor, gradient: Tensor, average: Tensor, length: Tensor, momentum: float
) -> None:
    """Add a step of this length along the gradient; `average` is the running mean of gradients."""
    average.lerp_(gradient, 1 - momentum)
    step = orthogonalised(gradient.lerp(average, momentum).flatten(1))  # Nesterov's look ahead
    kernel.sub_(
        step.view_as(kernel) * (length / step.norm().clamp(min=1e-7))
    )  # as a tensor: a number would wait for a GPU


def orthogonalised(matrix: Tensor, rounds: int = 5) -> Tensor:
    """A matrix (M, N) with the same singular vectors and singular values near 1 (0.7 to 1.2), by Newton and Schulz."""
    a, b, c = _NEWTON_SCHULZ
    x: Tensor = matrix / (matrix.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    for _ in range(rounds):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if tall else x
