"""Frames as boundary writes them (docs/protocol.md), for logs that a test chose itself."""
import socket
import time


def _varint(n):
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes(out) + bytes([n])


def _field(number, value):
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    value = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def log(url, *, allowed=True, method="GET", rule="", sequence=0, at=None):
    """A BoundaryLog. `at`: nanoseconds since 1970."""
    at = time.time_ns() if at is None else at
    moment = _field(1, at // 10**9) + _field(2, at % 10**9)
    request = _field(1, method) + _field(2, url) + (_field(3, rule) if rule else b"")
    return (_field(1, 1) if allowed else b"") + _field(2, moment) + _field(3, request) + (_field(4, sequence) if sequence else b"")


def frame(logs, *, session="", process=""):
    request = b"".join(_field(1, one) for one in logs)
    request += (_field(2, session) if session else b"") + (_field(3, process) if process else b"")
    message = _field(1, request)
    assert len(message) <= 32768, "the longest frame there is"
    return b"\x02" + len(message).to_bytes(3, "big") + message


class Client:
    """A client of the daemon that stays connected."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)

    def send(self, *logs, session="", process="", logs_per_frame=10):
        for first in range(0, len(logs), logs_per_frame):
            self.socket.sendall(frame(logs[first : first + logs_per_frame], session=session, process=process))

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
