"""The library from Python by ctypes, fed through its socket as boundary would: caller.py LIBRARY"""
import ctypes
import os
import socket
import sys
import threading

library = ctypes.CDLL(sys.argv[1])


class Delivery(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_uint64), ("token", ctypes.c_uint64), ("session", ctypes.POINTER(ctypes.c_char)), ("session_length", ctypes.c_size_t),
        ("process", ctypes.POINTER(ctypes.c_char)), ("process_length", ctypes.c_size_t), ("log_count", ctypes.c_uint64),
        ("request", ctypes.c_void_p), ("request_length", ctypes.c_size_t), ("key", ctypes.c_char_p), ("attempt", ctypes.c_uint64),
    ]


# The first members are all that this caller knows: an old program with a new library.
class Statistics(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("size", "logs_received", "batches_received", "logs_recovered", "batches_recovered", "logs_delivered")]


Report = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(Delivery))
library.blp_last_error.restype = ctypes.c_char_p
library.blp_version.restype = ctypes.c_char_p
library.blp_complete.argtypes = [ctypes.c_uint64, ctypes.c_int, ctypes.c_uint64, ctypes.c_char_p]
Handle = ctypes.c_void_p


def check(code):
    assert code == 0, library.blp_last_error()


delivered = []
arrived = threading.Event()


@Report
def report(_, delivery):
    d = delivery.contents
    assert d.size == ctypes.sizeof(Delivery)
    delivered.append((d.session[: d.session_length], d.process[: d.process_length], d.log_count, ctypes.string_at(d.request, d.request_length)))
    threading.Thread(target=lambda token: check(library.blp_complete(token, 0, 0, None)), args=(d.token,)).start()
    arrived.set()


config, proxy = Handle(), Handle()
check(library.blp_config_new(ctypes.byref(config)))
path = os.environ["CHOST_SOCKET"]
check(library.blp_config_set(config, b"socket", path.encode()))
assert library.blp_config_set(config, b"overflow", b"never") == -4
assert b"overflow" in library.blp_last_error() and b"drop-newest, drop-oldest, block" in library.blp_last_error()
check(library.blp_config_set_reporter(config, report, None))
check(library.blp_proxy_new(config, ctypes.byref(proxy)))
check(library.blp_config_free(config))
check(library.blp_proxy_start(proxy))

# One log, session "s", process "p"; in the envelope of today's clients.
request = b"\x0a\x02\x08\x01" + b"\x12\x01s" + b"\x1a\x01p"
message = b"\x0a" + bytes([len(request)]) + request
with socket.socket(socket.AF_UNIX) as client:
    client.connect(path)
    client.sendall(b"\x02" + len(message).to_bytes(3, "big") + message)
assert arrived.wait(30)
check(library.blp_proxy_stop(proxy))
assert delivered == [(b"s", b"p", 1, request)], delivered
statistics = Statistics(size=ctypes.sizeof(Statistics))
check(library.blp_stats(proxy, ctypes.byref(statistics)))
assert statistics.logs_received == statistics.logs_delivered == 1 and statistics.size == ctypes.sizeof(Statistics)
check(library.blp_proxy_destroy(proxy))
assert not os.path.exists(path)
print("Python: delivered, with", library.blp_version().decode())
