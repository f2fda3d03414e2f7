import unittest

from ..sections.through import hold


class HoldTest(unittest.TestCase):
    def hold(self, most, asked=1_000_000):
        """Where only what is at most `most` keeps pace: the runs that count, and all rates that were tried."""
        tried = []

        def measure(rate):
            tried.append(rate)
            return {"kept_pace": rate <= most, "asked": rate}

        return hold(measure, asked, 3), tried

    def test_a_rate_that_holds_is_measured_and_that_is_all(self):
        runs, tried = self.hold(most=2_000_000)
        self.assertEqual([run["asked"] for run in runs], [950_000] * 3)
        self.assertEqual(len(tried), 3)

    def test_one_that_falls_behind_is_given_up_for_less(self):
        runs, tried = self.hold(most=880_000)
        self.assertEqual(tried, [950_000, 874_000, 874_000, 874_000])
        self.assertEqual([run["asked"] for run in runs], [874_000] * 3)

    def test_it_ends_when_nothing_holds(self):
        runs, tried = self.hold(most=0)
        self.assertEqual(len(tried), 6)
        self.assertFalse(runs[-1]["kept_pace"])

    def test_full_speed_has_no_less(self):
        self.assertEqual(len(self.hold(most=0, asked=0)[0]), 3)
        self.assertEqual(len(self.hold(most=-1, asked=0)[1]), 1)
