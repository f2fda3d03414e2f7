"""Where the daemon's processor time goes, by function (perf, a sample each half millisecond of it)."""

import os
import re
import shutil
import subprocess
import time

from ..flood import Load

SAMPLES_PER_SECOND = 1999
FUNCTIONS = 12
# perf takes a moment to begin.
SECONDS = 4.0
CASES = {"ingest": ("discard", Load()), "to coderd": ("coder", Load())}


class Profiler:
    """A program to start in place of the daemon: the daemon, with perf beside it on the other core."""

    def __init__(self, bench):
        directory = bench.new_directory()
        self.samples = os.path.join(directory, "samples")
        self.process_id = os.path.join(directory, "perf")
        self.daemon = os.path.join(directory, "daemon")
        other = f"taskset -c {bench.load_core} " if bench.load_core is not None else ""
        with open(self.daemon, "w") as file:
            # perf follows this shell's process, which becomes the daemon, and ends with it.
            file.write(
                f'#!/bin/sh\n{other}perf record -q -e cpu-clock -F {SAMPLES_PER_SECOND} -o "{self.samples}" -p $$ >/dev/null 2>&1 </dev/null &\n'
                f'echo $! > "{self.process_id}"\nexec "{bench.pinned_daemon}" "$@"\n')
        os.chmod(self.daemon, 0o700)

    def functions(self):
        """(share, name) of the heaviest, the heaviest first; empty when perf said nothing."""
        try:
            with open(self.process_id) as file:
                perf = int(file.read())
        except (OSError, ValueError):
            return []
        deadline = time.monotonic() + 20
        while os.path.exists(f"/proc/{perf}") and time.monotonic() < deadline:
            time.sleep(0.02)
        report = subprocess.run(
            ["perf", "report", "-i", self.samples, "--stdio", "--no-children", "-g", "none", "-F", "overhead,sym"], capture_output=True, text=True, check=False)
        return parse(demangle(report.stdout))[:FUNCTIONS]


def demangle(text):
    if not shutil.which("swift"):
        return text
    done = subprocess.run(["swift", "demangle", "--simplified"], input=text, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else text


def parse(report):
    """Of perf's report: `  12.34%  [.] name` or `[k] name`, the kernel's with `kernel: ` in front."""
    found = []
    for line in report.splitlines():
        match = re.match(r"\s*([\d.]+)%\s+\[(.)\]\s+(\S.*)", line)
        if match:
            share, side, name = match.groups()
            found.append((float(share) / 100, ("kernel: " if side == "k" else "") + name.strip()))
    return found


def measure(bench):
    if not shutil.which("perf"):
        bench.say("profile: there is no perf")
        return
    for name, (reporter, load) in CASES.items():
        load = load.but(seconds=SECONDS)
        profiler = Profiler(bench)
        if reporter == "discard":
            bench.flood_discarding(load, program=profiler.daemon)
        else:
            bench.flood_through(reporter, load, program=profiler.daemon)
        functions = profiler.functions()
        if not functions:
            bench.say(f"profile, {name}: perf cannot sample here")
        for share, function in functions:
            bench.results.add("profile", f"{name}: {function}", {"share": share, "load": name, "function": function})
        for share, function in functions[:5]:
            bench.say(f"profile, {name}: {share * 100:4.1f} %  {function[:120]}")
