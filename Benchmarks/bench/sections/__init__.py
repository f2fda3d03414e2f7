"""One module for each section: `measure(bench)` fills the results."""

from . import growth, idle, ingest, latency, memory, micro, otlp, profile, sync, through

# In the order in which they are measured.
ALL = {
    "ingest": ingest,
    "growth": growth,
    "through": through,
    "otlp": otlp,
    "sync": sync,
    "latency": latency,
    "memory": memory,
    "idle": idle,
    "micro": micro,
    "profile": profile,
}
