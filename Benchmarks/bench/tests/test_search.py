import unittest

from bench.search import Attempt, Found, highest_rate


class Proxy:
    """Keeps pace up to `capacity`; its load cannot send more than `load`. Fails at the attempts whose numbers are given."""

    def __init__(self, capacity, load, failures=()):
        self.capacity, self.load, self.failures = capacity, load, failures
        self.asked = []

    def __call__(self, asked):
        self.asked.append(asked)
        rate = min(asked or self.load, self.load)
        return Attempt(rate, rate <= self.capacity and len(self.asked) not in self.failures)


class Search(unittest.TestCase):
    def test_full_speed_is_the_answer_when_nothing_is_lost_at_it(self):
        proxy = Proxy(capacity=2_000_000, load=800_000)
        self.assertEqual(highest_rate(proxy, 100_000, 6, 3), Found(800_000, 0))
        self.assertEqual(proxy.asked, [0, 0, 0])

    def test_comes_close_to_the_capacity_from_below(self):
        for capacity in (120_000, 333_333, 790_000):
            proxy = Proxy(capacity, load=1_500_000)
            found = highest_rate(proxy, 100_000, 8, 3)
            self.assertLessEqual(found.rate, capacity)
            self.assertGreater(found.rate, capacity * 0.9)
            self.assertEqual(proxy.asked[-3:], [found.asked] * 3)

    def test_one_good_full_speed_is_not_enough(self):
        proxy = Proxy(capacity=900_000, load=800_000, failures=(2,))
        self.assertGreater(highest_rate(proxy, 100_000, 8, 3).rate, 700_000)
        self.assertNotEqual(proxy.asked[-1], 0)

    def test_what_is_not_confirmed_is_taken_back(self):
        free = Proxy(capacity=400_000, load=1_000_000)
        asked = highest_rate(free, 100_000, 4, 2).asked
        last = len(free.asked)
        self.assertEqual(highest_rate(Proxy(400_000, 1_000_000, failures=(last,)), 100_000, 4, 2).asked, asked)
        self.assertEqual(highest_rate(Proxy(400_000, 1_000_000, failures=(last, last + 1)), 100_000, 4, 2).asked, round(asked * 0.95))

    def test_below_the_expected(self):
        found = highest_rate(Proxy(capacity=60_000, load=900_000), 100_000, 6, 2)
        self.assertLessEqual(found.rate, 60_000)
        self.assertGreater(found.rate, 55_000)

    def test_nothing_is_good(self):
        self.assertIsNone(highest_rate(Proxy(capacity=1_000, load=900_000), 100_000, 6, 2))

    def test_a_load_that_does_not_come_up_to_what_is_asked_is_no_proof(self):
        # Full speed fails by bad luck; rates above what the load can send must not count as reached.
        found = highest_rate(Proxy(capacity=900_000, load=500_000, failures=(1,)), 100_000, 8, 2)
        self.assertLessEqual(found.asked, 520_000)
