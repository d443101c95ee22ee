"""ONNX Runtime as an engine, on any of its execution providers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from realtime_style.engines.base import Shape, Weights, make_room
from realtime_style.frames import Frame
from realtime_style.styles.format import FRAME, STYLE, STYLIZED
from realtime_style.styles.onnx_file import with_constant_style
from realtime_style.system.machine import usable_physical_cores


@dataclass(frozen=True)
class SessionSettings:
    """Settings of a session that depend on the execution provider."""

    providers: tuple[Any, ...]
    """As InferenceSession takes them, the wanted one first."""
    memory: str = "cpu"
    """Device that holds input and output, as OrtValue names it."""
    memory_pattern: bool = True
    """True to plan all tensors as one block of memory."""
    can_specialize: bool = False
    """True if a session with a constant style is faster."""


class OnnxRuntimeEngine:
    """ONNX Runtime with one execution provider and buffers kept on its device between frames.

    Where the settings say so it specializes: in a session of its own the kernels that each style
    has are blended once instead of in each frame, and ONNX Runtime lays them out for the
    processor's vectors.
    """

    def __init__(
        self, ort: Any, path: Path, settings: SessionSettings, threads: int | None = None
    ) -> None:
        """`ort` is the module; raises its exceptions when the file or the provider fails."""
        self._ort, self._settings, self._threads = ort, settings, threads
        # Kept for specialized sessions, as the file may have been replaced by then.
        self._content = path.read_bytes() if settings.can_specialize else b""
        self._session = self._open(self._content or str(path), self._options())
        self.provider: str = self._session.get_providers()[0]
        self._inputs = {tensor.name: tensor.shape for tensor in self._session.get_inputs()}
        self._buffers: OrderedDict[Shape, _BoundSession] = OrderedDict()

    def _options(self) -> Any:
        options = self._ort.SessionOptions()
        options.log_severity_level = 4  # a missing provider is reported by our own message
        # On Linux as many threads as it takes by itself; by itself it would also pin them to cores,
        # which a container may not let it have.
        options.intra_op_num_threads = self._threads or usable_physical_cores()
        # Threads that spin after a frame take the processor from the camera and the window.
        options.add_session_config_entry("session.intra_op.spin_duration_us", "1000")
        options.add_session_config_entry("session.set_denormal_as_zero", "1")
        options.enable_mem_pattern = self._settings.memory_pattern
        return options

    def _open(self, model: bytes | str, options: Any) -> Any:
        # Without enable_fallback=0 a provider that fails is printed to stdout and the session
        # silently made for the CPU.
        providers = list(self._settings.providers)
        return self._ort.InferenceSession(model, options, providers=providers, enable_fallback=0)

    def paint_blank(self) -> None:
        """Paint one small frame, to find out whether the provider really works."""
        styles = self._inputs[STYLE][0]
        weights = np.ones(styles if isinstance(styles, int) else 1, np.float32)
        self.run(np.zeros((16, 16, 3), np.uint8), weights)

    def run(self, frame: Frame, weights: Weights) -> Frame:
        if frame.shape not in self._buffers:
            make_room(self._buffers, frame.shape)
            self._buffers[frame.shape] = self._bound(self._session, frame.shape, len(weights))
        self._buffers.move_to_end(frame.shape)
        return self._buffers[frame.shape].run({FRAME: frame[np.newaxis], STYLE: weights})

    def specialized(self, shape: Shape, weights: Weights) -> Callable[[Frame], Frame] | None:
        if not self._settings.can_specialize:
            return None
        options = self._options()
        names = self._inputs[FRAME]
        for name, side in zip(names[1:3], shape[:2], strict=True):
            # A free dimension that shares its name with no other of the frame.
            if isinstance(name, str) and names.count(name) == 1:
                options.add_free_dimension_override_by_name(name, side)
        session = self._open(with_constant_style(self._content, weights), options)
        bound = self._bound(session, shape, None)
        return lambda frame: bound.run({FRAME: frame[np.newaxis]})

    def _bound(self, session: Any, shape: Shape, styles: int | None) -> _BoundSession:
        return _BoundSession(self._ort, session, self._settings.memory, shape, styles)

    def close(self) -> None:
        self._buffers.clear()
        self._session = None


class _BoundSession:
    """A session with its input and output for one frame size.

    They stay at the same addresses, as CUDA graphs require; only uint8 pixels cross the bus.
    """

    def __init__(
        self, ort: Any, session: Any, memory: str, shape: Shape, styles: int | None
    ) -> None:
        """`styles` is the number of weights of the style input; None for a constant style."""
        make = ort.OrtValue.ortvalue_from_shape_and_type
        self._inputs = {FRAME: make([1, *shape], np.uint8, memory, 0)}
        if styles is not None:
            self._inputs[STYLE] = make([styles], np.float32, memory, 0)
        self._stylized = make([1, *shape], np.uint8, memory, 0)
        self._session, self._binding = session, session.io_binding()
        for name, value in self._inputs.items():
            self._binding.bind_ortvalue_input(name, value)
        self._binding.bind_ortvalue_output(STYLIZED, self._stylized)
        # In main memory numpy() is a view of the buffer that the next frame overwrites.
        self._is_view = self._stylized.device_name() == "cpu"

    def run(self, values: dict[str, Any]) -> Frame:
        """The stylized frame (H, W, 3), a new array, for these inputs."""
        for name, value in values.items():
            self._inputs[name].update_inplace(value)
        self._session.run_with_iobinding(self._binding)
        result: Frame = self._stylized.numpy()[0]
        return result.copy() if self._is_view else result
