"""OpenVINO as an engine, on any of its devices."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from realtime_style.engines.base import Shape, Weights, make_room
from realtime_style.frames import Frame
from realtime_style.styles.format import FRAME, STYLE


class OpenVinoEngine:
    """OpenVINO with one device, compiled for each frame size.

    A network with free dimensions runs a third slower on the CPU, and not at all on an NPU.
    Specializing compiles it once more with the style as a constant, so that the kernels that each
    style has are blended once; that takes a fifth off.
    """

    def __init__(
        self,
        openvino: Any,
        core: Any,
        path: Path,
        device: str,
        settings: dict[str, Any],
        provider: str,
    ) -> None:
        """`device` and `settings` as compile_model takes them; `provider` names them for people.

        `openvino` is the module and `core` a Core of it. Raises OpenVINO's exceptions when the file
        cannot be read.
        """
        self._openvino, self._core, self._device = openvino, core, device
        self._settings = {"PERFORMANCE_HINT": "LATENCY", **settings}
        self._model = core.read_model(str(path))
        self.provider = provider
        self._requests: OrderedDict[Shape, Any] = OrderedDict()

    def run(self, frame: Frame, weights: Weights) -> Frame:
        if frame.shape not in self._requests:
            make_room(self._requests, frame.shape)
            model = self._model.clone()
            model.reshape({FRAME: [1, *frame.shape], STYLE: [len(weights)]})
            self._requests[frame.shape] = self._compiled(model)
        self._requests.move_to_end(frame.shape)
        return _infer(self._requests[frame.shape], {FRAME: frame[np.newaxis], STYLE: weights})

    def specialized(self, shape: Shape, weights: Weights) -> Callable[[Frame], Frame]:
        model = self._model.clone()
        style = next(
            parameter for parameter in model.get_parameters() if STYLE in parameter.output(0).names
        )
        style.output(0).replace(self._openvino.opset13.constant(weights).output(0))
        model.remove_parameter(style)
        model.reshape({FRAME: [1, *shape]})
        request = self._compiled(model)
        return lambda frame: _infer(request, {FRAME: frame[np.newaxis]})

    def _compiled(self, model: Any) -> Any:
        compiled = self._core.compile_model(model, self._device, self._settings)
        return compiled.create_infer_request()

    def close(self) -> None:
        self._requests.clear()


def _infer(request: Any, inputs: dict[str, Any]) -> Frame:
    request.infer(inputs, share_inputs=True)
    result: Frame = request.get_output_tensor(0).data[0].copy()
    return result
