"""How cost grows with connections, and with the logs of a message; the floor beside it."""

from ..flood import Load
from .ingest import measure_pair

CONNECTIONS = (1, 3, 10, 30, 100, 300, 1000)
LOGS = (1, 2, 5, 10, 20, 50, 100, 200)


def measure(bench):
    for _ in range(bench.plan.rounds):
        for connections in CONNECTIONS:
            measure_pair(bench, "connections", [Load(connections=connections, seconds=bench.plan.seconds)])
        for logs in LOGS:
            measure_pair(bench, "logs", [Load(logs=logs, seconds=bench.plan.seconds)])
