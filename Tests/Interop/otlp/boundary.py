"""What boundary writes: frames of `ReportBoundaryLogsRequest`s (docs/protocol.md)."""

import struct


def varint(value):
    value &= (1 << 64) - 1
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, payload):
    if isinstance(payload, int):
        return varint(number << 3) + varint(payload)
    payload = payload.encode() if isinstance(payload, str) else payload
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def fields(payload, *nested):
    """[(number, value)] of a message; the fields of those numbers in `nested`, messages themselves, as such lists, down to its end. Lengths need not be minimal."""
    found, position = [], 0

    def number():
        nonlocal position
        value = shift = 0
        while True:
            byte = payload[position]
            position += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while position < len(payload):
        tag = number()
        value = number()
        if tag & 7 == 2:
            end = position + value
            value, position = payload[position:end], end
            if nested and tag >> 3 == nested[0]:
                value = fields(value, *nested[1:])
        found.append((tag >> 3, value))
    return found


class Log:
    def __init__(self, allowed=True, time=(1_795_447_957, 414_790_379), method="GET", url="https://a.io/x", rule="domain=a.io", number=0):
        self.allowed, self.time, self.method, self.url, self.rule, self.number = allowed, time, method, url, rule, number

    def encoded(self):
        out = field(1, 1) if self.allowed else b""
        if self.time is not None:
            out += field(2, field(1, self.time[0]) + field(2, self.time[1]))
        request = b"".join(field(number, text) for number, text in ((1, self.method), (2, self.url), (3, self.rule)) if text)
        return out + field(3, request) + (field(4, self.number) if self.number else b"")


def request(logs, session="d401b2fd-3509-42c0-abae-2adeb7babe3b", process="claude-code"):
    out = b"".join(field(1, log.encoded()) for log in logs)
    return out + (field(2, session) if session else b"") + (field(3, process) if process else b"")


def frame(logs, **names):
    payload = request(logs, **names)
    return b"\x01" + struct.pack(">I", len(payload))[1:] + payload
