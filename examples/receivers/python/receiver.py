"""A receiver of Spark360 webhooks as ../CONTRACT.md describes it: verified, stored once, gaps known. No dependencies.

    SPARK360_SECRETS=whsec_… STORE=events.sqlite PORT=3000 python3 receiver.py        (Python 3.9 or newer)
"""
import base64
import hmac
import json
import os
import sqlite3
import sys
import time
import traceback
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_SECONDS = 300
LARGEST_BODY = 4 * 1024 * 1024
SECRETS = os.environ.get("SPARK360_SECRETS", "").split()
STORE = os.environ.get("STORE", "events.sqlite")
SCHEMA = """
create table if not exists events (event_id text primary key, subject text, sequence integer, kind text, body blob);
create table if not exists subjects (subject text primary key, last integer);
create table if not exists missing (subject text, sequence integer, primary key (subject, sequence));
"""


def is_genuine(body, headers):
    listed = headers.get("webhook-signature")
    if listed is None:  # A proxy dropped the Standard Webhooks headers. These know no time: only duplicates are noticed.
        given = [headers.get("x-spark360-signature", ""), headers.get("x-spark360-signature-next", "")]
        expected = ["sha256=" + hmac.digest(secret.encode(), body, "sha256").hex() for secret in SECRETS]
    else:
        timestamp = headers.get("webhook-timestamp", "")
        if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
            return False
        signed = f"{headers.get('webhook-id', '')}.{timestamp}.".encode() + body
        keys = [base64.b64decode(secret.removeprefix("whsec_")) for secret in SECRETS]
        given = listed.split(" ")
        expected = ["v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys]
    return any(hmac.compare_digest(a.encode(), b.encode()) for a in given for b in expected)


def add(db, body, headers):
    """Stores the event and what its sequence tells, in one transaction. 204: stored, 200: known already."""
    event = json.loads(body)
    subject = event["data"].get("lead_id") or event["data"]["widget"]["widget_ref_id"]
    sequence = int(headers.get("x-spark360-sequence") or 0) or None
    db.execute("begin immediate")  # One writer at a time: what is read below stays true until the commit.
    if db.execute("select 1 from events where event_id = ?", [event["event_id"]]).fetchone():
        db.execute("rollback")
        return 200
    (last,) = db.execute("select coalesce(max(last), 0) from subjects where subject = ?", [subject]).fetchone()
    kind = (
        "test" if headers.get("x-spark360-test")
        else "resend" if headers.get("x-spark360-resend")
        else "normal" if sequence is not None and sequence > last
        else "late"
    )
    db.execute("insert into events values (?, ?, ?, ?, ?)", [event["event_id"], subject, sequence, kind, body])
    db.execute("delete from missing where subject = ? and sequence = ?", [subject, sequence])
    if kind == "normal":
        db.executemany("insert or ignore into missing values (?, ?)", [(subject, n) for n in range(last + 1, sequence)])
        db.execute("insert or replace into subjects values (?, ?)", [subject, sequence])
    db.execute("commit")
    return 204


class Receiver(BaseHTTPRequestHandler):
    def do_GET(self):
        with closing(connect()) as db:
            rows = lambda sql: [dict(row) for row in db.execute(sql)]
            if self.path == "/health":
                self.answer(200, rows("select count(*) as stored from events")[0])
            elif self.path == "/gaps":
                late = rows("select event_id, subject, sequence, kind from events where kind = 'late'")
                self.answer(200, {"missing": rows("select subject, sequence from missing"), "late": late})
            else:
                self.answer(404)

    def do_POST(self):
        try:
            self.answer(self.receive())
        except Exception:
            traceback.print_exc()
            self.answer(500)  # The sender tries again.

    def receive(self):
        body = self.read_body()
        if len(body) > LARGEST_BODY:
            return 413
        if not is_genuine(body, self.headers):
            return 401
        with closing(connect()) as db:
            return add(db, body, self.headers)

    def read_body(self):
        """The bytes as sent; of a body that is too large one more than is allowed."""
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(min(int(self.headers.get("content-length", 0)), LARGEST_BODY + 1))
        body = bytearray()
        while len(body) <= LARGEST_BODY and (size := int(self.rfile.readline(1024).split(b";")[0], 16)):
            body += self.rfile.read(min(size, LARGEST_BODY + 1 - len(body)))
            self.rfile.readline(2)  # The line break after each chunk.
        return bytes(body)

    def answer(self, status, content=None):
        text = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        if status != 204:
            self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def connect():
    db = sqlite3.connect(STORE, timeout=10, isolation_level=None)
    db.row_factory = sqlite3.Row
    return db


if __name__ == "__main__":
    if not SECRETS:
        sys.exit("SPARK360_SECRETS: expected one or more secrets, separated by spaces")
    with closing(connect()) as db:
        db.executescript(SCHEMA)
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "3000"))), Receiver).serve_forever()
