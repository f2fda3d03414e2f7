"""Headless Chromium (Debian's), and a page in it with what a test asks of it."""
import atexit
import os
import tempfile

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE = 60
# Runs in each page before its own scripts: what a policy forbade, what was not caught, and when the table of requests was redrawn.
_WATCH = """
window.watched = { violations: [], errors: [], redraws: [] };
addEventListener('securitypolicyviolation', (e) => watched.violations.push(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
addEventListener('error', (e) => watched.errors.push(String(e.message)));
addEventListener('unhandledrejection', (e) => watched.errors.push(String(e.reason)));
addEventListener('DOMContentLoaded', () => {
    const rows = document.getElementById('rows');
    if (rows) new MutationObserver(() => watched.redraws.push(performance.now())).observe(rows, { childList: true });
});
"""
_driver = None


def driver():
    """One browser for all tests: starting it takes longer than most of them."""
    global _driver
    if _driver is None:
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        profile = tempfile.TemporaryDirectory(prefix="blp-chromium", dir="/tmp", ignore_cleanup_errors=True)
        # Root in a container has no sandbox of Chromium's; what is loaded is our own page only.
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", f"--user-data-dir={profile.name}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        # Nothing of it stays in the home directory.
        environment = {**os.environ, "HOME": profile.name, "XDG_CONFIG_HOME": profile.name, "XDG_CACHE_HOME": profile.name}
        _driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver", env=environment), options=options)
        _driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _WATCH})
        atexit.register(profile.cleanup)
        atexit.register(_driver.quit)
    return _driver


class Page:
    """The page, opened anew: nothing is left of a page before."""

    def __init__(self, url, *, width=1280, height=900, scheme="light", reduced_motion=True, scale=1):
        self.driver = driver()
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.size(width, height, scale)
        self.media(scheme, reduced_motion)
        self.driver.get(url)

    def media(self, scheme, reduced_motion=True):
        features = [
            {"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce" if reduced_motion else "no-preference"},
        ]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def size(self, width, height, scale=1):
        # Narrower than any window of Chromium's can be.
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 500})

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0]).textContent", selector)

    def is_shown(self, selector):
        return self.run("return document.querySelector(arguments[0])?.checkVisibility() ?? false", selector)

    def wait(self, condition, what):
        """Until `condition` gives something true, which is returned."""
        return WebDriverWait(self.driver, PATIENCE, 0.05, [StaleElementReferenceException]).until(lambda _: condition(), f"waited for {what}")

    def wait_live(self):
        self.wait(lambda: self.run("return document.getElementById('link')?.dataset.link") == "live", "the stream")

    def wait_state(self, level, words=""):
        def is_so():
            state = self.run(
                "return [document.getElementById('overview').dataset.level, document.getElementById('state-title').textContent, document.getElementById('state-detail').textContent]")
            return state if state[0] == level and words in state[1] + " " + state[2] else None

        return self.wait(is_so, f"the state {level} {words!r}")

    def ledger(self):
        """What the table of the ledger shows, by unit and name, as numbers."""
        cells = self.run(
            "return [...document.querySelectorAll('#ledger [data-figure]')].map((cell) => [cell.dataset.figure, cell.textContent])")
        return {name: int(text.replace(",", "")) for name, text in cells}

    def rows(self):
        """The table of requests, newest first: texts of the cells; a note has one."""
        return self.run("return [...document.getElementById('rows').rows].map((row) => [...row.cells].map((cell) => cell.textContent))")

    def urls(self):
        return [row[3] for row in self.rows() if len(row) > 1]

    def press(self, *keys):
        actions = ActionChains(self.driver)
        for key in keys:
            actions.send_keys(key)
        actions.perform()

    def press_shift_tab(self):
        ActionChains(self.driver).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()

    def focused(self):
        return self.run("return document.activeElement.id || document.activeElement.tagName")

    def tab_to(self, wanted):
        """By the tab key alone; each stop on the way has to be seen to have the focus."""
        for _ in range(60):
            self.press(Keys.TAB)
            if self.focused() == wanted:
                assert self.run(
                    """const element = document.activeElement;
                    return [element, element.closest('label')].some((one) => one && getComputedStyle(one).outlineStyle !== 'none' && parseFloat(getComputedStyle(one).outlineWidth) >= 2)"""
                ), f"the focus on {wanted} is not seen"
                return
        raise AssertionError(f"the tab key does not lead to {wanted}")

    def problems(self, *, but=()):
        """What the console, the policy and uncaught errors said, but for what contains one of `but`."""
        watched = self.run("return watched")
        console = [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        return [text for text in watched["violations"] + watched["errors"] + console if not any(part in text for part in but)]
