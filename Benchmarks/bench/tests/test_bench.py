import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from bench import processes
from bench.bench import dropped_logs, final_ledger, keeps_pace, through_figures
from bench.flood import Load
from bench.sections import profile

SAID = {
    "ok": True, "sent": 1_000_000, "dropped": 0, "lost": 0, "spooled": 0, "send_seconds": 2.0, "delivery_seconds": 2.1, "sent_per_second": 5e5,
    "delivered_per_second": 4.9e5, "daemon_cpu_seconds": 0.5, "daemon_cpu_seconds_start": 0.1, "daemon_cpu_seconds_sending": 0.3,
    "latency_p50_us": 1, "latency_p99_us": 2, "latency_p999_us": 3, "daemon_private_peak_bytes": 4,
}


class Floods(unittest.TestCase):
    def test_the_start_of_the_daemon_is_nobodys_cost(self):
        self.assertAlmostEqual(through_figures(SAID, Load())["cpu"], 0.4)

    def test_at_moderate_rates_nor_is_its_end(self):
        self.assertAlmostEqual(through_figures(SAID, Load(rate=20_000))["cpu"], 0.3)
        self.assertAlmostEqual(through_figures(SAID, Load(rate=200_000))["cpu"], 0.4)

    def test_keeping_pace(self):
        self.assertTrue(keeps_pace(SAID, Load()))
        for change in ({"ok": False}, {"dropped": 1}, {"lost": 1}, {"spooled": 1}, {"delivery_seconds": 2.4}):
            self.assertFalse(keeps_pace({**SAID, **change}, Load()), change)

    def test_the_last_ledger_counts(self):
        lines = '{"message":"listening"}\n{"message":"final ledger","logs_received":"1"}\n{"message":"final ledger","logs_received":"12","level":"info"}\nend'
        self.assertEqual(final_ledger(lines), {"logs_received": 12})
        self.assertEqual(final_ledger("nothing"), {})
        self.assertEqual(dropped_logs({"logs_dropped_a": 2, "logs_dropped_b": 3, "logs_received": 9, "batches_dropped_a": 1}), 5)

    def test_what_perf_says(self):
        report = "# Overhead  Symbol\n#\n    41.20%  [.] static A.b(_: Int) -> ()\n     3.00%  [k] copy\n\n"
        self.assertEqual([name for _, name in profile.parse(report)], ["static A.b(_: Int) -> ()", "kernel: copy"])
        self.assertAlmostEqual(profile.parse(report)[0][0], 0.412)

    def test_a_load_as_arguments(self):
        words = Load(connections=3, logs=20, tag=1, writes=1, rate=50, seconds=0.25).arguments()
        self.assertEqual(words[words.index("--duration") + 1], "250ms")
        self.assertEqual(words[words.index("--tag") + 1], "1")
        self.assertEqual(Load(rate=5, seconds=9).case, Load().case)


class Processes(unittest.TestCase):
    def server(self, program):
        return processes.Server([sys.executable, "-c", program], "", None)

    def test_a_server_from_its_start_to_its_end(self):
        server = self.server("import sys, signal\nprint('listening', file=sys.stderr, flush=True)\nsignal.pause()")
        self.assertGreater(server.processor_seconds(), 0)
        self.assertGreater(server.private_bytes(), 0)
        server.settle(quiet_seconds=0.001)
        self.assertIn("listening", server.stop())
        self.assertNotIn(server.process, processes._running)

    def test_a_server_that_does_not_start_is_told_in_its_words(self):
        with self.assertRaisesRegex(processes.BenchError, "no such luck"):
            self.server("raise SystemExit('no such luck')")
        processes.end_all()

    def test_the_clock_of_another_process_runs_as_ours(self):
        before = time.process_time()
        self.assertGreaterEqual(processes.processor_seconds(os.getpid()) - before, 0)

    def test_all_that_was_started_ends(self):
        process = processes.start([sys.executable, "-c", "import signal; signal.pause()"], None)
        processes.end_all()
        self.assertEqual(process.returncode, -signal.SIGTERM)

    def test_the_drain_reads_all_that_is_sent(self):
        with tempfile.TemporaryDirectory(prefix="bench") as directory:
            drain = os.path.join(directory, "drain")
            source = os.path.join(os.path.dirname(__file__), "..", "..", "drain.c")
            subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-o", drain, source], check=True)
            path = os.path.join(directory, "s")
            server = processes.Server([drain, path], path, None)
            for count in (1, 200_000):
                with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
                    client.connect(path)
                    client.sendall(b"x" * count)
                    # It hangs up when it has read the end, so all of it.
                    client.shutdown(socket.SHUT_WR)
                    self.assertEqual(client.recv(1), b"")
            self.assertIn("bytes 200001", server.stop())
            self.assertFalse(os.path.exists(path))
