"""A daemon of the test's own, in a temporary directory."""

import os
import re
import select
import socket
import subprocess
import tempfile
import urllib.request


class Daemon:
    def __init__(self, binary, *options, environment=None):
        self.directory = tempfile.TemporaryDirectory(prefix="blp")
        self.path = os.path.join(self.directory.name, "s")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "CODER_", "BOUNDARY_"))}
        self.process = subprocess.Popen(
            [binary, "--socket", self.path, "--durability", "memory", "--metrics-listen", "127.0.0.1:0", "--flush-interval", "0", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**clean, **(environment or {})})
        self.log = ""
        self.metrics_url = self.wait_for(r"http://127\.0\.0\.1:\d+").group(0)
        self.wait_for(r"listening")

    def wait_for(self, pattern):
        while not (found := re.search(pattern, self.log)):
            if not select.select([self.process.stderr], [], [], 60)[0]:
                raise AssertionError(f"the daemon did not say {pattern} within 60 s:\n{self.log}")
            # Not by lines: what a reader holds back, select does not see.
            some = os.read(self.process.stderr.fileno(), 65536)
            if not some:
                raise AssertionError(f"the daemon ended without saying {pattern}:\n{self.log}")
            self.log += some.decode()
        return found

    def send(self, data):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.connect(self.path)
            client.sendall(data)

    def metrics(self):
        with urllib.request.urlopen(self.metrics_url + "/metrics", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))}

    def stop(self, status=0):
        """Ends it as a supervisor does, with the exit status that is expected (3: something was lost); its standard output."""
        self.process.terminate()
        output, log = self.process.communicate(timeout=60)
        self.log += log.decode()
        self.directory.cleanup()
        if self.process.returncode != status:
            raise AssertionError(f"the daemon ended with {self.process.returncode}:\n{self.log}")
        return output.decode()
