"""An OTLP/HTTP endpoint on a free port of the loopback, which decodes with OpenTelemetry's own definitions and remembers what came."""

import gzip
import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest


class Request:
    def __init__(self, path, headers, body):
        self.path = path
        self.headers = headers
        self.raw = gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
        self.message = ExportLogsServiceRequest()
        self.json = None
        if path == "/ingest":
            return  # Of another reporter.
        if headers["Content-Type"] == "application/json":
            self.json = json.loads(self.raw)
            json_format.Parse(self.raw, self.message)
        else:
            self.message.ParseFromString(self.raw)

    @property
    def records(self):
        return [record for resource in self.message.resource_logs for scope in resource.scope_logs for record in scope.log_records]


class Answer:
    def __init__(self, status=200, body=b"", content_type="application/x-protobuf", headers=()):
        self.status, self.body, self.content_type, self.headers = status, body, content_type, headers


class Collector:
    """Answers in the order of `answers`, then with success. `next()` waits for a request."""

    def __init__(self, answers=()):
        self.answers = list(answers)
        self.requests = queue.Queue()
        self.lock = threading.Lock()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with collector.lock:
                    answer = collector.answers.pop(0) if collector.answers else Answer()
                try:
                    request = Request(self.path, dict(self.headers), body)
                except Exception as problem:  # A body that the definitions do not take fails the test that waits for it.
                    request = problem
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.content_type)
                self.send_header("Content-Length", str(len(answer.body)))
                for name, value in answer.headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)
                collector.requests.put(request)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def next(self):
        request = self.requests.get(timeout=60)
        if isinstance(request, Exception):
            raise request
        return request

    def records(self, count):
        """Waits for so many records."""
        found = []
        while len(found) < count:
            found += self.next().records
        return found

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
