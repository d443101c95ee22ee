"""Muon for convolution kernels: orthogonalised momentum that rotates and never lengthens.

Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024). The gradient of a
small convolutional network points along few directions; Adam, which scales each weight on its own,
hardly trains the others. The loss network takes 19 of every 20 seconds of a step here, so a costly
optimiser for the small network is free. ``torch.optim.Muon`` takes matrices alone and does not keep
their norm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""Coefficients of the quintic iteration, tuned by the paper: steep at zero, so 5 rounds suffice."""


class RotationalMuon(torch.optim.Optimizer):
    """Rotates kernels (O, I, K, K), as matrices of O rows, by at most `lr` radians per step.

    Their norms stay, for only the direction counts where a learned scale follows. Plain Muon
    lengthens such a kernel with each step, and the longer it is, the less the next step turns it:
    after two hours of training, kernels were 12 to 20 times as long as at the start and learned as
    slowly.

    `per_style` are pairs of the parts (S, O I K K) that styles add to a shared kernel, and that
    kernel. A part takes steps as long as the kernel's, only for styles with a gradient, and grows
    no longer than the kernel.
    """

    def __init__(
        self,
        kernels: Iterable[Tensor],
        lr: float,
        momentum: float = 0.95,
        *,
        per_style: Iterable[tuple[Tensor, Tensor]] = (),
    ) -> None:
        self._shared = dict(per_style)
        super().__init__([*kernels, *self._shared], {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Take one step along the gradients; kernels without a gradient stay as they are."""
        for group in self.param_groups:
            for kernel in group["params"]:
                if kernel.grad is None:
                    continue
                state = self.state[kernel]
                if "average" not in state:
                    state["average"] = torch.zeros_like(kernel)
                average, shared = state["average"], self._shared.get(kernel)
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
    step = orthogonalised(gradient.lerp(average, momentum).flatten(1))  # Nesterov momentum
    # The factor stays a tensor: a Python number would wait for the GPU.
    kernel.sub_(step.view_as(kernel) * (length / step.norm().clamp(min=1e-7)))


def orthogonalised(matrix: Tensor, rounds: int = 5) -> Tensor:
    """Matrix (M, N) with the same singular vectors and singular values near 1 (0.7 to 1.2).

    By the Newton-Schulz iteration.
    """
    a, b, c = _NEWTON_SCHULZ
    x: Tensor = matrix / (matrix.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    for _ in range(rounds):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if tall else x
