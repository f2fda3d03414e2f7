"""The load: boundary-flood (Sources/Flood), as a process of its own on the second core."""

import json
import subprocess
from dataclasses import dataclass, replace

from . import processes
from .processes import BenchError


@dataclass(frozen=True)
class Load:
    """What the clients do. `rate` is in logs/s over all clients, 0 is full speed; `seconds` is how long they send."""

    connections: int = 8
    logs: int = 10
    tag: int = 2
    writes: int = 2
    rate: int = 0
    seconds: float = 1.0
    # More than 1: laid into one write (--frames-per-write), with which the clients can send more than a proxy can take.
    frames: int = 1

    def arguments(self):
        words = [
            "--connections", self.connections, "--logs-per-message", self.logs, "--tag", self.tag, "--writes", self.writes,
            "--rate", self.rate, "--duration", f"{self.seconds * 1000:.0f}ms",
        ]
        if self.frames > 1:
            words += ["--frames-per-write", self.frames]
        return [str(word) for word in words]

    def but(self, **changes):
        return replace(self, **changes)

    @property
    def case(self):
        """Its place in the results; the duration is none of it."""
        return f"{self.connections}c {self.logs}l tag{self.tag} {self.writes}w" + (f" {self.frames}f" if self.frames > 1 else "")

    def __str__(self):
        writes = f"{self.frames} messages in a write" if self.frames > 1 else f"{self.writes} write{'s' if self.writes > 1 else ''}"
        return f"{self.connections} connections, {self.logs} logs a message, tag {self.tag}, {writes}" + (f", {self.rate:,} logs/s" if self.rate else "")


def run(program, core, arguments, patience_seconds=120):
    """Runs the flood to its end. Returns what it says (`boundary-flood --help`: names in --json), with `exit_status`."""
    process = processes.start(
        [program, "--json", "--quiet", *arguments], core, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        output, complaints = process.communicate(timeout=patience_seconds)
    except subprocess.TimeoutExpired:
        raise BenchError(f"the flood did not end within {patience_seconds} s: {' '.join(arguments)}") from None
    finally:
        status = processes.end(process)
    try:
        said = json.loads(output)
    except ValueError:
        raise BenchError(f"the flood could not be run: {complaints.decode(errors='replace').strip()}") from None
    said["exit_status"] = status
    return said
