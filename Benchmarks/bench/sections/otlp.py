"""OTLP beside protobuf over HTTP, in turn: what the records cost. Both go to a server that reads a request and answers, and looks at nothing."""

import contextlib
import socket
import subprocess
import sys

from .. import processes
from ..bench import dropped_logs, final_ledger
from ..flood import Load

RATES = (20_000, 200_000, 400_000)
FORMS = {
    "http": ("--reporter", "http", "--http-url"),
    "otlp": ("--reporter", "otlp", "--otlp-endpoint"),
}

# A process of its own, for the load's core. It takes one connection after the other, each to its end.
SINK = r"""
import os, socket, sys
listener = socket.socket(fileno=int(sys.argv[1]))
buffer = bytearray(1 << 20)
while True:
    connection, _ = listener.accept()
    head, missing = b"", 0
    while count := connection.recv_into(buffer):
        chunk = memoryview(buffer)[:count]
        while len(chunk):
            if missing:
                taken = min(missing, len(chunk))
                missing -= taken
                chunk = chunk[taken:]
                if not missing:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                continue
            head += bytes(chunk)
            lines, separator, rest = head.partition(b"\r\n\r\n")
            if not separator:
                break
            fields = dict(line.lower().split(b": ", 1) for line in lines.split(b"\r\n")[1:])
            missing, head = int(fields[b"content-length"]), b""
            chunk = memoryview(bytes(rest))
    connection.close()
"""


@contextlib.contextmanager
def sink(bench):
    """Gives the port on which it listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = processes.start(
            [sys.executable, "-c", SINK, str(listener.fileno())], bench.load_core, stdin=subprocess.DEVNULL, pass_fds=(listener.fileno(),))
        try:
            yield listener.getsockname()[1]
        finally:
            processes.end(process)


def measure(bench):
    for turn in range(bench.plan.through_rounds + 2):
        for rate in RATES:
            load = Load(rate=rate, seconds=bench.plan.through_seconds)
            # Who comes first changes, so that what a machine does by itself falls on both.
            for form in list(FORMS)[:: -1 if turn % 2 else 1]:
                measure_one(bench, form, FORMS[form], load)


def measure_one(bench, form, words, load):
    with sink(bench) as port:
        server = bench.start_daemon(*words, f"http://127.0.0.1:{port}")
        # The last logs wait for a flush, which is most of what they cost.
        figures, messages = bench.flood_server(server, load, quiet_seconds=0.25)
    ledger = final_ledger(messages)
    received, delivered, dropped = ledger.get("logs_received", 0), ledger.get("logs_delivered", 0), dropped_logs(ledger)
    if not figures["sent"] == received == delivered:
        bench.complain(f"otlp, {form}, {load}: {figures['sent']:,} logs sent, {received:,} received, {delivered:,} delivered, {dropped:,} dropped")
    bench.results.add("otlp", f"{form} {load.rate}", figures)
    bench.say(f"otlp, {form}, {load.rate:,} logs/s: {figures['cpu']:.3f} s per million logs")
