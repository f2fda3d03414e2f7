"""caller.py LIBRARY: a host in Python, through ctypes. Deliveries are answered on the main thread, not in the callback."""
import ctypes
import os
import queue
import sys


class Delivery(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_uint64),
        ("token", ctypes.c_uint64),
        ("session", ctypes.POINTER(ctypes.c_char)),
        ("session_length", ctypes.c_size_t),
        ("process", ctypes.POINTER(ctypes.c_char)),
        ("process_length", ctypes.c_size_t),
        ("log_count", ctypes.c_uint64),
        ("request", ctypes.c_void_p),
        ("request_length", ctypes.c_size_t),
        ("key", ctypes.c_char_p),
        ("attempt", ctypes.c_uint64),
    ]


# As an older header had it: the library fills in no more than the size says.
class Statistics(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_uint64)
        for name in ("size", "logs_received", "batches_received", "logs_recovered", "batches_recovered", "logs_delivered")
    ]


library = ctypes.CDLL(sys.argv[1])
library.blp_last_error.restype = ctypes.c_char_p
library.blp_complete.argtypes = [ctypes.c_uint64, ctypes.c_int, ctypes.c_uint64, ctypes.c_char_p]
library.blp_log_append.argtypes = [ctypes.c_void_p, ctypes.c_int] + [ctypes.c_char_p] * 3 + [ctypes.c_int64]
library.blp_free.argtypes = [ctypes.c_void_p]
library.blp_free.restype = None


def ok(code):
    assert code == 0, (code, library.blp_last_error())


deliveries = queue.Queue()


@ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(Delivery))
def report(_, delivery):
    it = delivery.contents
    request = ctypes.string_at(it.request, it.request_length)
    deliveries.put((it.token, it.session[: it.session_length], it.process[: it.process_length], it.log_count, request))


config, proxy, session = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
ok(library.blp_config_new(ctypes.byref(config)))
ok(library.blp_config_set(config, b"socket", os.environ["CHOST_SOCKET"].encode()))
assert library.blp_config_set(config, b"no-such-option", b"1") == -4
assert b"no-such-option" in library.blp_last_error()
ok(library.blp_config_set_reporter(config, report, None))
ok(library.blp_proxy_new(config, ctypes.byref(proxy)))
ok(library.blp_config_free(config))
assert library.blp_config_free(config) == -1, "a freed handle is found out"
ok(library.blp_proxy_start(proxy))

ok(library.blp_log_session_new("Sitzung-ß".encode(), b"python", ctypes.byref(session)))
for number in range(3):
    ok(library.blp_log_append(session, number % 2, b"GET", b"https://example.com/%d" % number, None, 0))
ok(library.blp_log_flush(session, proxy))
ok(library.blp_log_session_free(session))

token, name, process, logs, request = deliveries.get(timeout=60)
assert (name, process, logs) == ("Sitzung-ß".encode(), b"python", 3)
assert b"https://example.com/2" in request
text = ctypes.c_void_p()
ok(library.blp_metrics_text(proxy, ctypes.byref(text), None))
assert b"agent_boundary_log_proxy_logs_in_flight 3\n" in ctypes.string_at(text)
library.blp_free(text)
ok(library.blp_complete(token, 0, 0, None))
assert library.blp_complete(token, 0, 0, None) == -8, "a token is completed once"

ok(library.blp_proxy_stop(proxy))
statistics = Statistics(size=ctypes.sizeof(Statistics))
ok(library.blp_stats(proxy, ctypes.byref(statistics)))
assert (statistics.size, statistics.logs_received, statistics.logs_delivered) == (48, 3, 3)
ok(library.blp_proxy_destroy(proxy))
print("caller.py: three logs delivered")
