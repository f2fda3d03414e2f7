"""What all sections share: the programs, the cores, the plan, the results; and how a daemon or the drain is flooded once."""

import json
import os
import resource
import tempfile
import time
from dataclasses import dataclass

from . import flood, processes
from .processes import BenchError, Server
from .results import Results


@dataclass(frozen=True)
class Plan:
    """How often and how long things are measured. `seconds` are those of one run at full speed."""

    rounds: int = 3
    target_rounds: int = 7
    seconds: float = 0.7
    through_rounds: int = 3
    through_seconds: float = 2.0
    search_seconds: float = 1.5
    search_steps: int = 6
    confirmations: int = 3
    latency_seconds: float = 8.0
    idle_seconds: int = 10
    memory_seconds: float = 4.0

    @classmethod
    def quick(cls):
        return cls(
            rounds=1, target_rounds=3, seconds=0.3, through_rounds=1, through_seconds=1.0, search_seconds=0.7, search_steps=4,
            confirmations=1, latency_seconds=2.0, idle_seconds=3, memory_seconds=1.5)


class Bench:
    def __init__(self, bin_dir, drain, stand_in, plan):
        self.daemon = os.path.join(bin_dir, "boundary-log-proxy")
        self.flood = os.path.join(bin_dir, "boundary-flood")
        self.drain = drain
        self.stand_in = stand_in
        self.plan = plan
        self.results = Results()
        self.began = time.monotonic()
        cores = sorted(os.sched_getaffinity(0))
        # What is measured has a core to itself, all else the next one.
        self.server_core, self.load_core = (cores[0], cores[1]) if len(cores) > 1 else (None, None)
        self._directory = tempfile.TemporaryDirectory(prefix="bench")
        self.directory = self._directory.name
        self._directories = 0
        self.pinned_daemon = self._write_pinned_daemon()

    def close(self):
        processes.end_all()
        self._directory.cleanup()

    def minutes(self):
        return (time.monotonic() - self.began) / 60

    def say(self, text):
        seconds = self.minutes() * 60
        print(f"{int(seconds // 60):3d}:{int(seconds % 60):02d}  {text}", flush=True)

    def complain(self, text):
        self.results.complaints.append(text)
        self.say(f"NOT RIGHT: {text}")

    def new_directory(self):
        """Short: sockets lie in it."""
        self._directories += 1
        path = os.path.join(self.directory, str(self._directories))
        os.mkdir(path)
        return path

    def _write_pinned_daemon(self):
        """What the flood starts as its daemon: ours, on the core that is its own."""
        path = os.path.join(self.directory, "daemon")
        pin = f"taskset -c {self.server_core} " if self.server_core is not None else ""
        with open(path, "w") as file:
            file.write(f'#!/bin/sh\nexec {pin}"{self.daemon}" "$@"\n')
        os.chmod(path, 0o700)
        return path

    # Servers that are flooded, one at a time

    def start_drain(self):
        path = os.path.join(self.new_directory(), "s")
        return Server([self.drain, path], path, self.server_core)

    def start_daemon(self, *options, program=None):
        directory = self.new_directory()
        path = os.path.join(directory, "s")
        words = [program or self.daemon, "serve", "--socket", path, "--spool-dir", os.path.join(directory, "spool"), "--log-format", "json", *options]
        return Server(words, path, self.server_core)

    def flood_server(self, server, load, quiet_seconds=0.03):
        """Floods it and ends it. Returns the figures, and what the server said. `quiet_seconds`: longer than it may wait with what it has, where that counts."""
        server.settle()
        before = server.processor_seconds()
        said = flood.run(self.flood, self.load_core, ["--socket", server.path, *load.arguments()])
        server.settle(quiet_seconds)
        seconds = server.processor_seconds() - before
        messages = server.stop()
        if not said["ok"] or said["sent"] == 0:
            raise BenchError(f"the flood of {server.path} failed: {messages.strip()[-400:]}")
        return {
            "cpu": seconds / said["sent"] * 1e6,
            "cpu_message": seconds / said["messages"] * 1e6,
            "logs_per_second": said["sent_per_second"],
            "megabytes_per_second": said["megabytes_per_second"],
            "share": seconds / said["send_seconds"],
            "sent": said["sent"],
        }, messages

    def flood_drain(self, load):
        return self.flood_server(self.start_drain(), load)[0]

    def flood_discarding(self, load, *options, program=None):
        """The daemon in its default configuration, but that it delivers to nobody, at once. All that was sent must be in its books:
        as delivered, or dropped because clients wrote more at once than its buffer holds (`dropped`, a share)."""
        server = self.start_daemon("--reporter", "discard", "--in-flight-max", "64", *options, program=program)
        figures, messages = self.flood_server(server, load)
        ledger = final_ledger(messages)
        received, delivered, spooled = (ledger.get(f"logs_{name}", 0) for name in ("received", "delivered", "spooled"))
        dropped = dropped_logs(ledger)
        if received != figures["sent"] or received != delivered + spooled + dropped:
            self.complain(
                f"ingest, {load}: {figures['sent']:,} logs sent, {received:,} received, {delivered:,} delivered, {spooled:,} in the spool, {dropped:,} dropped")
        figures["dropped"] = dropped / figures["sent"]
        return figures

    # A daemon, with a sink, of the flood's own

    def flood_through(self, reporter, load, *options, program=None, is_cut_short=False):
        """To the flood's HTTP sink or the stand-in for coderd. Returns what the flood says, and figures from it.

        `is_cut_short`: the daemon is not given the time to deliver what is left, so that a request may be recorded whose answer it did not wait for; the
        flood's verdict, which has no room for that, is not asked then.
        """
        words = ["--reporter", reporter, "--daemon", program or self.pinned_daemon, *load.arguments(), *options]
        if reporter == "coder":
            words[:0] = ["--coder-stand-in", self.stand_in]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        said = flood.run(self.flood, self.load_core, words)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if not is_cut_short and (said["exit_status"] != 0 or not said["ok"]):
            self.complain(f"{reporter}, {load} {' '.join(options)}: {'; '.join(said.get('failures') or ['the flood failed'])}")
        said["figures"] = through_figures(said, load)
        # The flood, its sink and the daemon are over: what is not the daemon's was spent on the load's core.
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime - said["daemon_cpu_seconds"]
        said["figures"]["load_share"] = min(1.0, spent / max(1e-9, said["send_seconds"], said["delivery_seconds"]))
        return said


