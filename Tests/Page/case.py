import unittest

from .browser import Page
from .daemon import Daemon


class PageCase(unittest.TestCase):
    """A test with daemons that end with it."""

    longMessage = True

    def start(self, *arguments, **named):
        daemon = Daemon(*arguments, **named)
        self.addCleanup(daemon.kill)
        return daemon

    def open(self, daemon, **named):
        page = Page(daemon.page, **named)
        page.wait_live()
        return page

    def no_problems(self, page, *, but=()):
        self.assertEqual(page.problems(but=but), [])
