import os
import tempfile
import unittest

from bench import tables, targets
from bench.flood import Load
from bench.results import Results

from . import example


def verdicts(results):
    return [row.is_met for row in targets.rows(results)]


class Targets(unittest.TestCase):
    def setUp(self):
        self.results = example.results()

    def not_met(self):
        return [row.what for row in targets.rows(self.results) if not row.is_met]

    def replace(self, section, case, **changes):
        self.results._cases[section][case] = [dict(run, **changes) for run in self.results.runs(section, case)]

    def test_all_is_met(self):
        self.assertEqual(self.not_met(), [])
        self.assertEqual(len(verdicts(self.results)), 16)

    def test_nothing_is_measured(self):
        self.assertEqual(set(verdicts(Results())), {None})

    def test_ingest_is_held_against_the_floor_of_the_same_round(self):
        row = targets.ingest(self.results)
        self.assertEqual(row.floor, "1.25 (1.25 to 1.25)")
        self.replace("target", f"daemon {Load().case}", cpu=0.4)
        self.assertIn("ingest", self.not_met()[0])

    def test_a_lower_rate_will_do_where_the_load_has_no_more(self):
        self.replace("through", "coder highest", logs_per_second=500_000)
        self.assertEqual(len(self.not_met()), 1)
        self.replace("through", "coder highest", load_share=0.97)
        self.assertEqual(self.not_met(), [])
        self.replace("through", "coder highest", kept_pace=False)
        self.assertEqual(len(self.not_met()), 1)

    def test_a_loss_is_a_loss(self):
        self.replace("through", "coder highest", dropped=1)
        self.assertEqual(len(self.not_met()), 1)

    def test_each_limit(self):
        for section, case, changes in [
            ("through", "coder highest", {"cpu": 0.41}), ("through", "http highest", {"cpu": 0.31}), ("through", "coder 20000", {"cpu": 2.1}),
            ("sync", "coder full", {"cpu": 0.81}), ("sync", "http full", {"delivered_per_second": 299_000}), ("latency", "default", {"p99": 105_001}),
            ("latency", "flush-interval 0", {"p50": 701}), ("latency", "lone", {"p50": 1001}), ("memory", "http, some", {"private": (22 << 20) + 1}),
            ("otlp", "otlp 20000", {"cpu": 1.3}), ("idle", "0 connections", {"wake_ups": 1}), ("idle", "0 connections", {"private": (4 << 20) + 1}),
            ("micro", "scan-150, instructions/log", {"value": 501}),
        ]:
            self.setUp()
            self.replace(section, case, **changes)
            self.assertEqual(len(self.not_met()), 1, (case, changes))


class Tables(unittest.TestCase):
    def test_every_table_of_a_whole_run(self):
        results = example.results()
        for name, make in tables.PLACES.items():
            text = make(results)
            rows = [line for line in text.splitlines() if line.startswith("|")]
            self.assertGreater(len(rows), 2, name)
            if name != "growth":
                self.assertEqual(len({line.count("|") for line in rows}), 1, name)
            self.assertNotIn("None", text, name)

    def test_a_run_of_a_part_has_its_tables_too(self):
        results = Results(dict(example.ABOUT))
        results.add("latency", "lone", example.went_through(1, 30))
        for name, make in tables.PLACES.items():
            self.assertIsInstance(make(results), str, name)
        self.assertIn("0.400 ms", tables.latency_table(results))

    def test_the_matrix_has_a_row_for_each_cell(self):
        self.assertEqual(len(tables.ingest_table(example.results()).splitlines()), 2 + 36)

    def test_what_went_wrong_is_shown(self):
        results = example.results()
        results.complaints.append("a log was lost")
        self.assertIn("- a log was lost", tables.run(results))

    def test_results_are_the_same_after_a_file(self):
        results = example.results()
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "new", "results.json")
            results.save(path)
            loaded = Results.load(path)
        for make in tables.PLACES.values():
            self.assertEqual(make(loaded), make(results))
