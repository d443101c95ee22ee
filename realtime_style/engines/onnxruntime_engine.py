"""ONNX Runtime as an engine, on CUDA or the CPU."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from realtime_style.engines.base import Shape, Weights, make_room, reason_of
from realtime_style.engines.constant_style import with_constant_style
from realtime_style.engines.cuda import CUDA_REMEDY, cuda_problem, require_cuda
from realtime_style.engines.telemetry import require_onnxruntime
from realtime_style.errors import DeviceUnavailable
from realtime_style.frames import Frame
from realtime_style.styles.format import FRAME, STYLE, STYLIZED
from realtime_style.system.machine import usable_physical_cores


class OnnxRuntimeEngine:
    """ONNX Runtime with one execution provider, its buffers kept on the device from frame to frame.

    On the CPU it can settle on a style and a frame size: in a session of its own the styles' own kernels are blended once,
    instead of for each frame, and then ONNX Runtime lays them out for the processor's vectors.
    """

    def __init__(self, path: Path, *, device: str, threads: int | None = None) -> None:
        """`device` is ``cuda`` or ``cpu``; raises DeviceUnavailable when CUDA cannot be used."""
        self._ort = require_onnxruntime()
        self._device = device
        self._threads = threads
        if device == "cuda":
            require_cuda(self._ort)
        try:
            self._model = (
                path.read_bytes() if device == "cpu" else b""
            )  # kept, as the file may be another one later
            self._session = self._open(self._model or str(path), self._options())
        except (
            Exception
        ) as error:  # onnxruntime's exceptions have no common base class of their own
            if device == "cuda":
                raise DeviceUnavailable(
                    f"CUDA cannot be used: {reason_of(error)}; {CUDA_REMEDY}"
                ) from error
            raise DeviceUnavailable(
                f"{device} could not load {path.name}: {reason_of(error)}; try another --device"
            ) from error
        self.provider: str = self._session.get_providers()[0]
        if device == "cuda" and self.provider != "CUDAExecutionProvider":
            raise DeviceUnavailable(f"CUDA cannot be used: {cuda_problem(self._ort)}")
        self._inputs = {tensor.name: tensor.shape for tensor in self._session.get_inputs()}
        self._buffers: OrderedDict[Shape, _Bound] = OrderedDict()
        if device == "cuda":
            self._prove_cuda()

    def _options(self) -> Any:
        options = self._ort.SessionOptions()
        options.log_severity_level = (
            4  # its complaints about a missing provider become our own message
        )
        # On Linux as many as it takes by itself, which would pin them to cores that a container may not let it have.
        options.intra_op_num_threads = self._threads or usable_physical_cores()
        # Threads that spin after a frame take the processor from the camera and the window.
        options.add_session_config_entry("session.intra_op.spin_duration_us", "1000")
        options.add_session_config_entry("session.set_denormal_as_zero", "1")
        if self._device == "cpu":
            # Planning all tensors as one block takes half as much memory again in a network with free height and width.
            options.enable_mem_pattern = False
        return options

    def _open(self, model: bytes | str, options: Any) -> Any:
        providers: list[Any] = ["CPUExecutionProvider"]
        if self._device == "cuda":
            # HEURISTIC finds the same algorithms as the exhaustive search without its second of waiting per frame size.
            providers.insert(0, ("CUDAExecutionProvider", {"cudnn_conv_algo_search": "HEURISTIC"}))
        # Without enable_fallback=0 a failure of CUDA is printed to stdout and the session silently made for the CPU.
        return self._ort.InferenceSession(model, options, providers=providers, enable_fallback=0)

    def _prove_cuda(self) -> None:
        """Paint one small frame: CUDA starts without cuDNN, and only the first convolution finds that it is missing."""
        styles = self._inputs[STYLE][0]
        weights = np.ones(styles if isinstance(styles, int) else 1, np.float32)
        try:
            self.run(np.zeros((16, 16, 3), np.uint8), weights)
        except Exception as error:  # as above
            raise DeviceUnavailable(
                f"CUDA cannot be used: {reason_of(error)}; {CUDA_REMEDY}"
            ) from error

    def run(self, frame: Frame, weights: Weights) -> Frame:
        if frame.shape not in self._buffers:
            make_room(self._buffers, frame.shape)
            self._buffers[frame.shape] = self._bound(self._session, frame.shape, len(weights))
        self._buffers.move_to_end(frame.shape)
        return self._buffers[frame.shape].run({FRAME: frame[np.newaxis], STYLE: weights})

    def specialized(self, shape: Shape, weights: Weights) -> Callable[[Frame], Frame] | None:
        """A session of its own on the CPU; on CUDA blending kernels is a trifle."""
        if self._device == "cuda":
            return None
        options = self._options()
        names = self._inputs[FRAME]
        for name, side in zip(names[1:3], shape[:2], strict=True):
            if (
                isinstance(name, str) and names.count(name) == 1
            ):  # a free dimension, and no other of that name
                options.add_free_dimension_override_by_name(name, side)
        session = self._open(with_constant_style(self._model, weights), options)
        bound = self._bound(session, shape, None)
        return lambda frame: bound.run({FRAME: frame[np.newaxis]})

    def _bound(self, session: Any, shape: Shape, styles: int | None) -> _Bound:
        return _Bound(self._ort, session, self._device, shape, styles)

    def close(self) -> None:
        self._buffers.clear()
        self._session = None


class _Bound:
    """A session with its input and output for one frame size.

    They stay at the same addresses, which is what CUDA graphs ask for; only uint8 pixels cross the bus.
    """

    def __init__(
        self, ort: Any, session: Any, device: str, shape: Shape, styles: int | None
    ) -> None:
        """`styles`: of how many weights its style is an input; None for a session whose style is fixed."""
        make = ort.OrtValue.ortvalue_from_shape_and_type
        self._inputs = {FRAME: make([1, *shape], np.uint8, device, 0)}
        if styles is not None:
            self._inputs[STYLE] = make([styles], np.float32, device, 0)
        self._stylized = make([1, *shape], np.uint8, device, 0)
        self._session, self._binding = session, session.io_binding()
        for name, value in self._inputs.items():
            self._binding.bind_ortvalue_input(name, value)
        self._binding.bind_ortvalue_output(STYLIZED, self._stylized)
        self._is_view = device == "cpu"

    def run(self, given: dict[str, Any]) -> Frame:
        """The stylized frame (H, W, 3), a new array, for these inputs."""
        for name, value in given.items():
            self._inputs[name].update_inplace(value)
        self._session.run_with_iobinding(self._binding)
        result: Frame = self._stylized.numpy()[0]
        return result.copy() if self._is_view else result
