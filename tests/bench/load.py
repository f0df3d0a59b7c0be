"""A client of its own process: keep-alive connections over raw sockets, as cheap as Python can.

    python -m tests.bench.load PORT SECONDS CONNECTIONS RATE < requests.json

`requests.json` is a list of [method, path, accept, body]. RATE 0 is as fast as answers come; else
that many requests a second whether or not answers come. Prints one JSON object.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from itertools import cycle

HEAD = b"\r\n\r\n"


class Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self) -> None:
        self._got = b""
        self._left = -1
        self.done: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self._left < 0:
            self._got += data
            head, found, body = self._got.partition(HEAD)
            if not found:
                return
            lowered = head.lower()
            at = lowered.find(b"content-length:")
            length = int(lowered[at + 15 :].partition(b"\r\n")[0]) if at >= 0 else 0
            self._status = int(head[9:12])
            self._left = length - len(body)
        else:
            self._left -= len(data)
        if self._left <= 0:
            self._got, self._left = b"", -1
            self.done.set_result(self._status)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("closed"))

    async def ask(self, request: bytes) -> int:
        self.done = asyncio.get_running_loop().create_future()
        self.transport.write(request)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
        return await self.done


def written(port: int, method: str, path: str, accept: str, body: str) -> bytes:
    sent = body.encode()
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Accept: {accept}",
        "User-Agent: bench",
    ]
    if sent:
        lines += ["Content-Type: application/json", f"Content-Length: {len(sent)}"]
    return "\r\n".join([*lines, "", ""]).encode() + sent


async def run(port: int, seconds: float, connections: int, rate: float) -> dict[str, object]:
    requests = cycle([written(port, *one) for one in json.load(sys.stdin)])
    loop = asyncio.get_running_loop()
    lines = [
        (await loop.create_connection(Connection, "127.0.0.1", port))[1] for _ in range(connections)
    ]
    took: list[float] = []
    statuses: Counter[int] = Counter()
    ends = time.perf_counter() + seconds

    async def ask(line: Connection, since: float) -> None:
        statuses[await line.ask(next(requests))] += 1
        took.append(time.perf_counter() - since)

    async def go_on(line: Connection) -> None:
        while (now := time.perf_counter()) < ends:
            await ask(line, now)

    async def keep_pace() -> None:
        """A request is timed from when it was due, so that waiting behind others counts."""
        idle: asyncio.Queue[Connection] = asyncio.Queue()
        for line in lines:
            idle.put_nowait(line)

        async def one(due: float) -> None:
            line = await idle.get()
            await ask(line, due)
            idle.put_nowait(line)

        begun, tasks = time.perf_counter(), list[asyncio.Task[None]]()
        for number in range(int(seconds * rate)):
            due = begun + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.append(asyncio.create_task(one(due)))
        await asyncio.gather(*tasks)

    begun = time.perf_counter()
    await (keep_pace() if rate else asyncio.gather(*map(go_on, lines)))
    spent = time.perf_counter() - begun
    took.sort()
    return {
        "count": len(took),
        "per_second": len(took) / spent,
        "p50_ms": took[len(took) // 2] * 1000,
        "p99_ms": took[int(len(took) * 0.99)] * 1000,
        "statuses": dict(statuses),
    }


if __name__ == "__main__":
    port, seconds, connections, rate = sys.argv[1:5]
    found = asyncio.run(run(int(port), float(seconds), int(connections), float(rate)))
    json.dump(found, sys.stdout)
