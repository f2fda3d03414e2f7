"""Both themes, small screens, and those who do not see or do not like motion."""
from selenium.webdriver.common.keys import Keys

from . import looks, wire
from .browser import Page
from .case import PageCase


class LooksTest(PageCase):
    def filled(self, **named):
        """A page with something in every part, in the colours of a trouble where there is one."""
        daemon = self.start("--reporter", "http", "--http-url", "http://127.0.0.1:9/", "--buffer-bytes", "2MiB", "--durability", "memory")
        page = self.open(daemon, **named)
        client = daemon.client()
        self.addCleanup(client.close)
        client.send(*(wire.log(f"https://example.com/\u200b{n}", allowed=n % 2 == 0, rule="domain=example.com", sequence=n) for n in (0, 1, 2, 5, 8)), session="s-1", process="p")
        daemon.flood("--messages", "3000", "--bad", "5")
        page.run("requests.note('a note')")
        page.wait_state("retry", "Last error")
        page.wait(lambda: page.ledger()["logs.dropped.buffer_full"] > 0 and len(page.urls()) > 20, "drops and rows")
        page.run("document.querySelector('details').open = true")
        return daemon, page

    def test_the_contrast_of_all_text_in_both_themes(self):
        _, page = self.filled()
        for scheme in ("light", "dark"):
            page.media(scheme)
            found = looks.contrasts(page)
            self.assertGreater(len(found), 300)
            self.assertEqual(sorted(one for one in found if one[0] < 4.5)[:10], [], scheme)
        # The tip, the details and what is said when the daemon is gone.
        page.run("requests.scheduleRedraw = () => {}; document.getElementById('rates').focus()")
        page.press(Keys.END)
        page.run("lose('The daemon cannot be reached.', 60000); document.getElementById('token').hidden = false; document.getElementById('token-wrong').textContent = 'wrong'")
        page.run("document.getElementById('rows').querySelector('.denied').click()")
        for scheme in ("light", "dark"):
            page.media(scheme)
            self.assertEqual(sorted(one for one in looks.contrasts(page) if one[0] < 4.5)[:10], [], scheme)
        self.no_problems(page)

    def test_the_measure_of_contrast_finds_a_text_that_has_too_little(self):
        page = self.open(self.start())
        page.run("document.getElementById('version').style.color = '#999'")
        self.assertTrue([what for ratio, what in looks.contrasts(page) if ratio < 4.5])

    def test_a_small_screen_is_not_scrolled_sideways(self):
        _, page = self.filled(width=360, height=740)
        self.assertFalse(looks.is_scrolled_sideways(page))
        for width in (320, 414, 768, 1024, 1920):
            page.size(width, 900)
            page.wait(lambda width=width: page.run("return innerWidth") == width, "the new width")
            self.assertFalse(looks.is_scrolled_sideways(page), width)
        # A request is readable without scrolling its own box sideways.
        page.size(360, 740)
        self.assertTrue(page.run("const box = document.getElementById('scroll'); return box.scrollWidth <= box.clientWidth"))
        page.run("document.getElementById('version').textContent = 'x'.repeat(400); document.getElementById('version').style.whiteSpace = 'nowrap'")
        self.assertTrue(looks.is_scrolled_sideways(page), "the measure finds one that is")

    def test_the_theme_can_be_chosen_and_stays(self):
        daemon = self.start()
        page = self.open(daemon, scheme="light")
        ground = lambda: page.run("return getComputedStyle(document.body).backgroundColor")
        light = ground()
        page.media("dark")
        dark = ground()
        self.assertNotEqual(light, dark)
        page.run("document.querySelector('input[name=theme]:checked').focus()")
        page.press(Keys.ARROW_RIGHT)
        self.assertEqual(ground(), light)
        page.driver.refresh()
        page.wait_live()
        self.assertEqual(ground(), light)
        self.assertEqual(page.run("return document.querySelector('input[name=theme]:checked').value"), "light")
        page.run("document.querySelector('input[name=theme]:checked').focus()")
        page.press(Keys.ARROW_RIGHT)
        page.media("light")
        self.assertEqual(ground(), dark)
        self.no_problems(page)

    def test_nothing_moves_for_those_who_do_not_want_it(self):
        daemon = self.start()
        moving = "return document.getAnimations().length + (getComputedStyle(document.documentElement).scrollBehavior === 'smooth' ? 1 : 0)"
        page = self.open(daemon)
        self.assertEqual(page.run(moving), 0)
        page.media("light", reduced_motion=False)
        page.wait(lambda: page.run(moving) > 0, "motion for the others")

    def test_landmarks_names_and_what_is_announced(self):
        _, page = self.filled()
        page.run("document.getElementById('rows').querySelector('.denied').focus()")
        controls, nameless = looks.nameless_controls(page)
        self.assertGreater(len(controls), 15)
        self.assertEqual(nameless, [])
        for selector in ("header", "main", "nav[aria-label]", "#state-title[aria-live=polite]"):
            page.find(selector)
        # Only a change is announced: what is counted each second is not in the region.
        page.run("""window.said = []; new MutationObserver(() => said.push(document.getElementById('state-title').textContent))
            .observe(document.getElementById('state-title'), { childList: true, characterData: true, subtree: true })""")
        seconds = page.run("return past.samples.length")
        page.wait(lambda: page.run("return past.samples.length") >= seconds + 3, "three seconds of figures")
        self.assertEqual(page.run("return said"), [])
        # The first stop is the way past everything else.
        page.driver.refresh()
        page.wait_live()
        page.press(Keys.TAB)
        self.assertEqual(page.run("return document.activeElement.className"), "skip")
        page.wait(lambda: page.run("return document.activeElement.getBoundingClientRect().top") >= 0, "the way to be seen")

    def test_the_policy_forbids_and_the_tests_would_notice(self):
        daemon = self.start()
        code, headers, text = daemon.get("/")
        self.assertEqual(code, 200)
        policy = headers["Content-Security-Policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)
        self.assertNotIn("__NONCE__", text)
        self.assertNotEqual(policy, daemon.get("/")[1]["Content-Security-Policy"])
        page = self.open(daemon)
        self.no_problems(page)
        for attempt in (
            "document.body.insertAdjacentHTML('beforeend', '<img src=\"https://example.com/x.png\">')",
            "document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">')",
            "document.body.insertAdjacentHTML('beforeend', '<p onclick=\"hacked = 1\">')",
            "fetch('https://example.com/').catch(() => {})",
        ):
            page = self.open(daemon)
            page.run(attempt)
            page.wait(lambda page=page: page.run("return watched.violations.length") > 0, f"a violation by {attempt}")
            self.assertTrue(page.problems())
