"""Makes the screenshots of the documentation: python3 -m Tests.Page.screenshots DIRECTORY

Agents at work, as an operator would see them: some sessions, most requests allowed, a destination that was away for a while.
"""
import base64
import pathlib
import random
import sys
import threading
import time

from . import wire
from .browser import Page
from .daemon import Daemon
from .sink import Sink

BYTES_MAX = 300_000
SECONDS = 108
OUTAGE = range(64, 68)
PEERS = [
    ("claude-code", "d401b2fd-3509-42c0-abae-2adeb7babe3b"), ("codex", "5b0e3d0a-91c4-4c52-8a3f-0d0f7f1c6f11"), ("aider", "c2a9c1de-6f6e-4a57-9d0e-7c1b5b2f4e80"),
    ("claude-code", "77e0b7a4-2f0d-4d0b-b1a5-3f5f2f0f9c12"), ("goose", "0f9d1c56-8a0e-49a6-8d43-1d5a6b7c8d90"),
]
ALLOWED = [
    ("GET", "https://api.github.com/repos/coder/boundary/pulls?state=open&per_page=50", "domain=api.github.com"),
    ("GET", "https://registry.npmjs.org/typescript/-/typescript-5.9.3.tgz", "method=GET domain=registry.npmjs.org"),
    ("POST", "https://api.anthropic.com/v1/messages", "method=POST domain=api.anthropic.com path=/v1/messages"),
    ("GET", "https://proxy.golang.org/github.com/hashicorp/yamux/@v/v0.1.2.zip", "domain=proxy.golang.org"),
    ("GET", "https://pypi.org/simple/urllib3/", "domain=pypi.org"),
    ("HEAD", "https://github.com/coder/coder/info/refs?service=git-upload-pack", "domain=*.github.com"),
    ("GET", "https://files.pythonhosted.org/packages/7b/2c/certifi-2026.9.24-py3-none-any.whl", "domain=files.pythonhosted.org"),
    ("POST", "https://api.openai.com/v1/responses", "domain=api.openai.com"),
]
DENIED = [
    ("POST", "https://paste.example.net/api/create"), ("GET", "http://169.254.169.254/latest/meta-data/iam/security-credentials/"),
    ("POST", "https://telemetry.vendor.example/v2/events"), ("CONNECT", "ssh.internal.example:22"),
]


def traffic(daemon, sink, is_over):
    """About 400 logs a second, up and down, until it is told to end."""
    chance = random.Random(7)
    clients = [(daemon.client(), process, session) for process, session in PEERS]
    numbers = {session: 0 for _, session in PEERS}
    began = time.monotonic()
    beat = 0
    while not is_over.wait(max(0, began + beat * 0.08 - time.monotonic())):
        now = time.monotonic() - began
        sink.answer(*((503, "upgrading, back in a minute") if int(now) in OUTAGE else (200, "fine")))
        for client, process, session in clients:
            logs = []
            for _ in range(chance.randrange(2, 9) + (5 if 30 < now < 44 else 0)):
                allowed = chance.random() > 0.12
                method, url, rule = chance.choice(ALLOWED) if allowed else (*chance.choice(DENIED), "")
                logs.append(wire.log(url, allowed=allowed, method=method, rule=rule, sequence=numbers[session]))
                numbers[session] += 1
            # Once, a client lost some.
            if beat == 100 and process == "codex":
                numbers[session] += 4
            client.send(*logs, session=session, process=process)
        beat += 1
    for client, _, _ in clients:
        client.close()


def take(page, path, width, height, scale):
    page.size(width, height, scale)
    page.run("scrollTo(0, 0)")
    page.wait(lambda: page.run("return document.querySelector('#rates .line').getAttribute('d') !== ''"), "a drawing")
    # One with a denied request in sight, before and after it is taken.
    is_denied_seen = "return [...document.getElementById('rows').rows].slice(0, 7).some((row) => row.className === 'denied')"
    while True:
        page.wait(lambda: page.run(is_denied_seen), "a denied request")
        picture = base64.b64decode(page.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"])
        if page.run(is_denied_seen):
            break
    assert len(picture) <= BYTES_MAX, f"{path} would have {len(picture)} bytes, {BYTES_MAX} are allowed"
    path.write_bytes(picture)
    print(f"{path}: {width}×{height}, {len(picture) // 1000} kB")


def main(directory):
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    sink = Sink()
    daemon = Daemon("--reporter", "http", "--http-url", sink.url)
    is_over = threading.Event()
    sender = threading.Thread(target=traffic, args=(daemon, sink, is_over))
    try:
        page = Page(daemon.page, width=1280, height=1300)
        page.wait_live()
        sender.start()
        time.sleep(SECONDS)
        page.wait_state("ok", "Delivering")
        for scheme in ("light", "dark"):
            page.media(scheme)
            take(page, directory / f"page-{scheme}.png", 1280, 1300, 1)
        page.media("light")
        take(page, directory / "page-phone.png", 360, 740, 2)
    finally:
        is_over.set()
        if sender.ident is not None:
            sender.join()
        daemon.stop()
        daemon.kill()
        sink.close()


main(sys.argv[1])
