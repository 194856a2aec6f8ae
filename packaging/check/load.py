#!/usr/bin/env python3
"""Asks a server over connections that are kept, counts what fails, and says how fast it was answered.

A third of the requests writes. A connection that was closed between two requests is opened again, as every client does; a request that
was sent and not answered, or answered with an error, has failed. Exits with 1 when any did.
"""
import argparse
import asyncio
import json
import ssl
import sys
import time
import urllib.parse

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("url")
parser.add_argument("--requests", type=int, default=10_000)
parser.add_argument("--callers", type=int, default=8)
parser.add_argument("--addresses", type=int, default=1, help="callers have addresses of their own, 127.0.1.1 and so on")
parser.add_argument("--pace", type=float, default=0, help="seconds from one request of a caller to its next")
parser.add_argument("--key", help="sent as Authorization: Bearer")
parser.add_argument("--name", help="the server's name, when the URL has an address")
parser.add_argument("--acknowledged", help="a file to which the id of each acknowledged handoff is written")
parser.add_argument("--until-killed", action="store_true", help="failures end it, and are none")
options = parser.parse_args()
url = urllib.parse.urlparse(options.url)
tls = None
if url.scheme == "https":
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
head = f"Host: {options.name or url.netloc}\r\nContent-Type: application/json\r\n"
head += f"Authorization: Bearer {options.key}\r\n" if options.key else ""
failed, left, writes = [], options.requests, 0
acknowledged = open(options.acknowledged, "a", buffering=1) if options.acknowledged else None


async def ask(streams, method: str, path: str, body: str) -> tuple[dict, bool]:
    reader, writer = streams
    data = f"{method} {path} HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}"
    writer.write(data.encode())
    text = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    status = int(text.split(" ", 2)[1])
    fields = dict(line.split(": ", 1) for line in text.split("\r\n")[1:] if ": " in line)
    if "chunked" in fields.get("transfer-encoding", ""):
        answer = b""
        while size := int(await reader.readline(), 16):
            answer += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    else:
        answer = await reader.readexactly(int(fields.get("content-length", 0)))
    if status >= 400:
        raise OSError(f"{method} {path}: {status} {answer[:200]!r}")
    return json.loads(answer), fields.get("connection") == "close"


async def caller(number: int) -> None:
    global left, writes
    streams, turn = None, 0
    address = (f"127.0.1.{number % options.addresses + 1}", 0) if options.addresses > 1 else None
    due = time.monotonic() + options.pace * number / options.callers
    while left > 0 and not (options.until_killed and failed):
        left -= 1
        await asyncio.sleep(max(0, due - time.monotonic()))
        due = max(due + options.pace, time.monotonic())
        turn += 1
        said = json.dumps({"session_id": "load", "with_whom": f"load {number % 10}", "story": f"{number} {turn}"})
        write = (number + turn) % 3 == 0
        what = ("POST", "/api/v1/handoff", said) if write else ("GET", f"/api/v1/wake-up?with_whom=load%20{number % 10}", "")
        try:
            if streams and (streams[0].at_eof() or streams[1].is_closing()):
                streams[1].close()
                streams = None
            if not streams:
                streams = await asyncio.open_connection(url.hostname, url.port, ssl=tls, local_addr=address)
            answer, closes = await asyncio.wait_for(ask(streams, *what), 30)
            writes += write
            if write and acknowledged:
                acknowledged.write(answer["handoff_id"] + "\n")
            if closes:
                streams[1].close()
                streams = None
        except (OSError, EOFError, asyncio.TimeoutError, ValueError) as error:
            failed.append(f"{time.strftime('%T')} {what[0]}: {error!r}")
            if streams:
                streams[1].close()
            streams = None


async def main() -> None:
    await asyncio.gather(*(caller(number) for number in range(options.callers)))


began = time.monotonic()
asyncio.run(main())
took = time.monotonic() - began
done = options.requests - max(left, 0)
print(f"{len(failed)} of {done} failed, {done / took:.0f} a second, {writes} writes", *([] if options.until_killed else failed[:5]), sep="\n  ")
sys.exit(bool(failed) and not options.until_killed)
