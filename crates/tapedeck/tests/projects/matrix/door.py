"""Answers whoever calls."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Door(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"open")

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("0.0.0.0", 3000), Door).serve_forever()
