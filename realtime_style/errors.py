"""What can go wrong, as exceptions.

::

    RealtimeStyleError
    |-- SourceError               frames cannot be had
    |   |-- CameraNotFound          the camera did not open
    |   |-- CameraLost              it opened, then stopped delivering
    |   |-- PermanentFault          waiting does not mend it; the others may pass
    |   |   `-- VideoUnreadable       a video file is missing, broken or truncated (also OSError)
    |   `-- ImageUnreadable         an image file is missing, broken or no image (also OSError)
    |-- SinkError                 frames cannot be put anywhere
    |   |-- OutputUnwritable        disk full, read-only, wrong folder (also OSError)
    |   `-- DisplayUnavailable      no screen to open a window on
    |-- StyleError
    |   |-- StyleNotFound           no style of that name (also LookupError)
    |   `-- BadStyleFile            not a style file, or a broken one (also ValueError)
    |-- BadSettings               a file of settings or words cannot be used
    |-- DeviceUnavailable         the engine asked for cannot run here
    `-- TrainingError             training cannot start or go on

Every message is one line: what failed, what was tried, what to do next. The command line prints it after
``realtime-style: error:`` and exits with 1.
"""

from __future__ import annotations


class RealtimeStyleError(Exception):
    """Anything this package refuses to do, with a message for people."""


class SourceError(RealtimeStyleError):
    """Frames cannot be had from this source."""


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
    """Frames cannot be put there."""


class OutputUnwritable(SinkError, OSError):
    """The output cannot be written: disk full, read-only folder, wrong name."""


class DisplayUnavailable(SinkError):
    """There is no screen to open a window on."""


class StyleError(RealtimeStyleError):
    """Something is wrong with the style asked for."""


class StyleNotFound(StyleError, LookupError):
    """No style has this name."""


class BadStyleFile(StyleError, ValueError):
    """The file is not a style file of this project, or it is damaged."""


class BadSettings(RealtimeStyleError):
    """A file of settings or words cannot be used."""


class DeviceUnavailable(RealtimeStyleError):
    """The engine asked for cannot run on this machine."""


class TrainingError(RealtimeStyleError):
    """Training cannot start or cannot go on."""
