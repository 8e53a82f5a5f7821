"""A collector of spans: takes what nodes send by OTLP over HTTP in JSON, and keeps it."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Collector:
    """Serves a port of 127.0.0.1; `spans` are those that came, each with its node's attributes under `resource`."""

    def __init__(self, port=0, certificate=None, key=None):
        self.spans, self.texts, self.statuses = [], [], []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = collector.statuses.pop(0) if collector.statuses else 200
                good = self.path == "/v1/traces" and self.headers["Content-Type"] == "application/json"
                if status == 200:
                    collector.take(body)
                answer = b"{}"
                self.send_response(status if good else 400)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, body):
        self.texts.append(body.decode())
        for resource in json.loads(body)["resourceSpans"]:
            named = attributes(resource["resource"])
            for scope in resource["scopeSpans"]:
                self.spans += [span | {"resource": named} for span in scope["spans"]]

    def of_trace(self, trace):
        return [span for span in list(self.spans) if span["traceId"] == trace]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def attributes(of):
    """The attributes of a span or a resource, as a dictionary."""
    return {pair["key"]: next(iter(pair["value"].values())) for pair in of["attributes"]}


def tree_below(spans, parent):
    """The spans below a span, by depth; spans that hang on nothing are left over in the second part."""
    levels, rest = [], list(spans)
    parents = {parent}
    while True:
        level = [span for span in rest if span.get("parentSpanId") in parents]
        if not level:
            return levels, rest
        rest = [span for span in rest if span not in level]
        parents = {span["spanId"] for span in level}
        levels.append(level)
