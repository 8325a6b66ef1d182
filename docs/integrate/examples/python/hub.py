"""Pushes, reads and follows dossiers, with nothing but Python 3.9 or later.

    export HUB_URL=https://hub.example.test HUB_KEY=<secret of your key> HUB_PARTY=one-stop
    python3 hub.py push dossier.json outbox-4711    # the key of your outbox row, the same at every attempt
    python3 hub.py read H60.01-250812-0035
    python3 hub.py follow cursor.txt                # ends after 30 seconds without a change

Exit codes: 0 done, 1 a person must correct something, 2 try again later with the same key.
"""

import json
import os
import sys
import time
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

HUB_URL = os.environ.get("HUB_URL", "http://127.0.0.1:8080")
HUB_PARTY = os.environ.get("HUB_PARTY", "one-stop")
RETRY_DELAYS_S = [5, 15, 60, 300]
PASSING = {408, 429, 500, 502, 503, 504}


def send(method, path, body=None, headers=None):
    """Sends until the answer is final. A repeat has the same body and the same Idempotency-Key, so it is harmless."""
    sent = {"Authorization": f"Bearer {os.environ['HUB_KEY']}", "Content-Type": "application/json", **(headers or {})}
    for delay_s in [*RETRY_DELAYS_S, None]:
        retry_after = ""
        try:
            status, text, retry_after = attempt(Request(HUB_URL + path, body, sent, method=method))
            if status not in PASSING:
                return status, text
            why = f"the hub answered {status}"
        except (OSError, HTTPException) as error:
            why = f"no answer ({error})"
        if delay_s is None:
            print(f"{why}; keep the item and its key, and try again later", file=sys.stderr)
            sys.exit(2)
        wait_s = int(retry_after) if retry_after.isdigit() else delay_s
        print(f"{why}; next attempt in {wait_s} s", file=sys.stderr)
        time.sleep(wait_s)


def attempt(request):
    try:
        with urlopen(request, timeout=90) as answer:
            return answer.status, answer.read(), ""
    except HTTPError as answer:
        return answer.code, answer.read(), answer.headers.get("Retry-After", "")


def refuse(status, text):
    """The hub refused the whole request. The same request would be refused again."""
    problem = json.loads(text) if text.startswith(b"{") else {}
    name = problem.get("type", "").split("#problem-")[-1]
    print(f"refused {status} {name}: {problem.get('detail', '')}")
    sys.exit(1)


def push(file, key):
    path = f"/api/v1/parties/{quote(HUB_PARTY, safe='')}/dossiers"
    status, text = send("POST", path, Path(file).read_bytes(), {"Idempotency-Key": key})
    reply = json.loads(text) if text.startswith(b"{") else {}
    if "results" not in reply:
        refuse(status, text)
    for result in reply["results"]:
        # accepted, duplicate and stale are done. The hub keeps a quarantined item: never send it again.
        print(result.get("code", f"item {result['index']}"), result["outcome"])
        for remark in result.get("problems", []) + result.get("warnings", []):
            print(f"  {remark['path']}: {remark['message']}")
    print("receipt", reply.get("receipt", "none"))
    sys.exit(1 if any(result["outcome"] == "invalid" for result in reply["results"]) else 0)


def get(path):
    status, text = send("GET", path)
    return json.loads(text) if status == 200 else refuse(status, text)


def read(code):
    dossier = get("/api/v1/dossiers/" + quote(code, safe=""))
    print(dossier["code"], dossier["status"], dossier["statusAt"], dossier.get("applicant", {}).get("name", ""))


def follow(file, wait_s="30"):
    cursor = {"cursor": Path(file).read_text()} if Path(file).exists() else {}
    while True:
        page = get("/api/v1/changes?" + urlencode({**cursor, "wait": wait_s}))
        if page.get("gap"):
            print("gap: changes may be missing; read /api/v1/snapshot as well")
        for change in page["items"]:
            # Your work. It may run twice for the changes of one page if this process is killed before the next line.
            print("changed", change["code"], change["status"], flush=True)
        replace(file, page["next"].encode())
        cursor = {"cursor": page["next"]}
        if not page["items"]:
            return


def replace(file, content):
    """Writes the whole file or nothing."""
    Path(f"{file}.new").write_bytes(content)
    os.replace(f"{file}.new", file)


COMMANDS = {"push": push, "read": read, "follow": follow}
if len(sys.argv) < 3 or sys.argv[1] not in COMMANDS:
    sys.exit(__doc__)
COMMANDS[sys.argv[1]](*sys.argv[2:])
