"""Results as a run leaves them, small, with every figure as it must be."""

from bench.flood import Load
from bench.results import Results
from bench.sections import growth, ingest, otlp, through

ABOUT = {
    "date": "2026-01-01 00:00 UTC", "commit": "0123456789ab", "processor": "a processor", "cores": 2, "memory_gib": 8, "kernel": "6.1", "system": "Debian",
    "spool_file_system": "ext4", "command": "scripts/bench", "minutes": 12.3,
}


def ingested(cpu):
    return {"cpu": cpu, "cpu_message": cpu * 10, "logs_per_second": 1e6, "megabytes_per_second": 120, "share": 0.4, "sent": 1000, "dropped": 0}


def went_through(cpu, rate, **changes):
    return {
        "cpu": cpu, "logs_per_second": rate, "delivered_per_second": rate, "share": 0.3, "load_share": 0.7, "p50": 400, "p99": 900, "p999": 2000,
        "private": 9 << 20, "dropped": 0, "kept_pace": True, "asked": rate, "written_per_log": 200, **changes,
    }


def results():
    made = Results(dict(ABOUT))
    loads = [("target", Load())] + [("ingest", load) for loads in ingest.matrix(1) for load in loads]
    loads += [("ceiling", load) for load in ingest.CEILING]
    loads += [("connections", Load(connections=count)) for count in growth.CONNECTIONS] + [("logs", Load(logs=count)) for count in growth.LOGS]
    for section, load in loads:
        for noise in (1, 1.5, 1.1):
            made.add(section, f"floor {load.case}", ingested(0.2 * noise))
            made.add(section, f"daemon {load.case}", ingested(0.25 * noise))
    for reporter in through.REPORTERS:
        for rate in through.RATES:
            made.add("through", f"{reporter} {rate}", went_through(1.5, rate))
        made.add("through", f"{reporter} highest", went_through(0.25, 700_000))
        made.add("sync", f"{reporter} full", went_through(0.7, 400_000))
        made.add("sync", f"{reporter} 20000", went_through(3, 20_000))
    for rate in otlp.RATES:
        for noise in (1, 1.5, 1.1):
            made.add("otlp", f"http {rate}", ingested(0.4 * noise))
            made.add("otlp", f"otlp {rate}", ingested(0.7 * noise))
    for case in ("default", "flush-interval 0", "lone"):
        made.add("latency", case, went_through(1, 1000))
    made.add("memory", "http, some", {"private": 20 << 20, "resident": 30 << 20, "idle": 3 << 20})
    for case in ("0 connections", "100 connections"):
        made.add("idle", case, {"private": 3 << 20, "wake_ups": 0, "seconds": 10})
    for unit, value in (("allocations/1,000 logs", 0), ("instructions/log", 420)):
        made.add("micro", f"scan-150, {unit}", {"name": "scan-150", "unit": unit, "value": value, "threshold": value})
    for share, function in ((0.4, "BoundaryScan.scan(_:)"), (0.1, "kernel: copy")):
        made.add("profile", f"ingest: {function}", {"share": share, "load": "ingest", "function": function})
    return made
