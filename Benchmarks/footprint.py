"""Measures what a release daemon costs while it does nothing, and what its frames cost in heap allocations.

Prints one line a figure with its limit, and exits 1 when one is over it. Called by scripts/footprint with the directory of the release binaries.
All processes are started, and ended, by this script; everything happens in a temporary directory.
"""

import argparse
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

KIB = 1024


class Daemon:
    def __init__(self, bin_dir, directory, *options, env=None):
        self.path = os.path.join(directory, "s")
        self.log = open(os.path.join(directory, "log"), "w+b")
        spool = [] if "memory" in options else ["--spool-dir", os.path.join(directory, "spool")]
        self.process = subprocess.Popen(
            [os.path.join(bin_dir, "boundary-log-proxy"), "--socket", self.path, *spool, *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, **(env or {})},
            # Unbuffered: a line that lies in a buffer is none that a poll sees.
            bufsize=0)
        # It says when it listens: the first thing that a poll on its messages waits for.
        line = b""
        while b"listening" not in line:
            if not select.select([self.process.stderr], [], [], 60)[0]:
                sys.exit("the daemon did not start within 60 s")
            line = self.process.stderr.readline()
            if not line:
                sys.exit("the daemon did not start")

    def status(self, field):
        with open(f"/proc/{self.process.pid}/status") as lines:
            for line in lines:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
        raise KeyError(field)

    def switches(self):
        total = 0
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{task}/status") as lines:
                total += sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))
        return total

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.stderr.read()
        return self.process.wait()


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, payload):
    return bytes([number << 3 | 2]) + varint(len(payload)) + payload


def frame(logs=10):
    request = b""
    for number in range(logs):
        http = field(1, b"GET") + field(2, b"https://api.example.com/v1/" + b"x" * 64)
        request += field(1, b"\x08\x01" + field(3, http) + b"\x20" + varint(number))
    request += field(2, b"caeaf36c-ba3d-48a3-ae0e-97f2defc18a4") + field(3, b"bench")
    return b"\x01" + struct.pack(">I", len(request))[1:] + request


def send_frames(path, count):
    chunk = frame() * 100
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.connect(path)
        for _ in range(count // 100):
            client.sendall(chunk)


failed = False


def verdict(what, value, limit, unit):
    global failed
    good = value <= limit
    failed = failed or not good
    print(f"{'ok  ' if good else 'OVER'}  {what}: {value:,.1f} {unit} (limit {limit:,.0f})".replace(".0 ", " "), flush=True)


def idle(bin_dir, seconds):
    with tempfile.TemporaryDirectory(prefix="blp") as directory:
        daemon = Daemon(bin_dir, directory)
        verdict("idle private memory", daemon.status("RssAnon") / KIB, 4, "MiB")
        # What the daemon does by itself comes back in each window; the end of its start, on a busy machine, does not.
        for _ in range(3):
            before = daemon.switches()
            # The one wait by the clock: the figure is wake-ups in a time. A pipe that nobody writes to keeps it.
            select.select([], [], [], seconds)
            wakeups = daemon.switches() - before
            if wakeups == 0:
                break
        verdict(f"wake-ups in {seconds} idle seconds", wakeups, 0, "")
        daemon.stop()


def idle_connections(bin_dir, count):
    with tempfile.TemporaryDirectory(prefix="blp") as directory:
        daemon = Daemon(bin_dir, directory, "--connections-max", str(count))
        clients = []
        for _ in range(count):
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            client.connect(daemon.path)
            clients.append(client)
        # Connecting succeeds when the kernel queues it; they count once the daemon holds a descriptor for each.
        deadline = time.monotonic() + 60
        while len(os.listdir(f"/proc/{daemon.process.pid}/fd")) < count:
            if time.monotonic() > deadline:
                sys.exit("the daemon did not accept all connections within 60 s")
        verdict(f"private memory with {count:,} idle connections", daemon.status("RssAnon") / KIB, 25, "MiB")
        for client in clients:
            client.close()
        daemon.stop()


def allocations(bin_dir, counter, *options):
    counts = {}
    for frames in (100_000, 1_000_000):
        with tempfile.TemporaryDirectory(prefix="blp") as directory:
            result = os.path.join(directory, "count")
            # The counter writes its file where the daemon may not.
            daemon = Daemon(
                bin_dir, directory, *options, "--no-sandbox", "landlock", env={"LD_PRELOAD": counter, "MALLOC_COUNT_FILE": result})
            send_frames(daemon.path, frames)
            daemon.stop()
            counts[frames] = int(open(result).read())
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bin_dir")
    parser.add_argument("--counter", required=True, help="the built malloc_count library")
    parser.add_argument("--idle-seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=10_000)
    options = parser.parse_args()

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = options.connections + 64
    if hard != resource.RLIM_INFINITY and hard < needed:
        options.connections = hard - 128
        print(f"      (only {options.connections:,} connections: the hard limit on descriptors is {hard:,})")
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(needed, hard) if hard != resource.RLIM_INFINITY else needed, hard))

    idle(options.bin_dir, options.idle_seconds)
    idle_connections(options.bin_dir, options.connections)
    # Nobody answers at port 1: the ring fills, and what frames cost shows without deliveries.
    # With a spool, jobs and their rows allocate: a hundredth of an allocation for a frame.
    for durability, overflow, limit in (("memory", "drop-newest", 1), ("memory", "drop-oldest", 1), ("spill", "drop-newest", 30)):
        counts = allocations(
            options.bin_dir, options.counter, "--http-url", "http://127.0.0.1:1/", "--durability", durability, "--overflow", overflow,
            "--drain-timeout", "100ms")
        print(f"      allocations, {durability}, {overflow}: {counts[100_000]:,} for 100,000 frames, {counts[1_000_000]:,} for 1,000,000")
        verdict(f"allocations per 1,000 frames, {durability}, {overflow}", (counts[1_000_000] - counts[100_000]) / 900, limit, "")
    # In memory, and none dropped: what a run puts into the spool depends on the speed of the machine, and costs another number.
    counts = allocations(
        options.bin_dir, options.counter, "--reporter", "file", "--file-path", "/dev/null", "--durability", "memory", "--overflow", "block")
    print(f"      allocations, delivering: {counts[100_000]:,} for 100,000 frames, {counts[1_000_000]:,} for 1,000,000")
    # About one request per 1,000 frames: these are the request's, not the frames'.
    verdict("allocations per 1,000 frames, deliveries included", (counts[1_000_000] - counts[100_000]) / 900, 100, "")
    sys.exit(1 if failed else 0)


main()
