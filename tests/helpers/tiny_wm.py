"""Smallest window manager that can make a window full screen and close it: ``python tiny_wm.py``.

Uses libX11. Xvfb has no window manager, and without one no window becomes full screen.
"""

from __future__ import annotations

import ctypes
import struct
import sys

MAP_REQUEST, CONFIGURE_NOTIFY, CONFIGURE_REQUEST, CLIENT_MESSAGE = 20, 22, 23, 33
STRUCTURE_NOTIFY, SUBSTRUCTURE_NOTIFY, SUBSTRUCTURE_REDIRECT = 1 << 17, 1 << 19, 1 << 20
ATOM, REPLACE, NORMAL_STATE = 4, 0, 1


class Screen:
    """Connection to $DISPLAY."""

    def __init__(self) -> None:
        self.x11 = ctypes.CDLL("libX11.so.6")
        self.x11.XOpenDisplay.restype = ctypes.c_void_p
        self.x11.XDefaultRootWindow.restype = self.x11.XInternAtom.restype = ctypes.c_ulong
        self.connection = ctypes.c_void_p(self.x11.XOpenDisplay(None))
        assert self.connection, "no X server"
        self.root = ctypes.c_ulong(self.x11.XDefaultRootWindow(self.connection))
        self.size = (
            self.x11.XDisplayWidth(self.connection, 0),
            self.x11.XDisplayHeight(self.connection, 0),
        )

    def atom(self, name: str) -> int:
        return int(self.x11.XInternAtom(self.connection, name.encode(), 0))

    def set_atoms(self, window: int, name: str, *values: str) -> None:
        self.set_numbers(window, name, ATOM, *map(self.atom, values))

    def set_numbers(self, window: int, name: str, kind: int, *values: int) -> None:
        data = (ctypes.c_ulong * max(1, len(values)))(*values)
        where = ctypes.c_ulong(window), ctypes.c_ulong(self.atom(name)), ctypes.c_ulong(kind)
        self.x11.XChangeProperty(self.connection, *where, 32, REPLACE, data, len(values))
        self.x11.XSync(self.connection, 0)

    def place(self, window: int, x: int, y: int, width: int, height: int) -> None:
        """Move a window and notify it, also if it is there: Qt draws only once notified."""
        self.x11.XMoveResizeWindow(self.connection, ctypes.c_ulong(window), x, y, width, height)
        told = struct.pack(
            "ixxxxLixxxxPLLiiiiixxxxLi",
            CONFIGURE_NOTIFY,
            0,
            1,
            0,
            window,
            window,
            x,
            y,
            width,
            height,
            0,
            0,
            0,
        )
        self.send(window, STRUCTURE_NOTIFY, told)

    def send(self, window: int, mask: int, event: bytes) -> None:
        buffer = ctypes.create_string_buffer(event, 192)
        self.x11.XSendEvent(self.connection, ctypes.c_ulong(window), 0, ctypes.c_long(mask), buffer)
        self.x11.XSync(self.connection, 0)


def manage() -> None:
    """Manage windows until killed."""
    screen = Screen()
    fullscreen = screen.atom("_NET_WM_STATE_FULLSCREEN")
    screen.x11.XSelectInput(
        screen.connection, screen.root, ctypes.c_long(SUBSTRUCTURE_NOTIFY | SUBSTRUCTURE_REDIRECT)
    )
    screen.set_atoms(
        screen.root.value, "_NET_SUPPORTED", "_NET_WM_STATE", "_NET_WM_STATE_FULLSCREEN"
    )
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    places: dict[int, tuple[int, int, int, int]] = {}
    filling: set[int] = set()
    event = ctypes.create_string_buffer(192)
    while True:
        screen.x11.XNextEvent(screen.connection, event)
        kind = struct.unpack_from("i", event)[0]
        window, kind_of_message = struct.unpack_from("LL", event, 32)
        if kind == MAP_REQUEST:
            window = kind_of_message  # it comes after its parent
            screen.x11.XMapWindow(screen.connection, ctypes.c_ulong(window))
            screen.set_numbers(window, "WM_STATE", screen.atom("WM_STATE"), NORMAL_STATE, 0)
        elif kind == CONFIGURE_REQUEST:
            window = kind_of_message
            places[window] = struct.unpack_from("iiii", event, 48)
            screen.place(window, *((0, 0, *screen.size) if window in filling else places[window]))
        elif kind == CLIENT_MESSAGE and kind_of_message == screen.atom("_NET_WM_STATE"):
            on, *states = struct.unpack_from("lll", event, 56)
            if fullscreen in states:
                filling = filling | {window} if on else filling - {window}
                screen.set_atoms(
                    window, "_NET_WM_STATE", *(["_NET_WM_STATE_FULLSCREEN"] if on else [])
                )
                screen.place(
                    window, *((0, 0, *screen.size) if on else places.get(window, (0, 0, 320, 240)))
                )


def close_window(window: int) -> None:
    """Ask a window to close, as a click on its cross does; the window may refuse."""
    screen = Screen()
    protocols, delete = screen.atom("WM_PROTOCOLS"), screen.atom("WM_DELETE_WINDOW")
    event = struct.pack(
        "ixxxxLixxxxPLLixxxxlllll",
        CLIENT_MESSAGE,
        0,
        1,
        0,
        window,
        protocols,
        32,
        delete,
        0,
        0,
        0,
        0,
    )
    screen.send(window, 0, event)
    screen.x11.XCloseDisplay(screen.connection)


if __name__ == "__main__":
    manage()
