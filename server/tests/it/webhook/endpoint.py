"""An endpoint that is told what to do, and verifies it with the public package `standardwebhooks`.

It answers by the name of the asset: "at-once" with a result, "later" with 202 and a signed report a moment later, "gone"
with 410. Each verified event is a line of the file that it is given; what does not verify gets 401.
"""

import json
import sys
import threading
import urllib.request
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook

secret, server, notes = sys.argv[1:4]
webhook = Webhook(secret)


def report(command, status):
    body = json.dumps({"command_id": command, "status": status, "detail": "done by the endpoint"})
    now = datetime.now(tz=timezone.utc)
    name = f"msg_{command}"
    headers = {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": webhook.sign(name, now.replace(microsecond=0), body),
    }
    request = urllib.request.Request(f"{server}/api/v1/reports", body.encode(), headers)
    with urllib.request.urlopen(request) as answer:
        note({"reported": json.load(answer)})


lock = threading.Lock()


def note(what):
    with lock, open(notes, "a", encoding="utf-8") as file:
        file.write(json.dumps(what) + "\n")


class Endpoint(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            event = webhook.verify(body, dict(self.headers))
        except Exception as error:
            note({"refused": str(error)})
            return self.answer(401, {})
        note({"id": self.headers["webhook-id"], "content_type": self.headers["content-type"], "event": event})
        data = event["data"]
        asset = data.get("asset", {}).get("name")
        if asset == "at-once":
            self.answer(200, {"status": "completed", "detail": "done at once"})
        elif asset == "gone":
            self.answer(410, {})
        elif asset == "later":
            self.answer(202, {})
            threading.Thread(target=report, args=(data["command_id"], "completed")).start()
        else:
            self.answer(200, {})

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as httpd:
    print(f"listening on http://127.0.0.1:{httpd.server_port}", flush=True)
    httpd.serve_forever()
