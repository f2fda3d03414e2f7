"""Where and on what a run was made."""

import datetime
import os
import platform
import subprocess


def _first(path, name, separator=":"):
    """The value of the first line that begins with `name`."""
    try:
        with open(path) as lines:
            for line in lines:
                if line.startswith(name):
                    return line.split(separator, 1)[1].strip().strip('"')
    except OSError:
        pass
    return "unknown"


def _output(*command, directory):
    try:
        return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def commit(root):
    """The short id, and whether something is not committed."""
    identity = _output("git", "rev-parse", "--short=12", "HEAD", directory=root)
    changes = _output("git", "status", "--porcelain", directory=root)
    return (identity or "unknown") + (" and changes that are not committed" if changes else "")


def file_system(path):
    return _output("stat", "-f", "-c", "%T", path, directory="/") or "unknown"


def describe(root, spool_directory):
    memory = int(_first("/proc/meminfo", "MemTotal").split()[0])
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(root),
        "processor": _first("/proc/cpuinfo", "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory / (1 << 20), 1),
        "kernel": platform.release(),
        "system": _first("/etc/os-release", "PRETTY_NAME", "="),
        "spool_file_system": file_system(spool_directory),
    }
