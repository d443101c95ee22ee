"""bf16 where the processor has it."""

from __future__ import annotations

import torch


def bf16_where_native(device: torch.device) -> torch.autocast:
    """The context in which convolutions and products run in bf16, if arithmetic in it is native to `device`.

    It takes half the time of float32 there, and more elsewhere.
    """
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=_is_native(device))


def _is_native(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported())
