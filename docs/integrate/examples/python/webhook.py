"""Receives the webhooks of the hub, with nothing but Python 3.9 or later. Stores each event once, in a file by its
webhook-id. Work on the files afterwards.

    export WEBHOOK_SECRETS=whsec_...    # two secrets with a space between them during a rotation
    mkdir inbox && python3 webhook.py 8000 inbox
"""

import base64
import hashlib
import hmac
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def is_from_hub(headers, body, secrets, now_s):
    """Standard Webhooks. `body` is what arrived, before any parser."""
    event, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(now_s - int(timestamp)) > 300:
        return False
    given = headers.get("webhook-signature", "").encode().split()
    for secret in secrets:
        key = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
        mac = hmac.new(key, f"{event}.{timestamp}.".encode() + body, hashlib.sha256).digest()
        if any(hmac.compare_digest(b"v1," + base64.b64encode(mac), one) for one in given):
            return True
    return False


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not is_from_hub(self.headers, body, os.environ["WEBHOOK_SECRETS"].split(), time.time()):
            return self.answer(401)
        file = Path(sys.argv[2], self.headers["webhook-id"] + ".json")
        if not file.exists():
            file.with_suffix(".new").write_bytes(body)
            file.with_suffix(".new").rename(file)
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.end_headers()


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
