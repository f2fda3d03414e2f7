"""What the page says of the proxy is what the proxy says, and what was sent to it."""
from selenium.webdriver.common.keys import Keys

from . import wire
from .case import PageCase
from .sink import Sink


def ledger_of(status):
    """The figures that the page has to show for a status, by unit and name."""
    figures = {}
    for unit, book in status["ledger"].items():
        dropped = sum(book["dropped"].values())
        came = book["received"] + book["recovered"]
        accounted = book["delivered"] + dropped + book["spooled"] + book["waiting"] + book["in_flight"]
        figures |= {f"{unit}.{name}": book[name] for name in ("received", "recovered", "delivered", "spooled", "waiting", "in_flight")}
        figures |= {f"{unit}.dropped.{reason}": count for reason, count in book["dropped"].items()}
        figures |= {f"{unit}.dropped": dropped, f"{unit}.came": came, f"{unit}.accounted": accounted, f"{unit}.difference": came - accounted}
    return figures


class FiguresTest(PageCase):
    def same_ledger(self, page, daemon):
        """Waits until page and /status show the same ledger, every figure of it, and gives the status."""
        def agree():
            status = daemon.status()
            return status if page.ledger() == ledger_of(status) else None

        return page.wait(agree, "page and /status to agree")

    def test_the_ledger_is_that_of_the_flood(self):
        # Clients wait, so that nothing is dropped.
        daemon = self.start("--overflow", "block")
        page = self.open(daemon)
        page.wait_state("ok", "Ready")
        flood = daemon.flood("--messages", "20000", "--bad", "2", "--connections", "20")
        page.wait(lambda: page.ledger()["logs.delivered"] == flood["sent"], "all logs to be delivered")
        status = self.same_ledger(page, daemon)
        self.assertEqual(status["ledger"]["logs"]["received"], flood["sent"])
        self.assertGreater(flood["sent"], 190_000)
        shown = page.ledger()
        self.assertEqual(shown["logs.received"], flood["sent"])
        self.assertEqual(shown["batches.received"], flood["messages"])
        self.assertEqual((shown["logs.difference"], shown["batches.difference"]), (0, 0))
        self.assertIn("Balanced", page.text("#ledger .verdict"))
        # The malformed frames, too.
        rejected = flood["bad_invalid_protobuf"] + flood["bad_unknown_tag"] + flood["bad_length_over"] + flood["bad_truncated"]
        self.assertGreater(rejected, 0)
        self.assertIn(f"{rejected:,} malformed frame", page.text("#notices"))
        page.wait_state("ok", "Delivering")
        self.no_problems(page)

    def test_the_destination_fails_refuses_and_recovers(self):
        sink = Sink()
        self.addCleanup(sink.close)
        # What waits goes to the spool at once, and the ring holds little: every entry of the ledger gets something.
        daemon = self.start("--reporter", "http", "--http-url", sink.url, "--spool-after", "10ms", "--request-bytes-max", "64KiB")
        page = self.open(daemon)
        sink.answer(503, "come back <b>later</b>")
        flood = daemon.flood("--messages", "300")
        state = page.wait_state("retry", "Last error")
        self.assertIn("503", state[2])
        self.assertIn("Delivery fails", page.driver.title)
        page.wait(lambda: page.ledger()["logs.spooled"] > 0, "logs in the spool")
        self.assertGreater(int(page.text('#queue-legend [data-series="spool"]').replace(",", "")), 0)
        shown = page.ledger()
        self.assertEqual(shown["logs.received"], flood["sent"])
        self.assertEqual(shown["logs.spooled"] + shown["logs.waiting"] + shown["logs.in_flight"], flood["sent"])
        self.assertGreater(self.same_ledger(page, daemon)["ledger"]["logs"]["spooled"], 0)
        self.assertIn("Balanced", page.text("#ledger .verdict"))

        sink.answer(400, "not <i>those</i>")
        page.wait(lambda: page.ledger()["logs.dropped.forward_failed"] > 0, "refused logs")
        page.wait_state("bad", "refuses")
        page.wait(lambda: "dropped" in page.text("#notices"), "the notice of dropped logs")
        sink.answer(200, "fine")
        with daemon.client() as client:
            client.send(wire.log("https://example.com/after"), session="s", process="p")
            page.wait(lambda: page.ledger()["logs.accounted"] == flood["sent"] + 1 and page.ledger()["logs.spooled"] == 0 and page.ledger()["logs.waiting"] == 0, "the end of it")
        page.wait_state("ok", "Delivering")
        status = self.same_ledger(page, daemon)
        dropped = status["ledger"]["logs"]["dropped"]["forward_failed"]
        self.assertEqual(page.ledger()["logs.dropped"], dropped)
        self.assertEqual(status["ledger"]["logs"]["delivered"], flood["sent"] + 1 - dropped)
        self.no_problems(page)

    def test_sessions_and_their_holes(self):
        daemon = self.start()
        page = self.open(daemon)
        with daemon.client() as client:
            numbers = [0, 1, 2, 5, 6, 9]
            client.send(*(wire.log("https://example.com/", sequence=n) for n in numbers), session="11111111-aaaa", process="holes")
            page.wait(lambda: "11111111-aaaa" in page.text("#session-rows"), "the session")
        cells = page.run("return [...document.querySelector('#session-rows tr').cells].map((cell) => cell.textContent)")
        self.assertEqual(cells[:6], ["11111111-aaaa", "holes", "6", "0–9", "4", "3–4, 7–8"])
        page.wait(lambda: "4 logs of sessions never arrived" in page.text("#notices"), "the notice")
        # Clients are shown where the daemon tells of them.
        self.assertEqual(page.is_shown("#clients"), "clients" in daemon.status())
        self.no_problems(page)

    def test_clients(self):
        daemon = self.start()
        if "clients" not in daemon.status():
            self.skipTest("this daemon does not list its clients")
        page = self.open(daemon)
        with daemon.client() as client:
            client.send(wire.log("https://example.com/"), wire.log("https://example.com/"), session="s", process="p")
            page.wait(lambda: len(daemon.status()["clients"]) == 1 and page.run("return document.getElementById('client-rows').rows.length") == 1, "the client")
            told = daemon.status()["clients"][0]
            page.wait(lambda: page.run("return document.querySelector('#client-rows tr').cells[7].textContent") == "2", "its logs")
            cells = page.run("return [...document.querySelector('#client-rows tr').cells].map((cell) => cell.textContent)")
            self.assertEqual(cells[1:4], [str(told["pid"]), str(told["uid"]), str(told["gid"])])
        page.wait(lambda: page.is_shown("#clients-empty"), "the client to be gone")

    def test_the_charts_tell_their_figures_to_mouse_and_keyboard(self):
        daemon = self.start()
        page = self.open(daemon)
        daemon.flood("--messages", "500")
        page.wait(lambda: page.run("return past.samples.filter((x) => x.rates).length") >= 3, "three samples")
        self.assertTrue(page.run("return document.querySelector('#rates .line.series-received').getAttribute('d').length > 20"))
        page.tab_to("rates")
        page.press(Keys.END)
        page.wait(lambda: page.is_shown("#rates .tip"), "the tip")
        self.assertRegex(page.find("#rates").get_attribute("aria-valuetext"), r"\d\d:\d\d:\d\d: Received [\d,]+, Delivered [\d,]+, Dropped 0 logs/s")
        page.press(Keys.ARROW_LEFT)
        before = page.find("#rates").get_attribute("aria-valuetext")
        page.press(Keys.ARROW_LEFT)
        self.assertNotEqual(page.find("#rates").get_attribute("aria-valuetext"), before)
        # All that were received since the page was open are in some sample.
        total = page.run("return past.samples.at(-1).totals.received")
        self.assertEqual(total, 5000)
        page.press(Keys.ESCAPE)
        self.assertFalse(page.is_shown("#rates .tip"))
        page.run("""const box = document.getElementById('queue').getBoundingClientRect();
            document.getElementById('queue').dispatchEvent(new PointerEvent('pointermove', { clientX: box.right - 10, clientY: box.top + 20 }))""")
        self.assertTrue(page.is_shown("#queue .tip"))
        self.assertIn("In flight", page.text("#queue .tip"))
        self.no_problems(page)
