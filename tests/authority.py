"""A timestamp authority (RFC 3161) on loopback: `openssl ts` behind a few lines of HTTP."""

import shutil
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

_PROGRAM = shutil.which("openssl") or "openssl"
_CONFIG = """
[req]
distinguished_name = name
prompt = no
[name]
CN = Test
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[stamping]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
default_tsa = usual
[usual]
dir = {folder}
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
{certs}
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


@dataclass
class Authority:
    folder: Path
    url: str = ""
    asked: list[bytes] = field(default_factory=list[bytes])
    status: int = 200
    twist: Callable[[bytes], bytes] = lambda answer: answer
    """What it does to an answer before it gives it out."""

    @property
    def root(self) -> Path:
        return self.folder / "ca.pem"

    def answer(self, query: bytes) -> bytes:
        self.asked.append(query)
        (self.folder / "q").write_bytes(query)
        config = str(self.folder / "openssl.cnf")
        _openssl(self.folder, "ts", "-reply", "-config", config, "-queryfile", "q", "-out", "a")
        return self.twist((self.folder / "a").read_bytes())


def made(folder: Path, *, unsorted: bool = False) -> Authority:
    """An authority with a root of its own; `unsorted` writes its certificates in any order."""
    folder.mkdir(parents=True)
    certs = f"certs = {folder}/ca.pem" if unsorted else ""
    (folder / "openssl.cnf").write_text(_CONFIG.format(folder=folder, certs=certs), "ascii")
    (folder / "serial").write_text("01\n", "ascii")
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config",
           "openssl.cnf")  # fmt: skip
    _openssl(folder, "req", "-x509", *new, "-days", "30", "-subj", "/CN=Test Root",
             "-extensions", "ca", "-keyout", "ca.key", "-out", "ca.pem")  # fmt: skip
    _openssl(folder, "req", *new, "-subj", "/CN=A Test Authority With A Longer Name",
             "-keyout", "tsa.key", "-out", "tsa.csr")  # fmt: skip
    _openssl(folder, "x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
             "-CAcreateserial", "-days", "30", "-extfile", "openssl.cnf", "-extensions",
             "stamping", "-out", "tsa.pem")  # fmt: skip
    return Authority(folder)


@contextmanager
def open_for_business(authority: Authority) -> Generator[Authority]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["content-length"]))
            body = authority.answer(query)
            self.send_response(authority.status)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    authority.url = f"http://127.0.0.1:{server.server_port}/tsa"
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run([_PROGRAM, *arguments], cwd=folder, check=True, capture_output=True)
