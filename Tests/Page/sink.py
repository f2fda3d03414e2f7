"""An HTTP destination that answers what a test wants."""
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Sink:
    def __init__(self):
        self.code = 200
        self.words = "fine"
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                body = sink.words.encode()
                self.send_response(sink.code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/logs"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, code, words):
        self.code, self.words = code, words

    def close(self):
        self._server.shutdown()
        self._server.server_close()
