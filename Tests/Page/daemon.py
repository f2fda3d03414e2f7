"""A daemon of the release build with a status listener, in a directory of its own."""
import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading

from . import wire

BIN = os.environ.get("PAGE_TEST_BIN", ".build/release")
PATIENCE = 60


class Daemon:
    def __init__(self, *arguments, status="127.0.0.1:0", directory=None):
        """`directory`: of one that has ended, to go on with its socket and spool."""
        self.directory = directory or tempfile.mkdtemp(prefix="blp", dir="/tmp")
        self.socket = f"{self.directory}/s"
        command = [
            os.environ.get("PAGE_TEST_DAEMON", f"{BIN}/boundary-log-proxy"), "--socket", self.socket, "--status-listen", status, *arguments,
        ]
        if "memory" not in arguments:
            command += ["--spool-dir", f"{self.directory}/spool"]
        if "--reporter" not in arguments:
            command += ["--reporter", "file", "--file-path", f"{self.directory}/out"]
        # Nothing of the environment that the tests run in is an option here.
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("BOUNDARY_LOG_PROXY_", "CODER_AGENT_"))}
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment)
        self.messages = []
        self._is_ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._is_ready.wait(PATIENCE) or self.process.poll() is not None:
            self.kill()
            raise AssertionError(f"{' '.join(command)} did not start:\n" + "".join(self.messages))
        said = re.search(r"(http://(\S+?)/)#token=(\S+)", "".join(self.messages))
        self.url, self.address, self.token = said.groups() if said else (None, None, None)

    def _read(self):
        seen = set()
        for line in self.process.stderr:
            self.messages.append(line)
            seen.update(word for word in ("status is served", "listening") if word in line)
            if len(seen) == 2:
                self._is_ready.set()
        self._is_ready.set()

    @property
    def page(self):
        """What the daemon prints for a browser to open."""
        return f"{self.url}#token={self.token}"

    def get(self, path, token=None):
        """The status code, the headers and the text of an answer."""
        connection = http.client.HTTPConnection(self.address, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def status(self):
        code, _, text = self.get("/status", self.token)
        assert code == 200, text
        return json.loads(text)

    def client(self):
        return wire.Client(self.socket)

    def flood(self, *arguments):
        """Floods it and gives what boundary-flood says that it sent."""
        run = subprocess.run(
            [f"{BIN}/boundary-flood", "--socket", self.socket, "--json", "--quiet", *arguments], stdout=subprocess.PIPE, text=True, timeout=10 * PATIENCE)
        assert run.returncode == 0, run.stdout
        return json.loads(run.stdout)

    def stop(self):
        """Ends it in order."""
        self.process.terminate()
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self.process.stderr.close()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)
            self._reader.join(PATIENCE)
            self.process.stderr.close()
        shutil.rmtree(self.directory, ignore_errors=True)
