"""What runs a style file: ONNX Runtime on CUDA or the CPU, or OpenVINO on the CPU.

An engine maps (frame, style weights) to a frame. :func:`open_engine` chooses one; what it says it runs on is what it
runs on, because each engine is asked after it was made, not before.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import io
import logging
from collections import OrderedDict
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from realtime_style.devices import DEVICES
from realtime_style.errors import DeviceUnavailable
from realtime_style.frames import Frame
from realtime_style.machine import usable_physical_cores
from realtime_style.quiet_imports import import_openvino
from realtime_style.style_format import FRAME, STYLE, STYLIZED
from realtime_style.styles import import_onnxruntime

log = logging.getLogger(__name__)


# Frame sizes whose buffers or compiled networks are kept: a camera has one, a folder of photographs many. Compiled networks
# hold up to 80 bytes per pixel, so large photographs must not be kept beside each other.
_SIZES_KEPT = 4
_PIXELS_KEPT = 4 * 1920 * 1080

# Distributions that all write the folder onnxruntime. Asking for each takes 3 ms, asking which ones provide it takes 300.
_RUNTIMES = (
    "onnxruntime",
    "onnxruntime-directml",
    "onnxruntime-gpu",
    "onnxruntime-migraphx",
    "onnxruntime-openvino",
    "onnxruntime-rocm",
    "onnxruntime-training",
    "onnxruntime-trt-rtx",
    "onnxruntime-webgpu",
    "onnxruntime-windowsml",
)

_CUDA_REMEDY = (
    'it needs CUDA 13, cuDNN 9 and a GPU from Turing on: pip install "realtime-style[gpu]" and see realtime-style doctor'
)

Weights = npt.NDArray[np.float32]


class Engine(Protocol):
    """Runs one style file."""

    provider: str
    """What it really runs on, e.g. ``CUDAExecutionProvider`` or ``OpenVINO CPU bf16``."""

    def run(self, frame: Frame, weights: Weights) -> Frame:
        """The stylized frame: (H, W, 3) uint8 BGR to the same; `weights` (N,) float32. One thread at a time."""
        ...

    def close(self) -> None:
        """Free what it holds."""
        ...


class OnnxRuntimeEngine:
    """ONNX Runtime with one execution provider, its buffers kept on the device from frame to frame.

    Input and output stay at the same addresses for as long as the frame size stays, which is what CUDA graphs ask for;
    only uint8 pixels cross the bus.
    """

    def __init__(self, path: Path, *, device: str, threads: int | None = None) -> None:
        """`device` is ``cuda`` or ``cpu``; raises DeviceUnavailable when CUDA cannot be used."""
        ort = import_onnxruntime()
        options = ort.SessionOptions()
        options.log_severity_level = 4  # its complaints about a missing provider become our own message
        # As many as ONNX Runtime takes by itself, which would pin them to cores that a container may not let it have.
        options.intra_op_num_threads = threads or usable_physical_cores()
        # Threads that spin after a frame take the processor from the camera and the window.
        options.add_session_config_entry("session.intra_op.spin_duration_us", "1000")
        options.add_session_config_entry("session.set_denormal_as_zero", "1")
        providers: list[Any] = ["CPUExecutionProvider"]
        if device == "cuda":
            refuse_without_cuda(ort)
            # HEURISTIC finds the same algorithms as the exhaustive search without its second of waiting per frame size.
            providers.insert(0, ("CUDAExecutionProvider", {"cudnn_conv_algo_search": "HEURISTIC"}))
        else:
            # Planning all tensors as one block takes half as much memory again in a network with free height and width.
            options.enable_mem_pattern = False
        try:
            # Without enable_fallback=0 a failure of CUDA is printed to stdout and the session silently made for the CPU.
            self._session = ort.InferenceSession(str(path), options, providers=providers, enable_fallback=0)
        except Exception as error:  # onnxruntime's exceptions have no common base class of their own
            if device == "cuda":
                raise DeviceUnavailable(f"CUDA cannot be used: {reason_of(error)}; {_CUDA_REMEDY}") from error
            raise DeviceUnavailable(f"{device} could not load {path.name}: {reason_of(error)}; try another --device") from error
        self.provider: str = self._session.get_providers()[0]
        if device == "cuda" and self.provider != "CUDAExecutionProvider":
            raise DeviceUnavailable(f"CUDA cannot be used: {_why_no_cuda(ort)}")
        self._ort = ort
        self._device = device
        self._buffers: OrderedDict[tuple[int, ...], tuple[Any, Any, Any, Any]] = OrderedDict()
        if device == "cuda":
            self._prove_cuda()

    def _prove_cuda(self) -> None:
        """Paint one small frame: CUDA starts without cuDNN, and only the first convolution finds that it is missing."""
        styles = next(tensor.shape[0] for tensor in self._session.get_inputs() if tensor.name == STYLE)
        weights = np.ones(styles if isinstance(styles, int) else 1, np.float32)
        try:
            self.run(np.zeros((16, 16, 3), np.uint8), weights)
        except Exception as error:  # as above
            raise DeviceUnavailable(f"CUDA cannot be used: {reason_of(error)}; {_CUDA_REMEDY}") from error

    def run(self, frame: Frame, weights: Weights) -> Frame:
        binding, frame_in, style_in, frame_out = self._buffers_for(frame.shape, len(weights))
        frame_in.update_inplace(frame[np.newaxis])
        style_in.update_inplace(weights)
        self._session.run_with_iobinding(binding)
        result: Frame = frame_out.numpy()[0]
        return result if self._device == "cuda" else result.copy()  # on the CPU it is a view of the buffer

    def _buffers_for(self, shape: tuple[int, ...], styles: int) -> tuple[Any, Any, Any, Any]:
        if shape in self._buffers:
            self._buffers.move_to_end(shape)
            return self._buffers[shape]
        _make_room(self._buffers, shape)
        make = self._ort.OrtValue.ortvalue_from_shape_and_type
        frame_in = make([1, *shape], np.uint8, self._device, 0)
        style_in = make([styles], np.float32, self._device, 0)
        frame_out = make([1, *shape], np.uint8, self._device, 0)
        binding = self._session.io_binding()
        binding.bind_ortvalue_input(FRAME, frame_in)
        binding.bind_ortvalue_input(STYLE, style_in)
        binding.bind_ortvalue_output(STYLIZED, frame_out)
        self._buffers[shape] = binding, frame_in, style_in, frame_out
        return self._buffers[shape]

    def close(self) -> None:
        self._buffers.clear()
        self._session = None


class OpenVinoEngine:
    """OpenVINO on the processor: two to three times as fast as ONNX Runtime there, with the same file.

    The network is compiled for each frame size, as a network with free dimensions runs a third slower.
    """

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        try:
            openvino = import_openvino()
        except (ImportError, OSError) as error:  # OSError: its libraries do not load
            raise DeviceUnavailable(f'OpenVINO cannot be used ({error}); pip install "realtime-style[openvino]"') from error
        try:
            self._core = openvino.Core()
            self._model = self._core.read_model(str(path))
            capable = self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        except Exception as error:  # OpenVINO raises RuntimeError and its own types
            raise DeviceUnavailable(f"OpenVINO cannot run {path.name} here: {reason_of(error)}; try --device cpu") from error
        # Where the processor has it, bf16 takes half the time; it differs from fp32 by one grey level on average.
        precision = "bf16" if "BF16" in capable else "f32"
        self._settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": precision}
        if threads:
            self._settings["INFERENCE_NUM_THREADS"] = threads
        self.provider = f"OpenVINO CPU {'bf16' if precision == 'bf16' else 'fp32'}"
        self._requests: OrderedDict[tuple[int, ...], Any] = OrderedDict()

    def run(self, frame: Frame, weights: Weights) -> Frame:
        request = self._request_for(frame.shape, len(weights))
        request.infer({FRAME: frame[np.newaxis], STYLE: weights}, share_inputs=True)
        result: Frame = request.get_output_tensor(0).data[0].copy()
        return result

    def _request_for(self, shape: tuple[int, ...], styles: int) -> Any:
        if shape in self._requests:
            self._requests.move_to_end(shape)
            return self._requests[shape]
        _make_room(self._requests, shape)
        model = self._model.clone()
        model.reshape({FRAME: [1, *shape], STYLE: [styles]})
        self._requests[shape] = self._core.compile_model(model, "CPU", self._settings).create_infer_request()
        return self._requests[shape]

    def close(self) -> None:
        self._requests.clear()


def _make_room(kept: OrderedDict[tuple[int, ...], Any], shape: tuple[int, ...]) -> None:
    """Forget the frame sizes used longest ago until another of `shape` may be added."""
    while kept and (len(kept) >= _SIZES_KEPT or sum(h * w for h, w, _ in [*kept, shape]) > _PIXELS_KEPT):
        kept.popitem(last=False)


def open_engine(path: Path, *, device: str = "auto", threads: int | None = None) -> tuple[Engine, str | None]:
    """The engine for `device` (one of DEVICES), and why a better one was not taken when `auto` had to make do.

    ``auto`` takes CUDA, else OpenVINO where it is installed, else ONNX Runtime's CPU provider. The others mean just what
    they say: DeviceUnavailable is raised, with the reason and the remedy, when it cannot be had.
    """
    if device == "cuda":
        return OnnxRuntimeEngine(path, device="cuda", threads=threads), None
    if device == "openvino":
        return OpenVinoEngine(path, threads=threads), None
    if device == "cpu":
        return OnnxRuntimeEngine(path, device="cpu", threads=threads), None
    if device != "auto":
        raise DeviceUnavailable(f"there is no device {device!r}; devices are {', '.join(DEVICES)}")
    reason = None
    if has_nvidia_driver() or _has_gpu_build():
        try:
            return OnnxRuntimeEngine(path, device="cuda", threads=threads), None
        except DeviceUnavailable as error:
            reason = str(error)
    if importlib.util.find_spec("openvino") is not None:
        try:
            return OpenVinoEngine(path, threads=threads), reason
        except DeviceUnavailable as error:
            reason = f"{reason}; {error}" if reason else str(error)
    return OnnxRuntimeEngine(path, device="cpu", threads=threads), reason


def refuse_without_cuda(ort: Any) -> None:
    """Raise DeviceUnavailable when it is already plain that CUDA cannot work; load its libraries when it may."""
    packages = installed_runtimes()
    if len(packages) > 1:
        raise DeviceUnavailable(both_installed(packages))
    if "CUDAExecutionProvider" not in ort.get_available_providers() or not has_nvidia_driver():
        raise DeviceUnavailable(f"CUDA cannot be used: {_why_no_cuda(ort)}")
    with redirect_stdout(io.StringIO()) as said:  # it prints instead of raising
        ort.preload_dlls()
    if said.getvalue():
        log.info("onnxruntime: %s", said.getvalue().strip())


def installed_runtimes() -> list[str]:
    """The installed distributions that provide the module onnxruntime; more than one means they overwrote each other."""
    found = []
    for name in _RUNTIMES:
        try:
            importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        found.append(name)
    return found


def both_installed(packages: list[str]) -> str:
    """One line on what is wrong with several runtimes and how to mend it."""
    return (
        f"{' and '.join(packages)} are both installed and overwrite each other; "
        f'pip uninstall -y {" ".join(packages)}, then pip install "realtime-style[gpu]" (NVIDIA) or "realtime-style[cpu]"'
    )


def has_nvidia_driver() -> bool:
    """Whether an NVIDIA driver is loaded: its library can be opened."""
    import ctypes
    import sys

    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def _has_gpu_build() -> bool:
    return "onnxruntime-gpu" in installed_runtimes()


def _why_no_cuda(ort: Any) -> str:
    if not has_nvidia_driver():
        return "this machine has no NVIDIA driver; install it, or use --device auto"
    if "CUDAExecutionProvider" not in ort.get_available_providers():
        return 'this onnxruntime has no CUDA; pip uninstall -y onnxruntime, then pip install "realtime-style[gpu]"'
    return f"ONNX Runtime could not start its CUDA provider; {_CUDA_REMEDY}"


def reason_of(error: Exception) -> str:
    """What an engine's exception says, on one line; OpenVINO puts the places it came through on the lines before."""
    lines = [line.strip() for line in str(error).splitlines()]
    return next((line for line in lines if line and not line.startswith("Exception from ")), type(error).__name__)
