"""Tokens, and a daemon that goes away."""
import tempfile

from selenium.webdriver.common.keys import Keys

from . import wire
from .browser import Page
from .case import PageCase
from .relay import Relay

# Chromium says these itself of a request that fails, whatever a page does about it.
FAILED = ("Failed to load resource",)


class ConnectionTest(PageCase):
    def test_the_token_is_taken_out_of_the_address(self):
        daemon = self.start()
        page = self.open(daemon)
        self.assertEqual(page.driver.current_url, daemon.url)
        page.driver.refresh()
        page.wait_live()
        self.no_problems(page)

    def test_without_a_token_it_is_asked_for(self):
        daemon = self.start()
        page = Page(daemon.url)
        page.wait(lambda: page.is_shown("#token-field") and page.focused() == "token-field", "the field")
        self.assertEqual(page.run("return document.getElementById('link').dataset.link"), "refused")
        page.press("not-the-token", Keys.ENTER)
        page.wait(lambda: "does not take this token" in page.text("#token-wrong"), "the refusal")
        self.assertIsNone(page.run("return figures"))
        # The whole address may be pasted, too.
        page.press(daemon.page, Keys.ENTER)
        page.wait_live()
        page.wait_state("ok", "Ready")
        self.assertFalse(page.is_shown("#token"))
        self.no_problems(page, but=FAILED)

    def test_a_new_daemon_wants_its_own_token(self):
        first = self.start()
        page = self.open(first)
        port = first.address.rsplit(":", 1)[1]
        first.stop()
        page.wait_state("lost", "No connection to the daemon")
        self.assertTrue(page.is_shown("#again"))
        second = self.start(status=f"127.0.0.1:{port}")
        self.assertNotEqual(first.token, second.token)
        page.wait(lambda: page.is_shown("#token-field") and page.focused() == "token-field", "the field")
        page.press(second.token, Keys.ENTER)
        page.wait_live()
        self.no_problems(page, but=FAILED)

    def test_it_finds_the_daemon_again_by_itself(self):
        directory = tempfile.mkdtemp(prefix="blp", dir="/tmp")
        first = self.start(status=f"unix:{directory}/status", directory=directory)
        relay = Relay(f"{directory}/status")
        self.addCleanup(relay.close)
        # No token on a Unix socket.
        page = Page(relay.url)
        page.wait_live()
        with first.client() as client:
            client.send(wire.log("https://example.com/before"), session="s", process="p")
            page.wait(lambda: page.urls() == ["https://example.com/before"] and page.ledger()["logs.received"] == 1, "the first row, and its figures")
        started = page.run("return figures.started")
        first.stop()
        state = page.wait_state("lost", "No connection to the daemon")
        self.assertIn("What is shown is from", state[2])
        self.assertIn("Trying again", state[2])
        self.assertIn("No connection", page.driver.title)
        # What was last known stays to be read.
        self.assertEqual(page.ledger()["logs.received"], 1)
        second = self.start(status=f"unix:{directory}/status", directory=directory)
        page.wait_live()
        page.wait(lambda: page.run("return figures.started") != started, "the new daemon's figures")
        page.wait_state("ok", "Ready")
        self.assertEqual(page.ledger()["logs.received"], 0)
        with second.client() as client:
            client.send(wire.log("https://example.com/after"), session="s", process="p")
            page.wait(lambda: page.urls() == ["https://example.com/after", "https://example.com/before"], "the second row")
        notes = [row[0] for row in page.rows() if len(row) == 1]
        self.assertTrue(any("no connection" in note for note in notes), notes)
        self.assertTrue(any("started anew" in note for note in notes), notes)
        # Two lines with a gap between them, and not one across it.
        page.wait(lambda: page.run("return document.querySelector('#queue .area').getAttribute('d').split('M').length - 1") == 2, "the gap")
        self.no_problems(page, but=FAILED)