def through_figures(said, load):
    """Of a flood with a daemon of its own. `cpu`: processor seconds per million logs that were sent, without the daemon's start.

    Up to 20,000 logs/s without its end, too, of which a run that short has too much; above, with it: what is delivered then belongs to the flood.
    """
    sent = max(1, said["sent"])
    until_end = said["daemon_cpu_seconds"] - said["daemon_cpu_seconds_start"]
    seconds = said["daemon_cpu_seconds_sending"] if 0 < load.rate <= 20_000 else until_end
    return {
        "cpu": seconds / sent * 1e6,
        "logs_per_second": said["sent_per_second"],
        "delivered_per_second": said["delivered_per_second"],
        "share": said["daemon_cpu_seconds_sending"] / max(1e-9, said["send_seconds"]),
        "p50": said["latency_p50_us"],
        "p99": said["latency_p99_us"],
        "p999": said["latency_p999_us"],
        "private": said["daemon_private_peak_bytes"],
        "dropped": said["dropped"],
    }


def keeps_pace(said, load):
    """Nothing dropped, nothing left behind in memory or on the disk: the last log arrived at most 0.2 s, and 5 %, after it was sent."""
    return (
        said["ok"] and said["dropped"] == 0 and said["lost"] == 0 and said["spooled"] == 0
        and said["delivery_seconds"] <= said["send_seconds"] * 1.05 + 0.2
    )


def dropped_logs(ledger):
    return sum(count for name, count in ledger.items() if name.startswith("logs_dropped_"))


def final_ledger(messages):
    """The whole numbers of the daemon's books as it wrote them when it ended (--log-format json, which has them as text); empty when it did not."""
    for line in reversed(messages.splitlines()):
        if '"final ledger"' in line:
            try:
                return {name: int(value) for name, value in json.loads(line).items() if str(value).isdigit()}
            except ValueError:
                break
    return {}
