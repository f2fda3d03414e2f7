"""Processes that the bench starts: pinned to a core, looked at through /proc, and ended with it, by their ids."""

import ctypes
import os
import select
import signal
import subprocess
import time

# Of prctl(2): the child gets this signal when its parent is gone, however that ended.
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)

# Of a server to say that it listens, and of a process to end by itself.
START_SECONDS = 60
END_SECONDS = 20

_running = []


class BenchError(Exception):
    """What makes the run impossible, in words for the user."""


def start(words, core, **streams):
    """A process of a group of its own (Ctrl-C is the bench's to handle) on one core; None leaves it free."""

    def prepare():
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if core is not None:
            os.sched_setaffinity(0, {core})

    try:
        process = subprocess.Popen(words, preexec_fn=prepare, process_group=0, **streams)
    except OSError as error:
        raise BenchError(f"cannot start {words[0]}: {error.strerror}") from error
    _running.append(process)
    return process


def end(process, ask=signal.SIGTERM):
    """Asks it to end, and waits; one that does not is killed. Returns its exit status."""
    if process.poll() is None:
        process.send_signal(ask)
    try:
        status = process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        status = process.wait()
    if process in _running:
        _running.remove(process)
    return status


def end_all():
    """All that still run, the last first; for the end of a run that was broken off."""
    for process in reversed(list(_running)):
        end(process)
        for stream in (process.stdout, process.stderr, process.stdin):
            if stream:
                stream.close()


def processor_seconds(process_id):
    """User and system time of all threads of a process, to the nanosecond: clock_getcpuclockid(3), which Python has for threads only."""
    return time.clock_gettime((~process_id << 3) | 2)


def status_number(process_id, field, task=None):
    path = f"/proc/{process_id}/status" if task is None else f"/proc/{process_id}/task/{task}/status"
    with open(path) as lines:
        for line in lines:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    raise BenchError(f"{path} has no {field}")


class Server:
    """A process that says on standard error that it listens: the daemon, or the drain."""

    def __init__(self, words, path, core):
        self.path = path
        self.process = start(words, core, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.messages = b""
        ready = select.poll()
        ready.register(self.process.stderr, select.POLLIN)
        while b"listening" not in self.messages:
            if not ready.poll(START_SECONDS * 1000):
                raise BenchError(f"{words[0]} did not start within {START_SECONDS} s")
            chunk = os.read(self.process.stderr.fileno(), 65536)
            if not chunk:
                raise BenchError(f"{words[0]} did not start: {self.messages.decode(errors='replace').strip()}")
            self.messages += chunk

    @property
    def process_id(self):
        return self.process.pid

    def processor_seconds(self):
        return processor_seconds(self.process_id)

    def private_bytes(self):
        return status_number(self.process_id, "RssAnon") * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process_id}/fd"))

    def wake_ups(self):
        """Times that one of its threads began to wait, since its start."""
        tasks = os.listdir(f"/proc/{self.process_id}/task")
        return sum(status_number(self.process_id, "voluntary_ctxt_switches", task) for task in tasks)

    def settle(self, quiet_seconds=0.03, patience_seconds=20):
        """Waits until it has used no processor time for a while, so that the work that it was given is done."""
        deadline = time.monotonic() + patience_seconds
        before = None
        while time.monotonic() < deadline:
            now = self.processor_seconds()
            if now == before:
                return
            before = now
            time.sleep(quiet_seconds)

    def stop(self):
        """Ends it and returns all that it said."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        while chunk := os.read(self.process.stderr.fileno(), 65536):
            self.messages += chunk
        end(self.process)
        self.process.stderr.close()
        return self.messages.decode(errors="replace")
