"""At rest: private memory and wake-ups. All daemons side by side, in the same seconds: they do nothing."""

import contextlib
import json
import resource
import socket
import subprocess
import time

from .. import processes

CONNECTIONS = (0, 100, 10_000)
# For a start, or for the end of the clients' coming, on a busy machine: what a daemon does by itself comes back in each window.
WINDOWS = 3


def raise_descriptor_limit(count):
    """To as many as are wanted; returns how many there are."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = count if hard == resource.RLIM_INFINITY else min(count, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return limit


def connect(server, count):
    clients = []
    for _ in range(count):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.connect(server.path)
        clients.append(client)
    # Connecting succeeds when the kernel queues it; they count when the daemon holds a descriptor for each.
    deadline = time.monotonic() + processes.START_SECONDS
    while server.descriptors() < count:
        if time.monotonic() > deadline:
            raise processes.BenchError(f"the daemon did not accept {count:,} connections")
        time.sleep(0.01)
    return clients


@contextlib.contextmanager
def stand_in(bench):
    """A stand-in for coderd; gives its port."""
    process = processes.start(
        [bench.stand_in, "--listen", "127.0.0.1:0", "--token", "t"], bench.load_core, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield json.loads(process.stdout.readline())["port"]
    finally:
        process.stdin.close()
        process.stdout.close()
        processes.end(process)


def measure(bench):
    room = raise_descriptor_limit(2 * max(CONNECTIONS) + 256) - 256
    with contextlib.ExitStack() as stack:
        servers = {}
        for count in CONNECTIONS:
            count = min(count, room)
            server = bench.start_daemon("--reporter", "file", "--file-path", "/dev/null", "--connections-max", str(max(1024, count)))
            stack.callback(server.stop)
            for client in connect(server, count):
                stack.callback(client.close)
            servers[f"{count:,} connections"] = server
        port = stack.enter_context(stand_in(bench))
        token = bench.new_directory() + "/token"
        with open(token, "w") as file:
            file.write("t")
        server = bench.start_daemon("--coder-url", f"http://127.0.0.1:{port}", "--coder-token-file", token, "--log-level", "info")
        stack.callback(server.stop)
        servers["0 connections, a session with coderd"] = server
        for name, server in servers.items():
            server.settle(quiet_seconds=0.1)
        wake_ups = {}
        for _ in range(WINDOWS):
            before = {name: server.wake_ups() for name, server in servers.items()}
            time.sleep(bench.plan.idle_seconds)
            for name, server in servers.items():
                wake_ups[name] = min(wake_ups.get(name, 1 << 30), server.wake_ups() - before[name])
            if not any(count for name, count in wake_ups.items() if "coderd" not in name):
                break
        for name, server in servers.items():
            figures = {"private": server.private_bytes(), "wake_ups": wake_ups[name], "seconds": bench.plan.idle_seconds}
            bench.results.add("idle", name, figures)
            bench.say(f"idle, {name}: {figures['private'] / (1 << 20):.1f} MiB private, {wake_ups[name]} wake-ups in {bench.plan.idle_seconds} s")
