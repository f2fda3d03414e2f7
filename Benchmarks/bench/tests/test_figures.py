import unittest

from bench.figures import Summary, mebibytes, milliseconds, number, overall_slope, ratios, spread, steepest_slope


class Figures(unittest.TestCase):
    def test_a_summary_is_the_median_and_the_extremes(self):
        self.assertEqual(Summary.of([5, 1, 3]), Summary(3, 1, 5, 3))
        self.assertEqual(Summary.of([4, 2]).median, 3)
        with self.assertRaises(ValueError):
            Summary.of([])

    def test_one_slow_run_does_not_move_the_median(self):
        self.assertEqual(Summary.of([1.0, 1.0, 90.0]).median, 1.0)

    def test_ratios_are_round_by_round(self):
        self.assertEqual(ratios([2, 6, 5], [1, 2]), [2, 3])
        self.assertEqual(ratios([2, 6], [0, 3]), [2])

    def test_slopes(self):
        proportional = [(1, 2), (10, 20), (100, 200)]
        self.assertAlmostEqual(steepest_slope(proportional), 1)
        self.assertAlmostEqual(overall_slope(proportional), 1)
        self.assertAlmostEqual(steepest_slope([(100, 5), (1, 5), (10, 500)]), 2)
        self.assertAlmostEqual(overall_slope([(1, 7), (10, 7), (100, 7)]), 0)
        self.assertEqual(steepest_slope([(1, 1)]), 0)
        self.assertEqual(overall_slope([(1, 1)]), 0)

    def test_numbers_have_three_digits(self):
        for value, text in [
            (0, "0"), (0.01234, "0.0123"), (1.2345, "1.23"), (12.345, "12.3"), (123.45, "123"), (1234.5, "1,230"), (1_234_567, "1,230,000"),
            (-1.2345, "-1.23"), (None, "-"), (float("nan"), "-"),
        ]:
            self.assertEqual(number(value), text)

    def test_units(self):
        self.assertEqual(mebibytes(22 << 20), "22.0 MiB")
        self.assertEqual(milliseconds(1234), "1.23 ms")
        self.assertEqual(spread(Summary.of([1, 2, 3]), "s"), "2.00 (1.00 to 3.00) s")
        self.assertEqual(spread(Summary.of([1])), "1.00")
