"""Architecture strings: what they cost, and how mistakes are reported."""

from __future__ import annotations

import pytest
import torch

from realtime_style.training.networks.transform_net import TransformNet, multiply_accumulates


@pytest.mark.parametrize(("name", "most"), [("fast", 2.5e9), ("fine", 10e9)])
def test_named_networks_stay_within_their_cost(name: str, most: float) -> None:
    with torch.device("meta"):
        net = TransformNet(name)
    assert 0.8 * most <= multiply_accumulates(net) <= most


def test_cost_of_johnson_agrees_with_the_sum_by_hand() -> None:
    full, half, quarter = 480 * 640, 240 * 320, 120 * 160
    by_hand = (
        full * 32 * 3 * 81
        + half * 64 * 32 * 9
        + quarter * 128 * 64 * 9
        + 10 * quarter * 128 * 128 * 9
        + half * 64 * 128 * 9
        + full * 32 * 64 * 9
        + full * 3 * 32 * 81
    )
    with torch.device("meta"):
        net = TransformNet("johnson")
    assert multiply_accumulates(net) == by_hand


@pytest.mark.parametrize(
    ("architecture", "complaint"),
    [
        ("c9s1-32*,c9s1-3", "unknown stage"),
        ("d8*!,s3", "unknown stage"),
        ("d8,u8*,s3", "unknown stage"),
        ("c9s1-32,x4", "unknown stage"),
        ("c9s1-32,R64,c9s1-3", "meets 32 channels"),
        ("c9s1-32,d64,c9s1-3", "halves 1 times and does not double as often"),
        ("c9s1-32,d64,u32", "ends with u32, which gives no plain picture"),
        ("c9s1-32,d64,u3", "ends with u3, which gives no plain picture"),
        ("c9s1-3,R3", "ends with R3, which gives no plain picture"),
        ("c9s1-3,(d8,s3)", r"ends with \), which gives no plain picture"),
        ("g,c9s1-3", "begins with g"),
        ("R3,c9s1-3", "begins with R3"),
        ("d8*,s3", r"begins with d8\*"),
        ("u8,d8,c3s1-3", "begins with u8"),
        ("s3,c9s1-3", "begins with s3"),
        ("d8,(d16,s8,s3", "a bracket in the architecture is not closed"),
        ("d8,d16,s8),s3", "unknown stage"),
        ("d8,(d16,s6),s3", "a branch from 8 channels ends with 6"),
        ("d8,(d16,u8),s3", "a branch of the architecture does not end with sC"),
        ("d8,(d16,d16,s8),s3", "does not return to the size it started from"),
        ("d8!,s3", "unknown stage"),
        ("d8,s3!", "no normalisation follows the last stage anyway"),
    ],
)
def test_wrong_architecture_is_refused_by_its_stage(architecture: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        TransformNet(architecture)
