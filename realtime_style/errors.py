"""Exceptions of this package.

::

    RealtimeStyleError
    |-- SourceError               a source delivers no frames
    |   |-- CameraNotFound          the camera did not open
    |   |-- CameraLost              it opened, then stopped delivering
    |   |-- PermanentFault          waiting does not mend it; the others may pass
    |   |   `-- VideoUnreadable       a video file is missing, broken or truncated (also OSError)
    |   `-- ImageUnreadable         an image file is missing, broken or no image (also OSError)
    |-- SinkError                 an output takes no frames
    |   |-- OutputUnwritable        disk full, read-only, wrong folder (also OSError)
    |   `-- DisplayUnavailable      no display to open a window on
    |-- StyleError
    |   |-- StyleNotFound           no style has this name (also LookupError)
    |   `-- BadStyleFile            not a style file, or a broken one (also ValueError)
    |-- BadSettings               a settings file or a catalogue of texts is not usable
    |-- DeviceUnavailable         the requested engine cannot run here
    `-- TrainingError             training cannot start or continue

Every message is one line: what failed, what was tried, what to do next. The command line prints it
after ``realtime-style: error:`` and exits with 1.
"""

from __future__ import annotations


class RealtimeStyleError(Exception):
    """Base of all errors of this package; the message is written for users."""


class SourceError(RealtimeStyleError):
    """The source delivers no frames."""


class PermanentFault(SourceError):
    """A fault of a source that waiting does not mend; all other faults are temporary."""


class CameraNotFound(SourceError):
    """The camera did not open."""


class CameraLost(SourceError):
    """The camera stopped delivering frames."""


class VideoUnreadable(PermanentFault, OSError):
    """The video file is missing, broken, truncated or has no picture."""


class ImageUnreadable(SourceError, OSError):
    """The image file is missing, broken or not an image."""


class SinkError(RealtimeStyleError):
    """The output takes no frames."""


class OutputUnwritable(SinkError, OSError):
    """The output cannot be written: disk full, read-only folder, wrong name."""


class DisplayUnavailable(SinkError):
    """There is no display to open a window on."""


class StyleError(RealtimeStyleError):
    """The requested style is not usable."""


class StyleNotFound(StyleError, LookupError):
    """No style has this name."""


class BadStyleFile(StyleError, ValueError):
    """The file is not a style file of this project, or is damaged."""


class BadSettings(RealtimeStyleError):
    """A settings file or a catalogue of texts is not usable."""


class DeviceUnavailable(RealtimeStyleError):
    """The requested engine cannot run on this machine."""


class TrainingError(RealtimeStyleError):
    """Training cannot start or continue."""
