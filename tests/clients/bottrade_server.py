"""The release binary as its users run it: a server of its own data folder, and commands beside it."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
"""The root of the repository."""

START_SECONDS = 30
STOP_SECONDS = 15
COMMAND_SECONDS = 120


def environment(**extra: str) -> dict[str, str]:
    """The environment of every process started here: this one's, without any setting of BotTrade."""
    foreign = {name: value for name, value in os.environ.items() if not name.startswith(("BOTTRADE_", "BOT_"))}
    return foreign | extra


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def typed(commands: str, folder: Path, **env: str) -> str:
    """What a shell in the folder, which is its user's home, says to commands that must succeed."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=folder,
        env=environment(**{"HOME": str(folder), **env}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def loopback_alone() -> str | None:
    """Why the tests must not run here, where a program under test could reach more than this machine."""
    interfaces = [name for _, name in socket.if_nameindex()]
    told = f"run these tests with ./test: they need a network of loopback alone, not {interfaces}"
    return None if interfaces == ["lo"] else told


class Binary:
    """The `bottrade` program."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, *arguments: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end; its exit code is for the caller to judge."""
        return subprocess.run(
            [self.path, *arguments],
            cwd=cwd or ROOT,
            env=environment(**env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def output(self, *arguments: str, **env: str) -> str:
        """Standard output of a command that must succeed."""
        done = self.run(*arguments, **env)
        assert done.returncode == 0, f"{arguments} ended with {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout


class Server:
    """One `bottrade serve` on a port and a data folder of its own, or as a plain `bottrade` has them."""

    def __init__(self, binary: Binary, folder: Path, *, plain: bool = False, **settings: str) -> None:
        self.binary, self.folder, self._settings = binary, folder, settings
        self.data_dir = folder / "data"
        self.port = 8080 if plain else free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        options = ["--listen", f"127.0.0.1:{self.port}", "--data-dir", str(self.data_dir)]
        self._command = [binary.path, *([] if plain else options)]
        self._stdout, self._stderr = folder / "stdout.txt", folder / "stderr.txt"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **env: str) -> None:
        """Starts it and waits until it answers. What it prints is of this start alone."""
        with self._stdout.open("wb") as stdout, self._stderr.open("wb") as stderr:
            self._process = subprocess.Popen(
                self._command,
                cwd=self.folder,
                env=environment(**self._settings, **env),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._healthy():
            ended = self._process.poll()
            assert ended is None, f"the server ended with {ended} at its start\n{self.log}"
            assert time.monotonic() < deadline, f"no answer in {START_SECONDS} s\n{self.log}"
            time.sleep(0.02)

    def stop(self) -> int:
        """Asks it to end as a service manager would (SIGTERM); its exit code."""
        assert self._process is not None, "the server was never started"
        self._process.terminate()
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_SECONDS)
            raise

    def expire_access_tokens(self) -> None:
        """Ends the hour of every access token; stopped for it, so that it knows none by heart, and started again."""
        assert self.stop() == 0
        with closing(sqlite3.connect(self.data_dir / "bottrade.sqlite")) as database, database:
            changed = database.execute("UPDATE tokens SET expires_at = created_at WHERE kind = 'access'").rowcount
        assert changed > 0, "there is no token"
        self.start()

    def close(self) -> None:
        """Leaves nothing running."""
        if self._process is not None and self._process.poll() is None:
            self.stop()

    def _healthy(self) -> bool:
        try:
            return httpx.get(f"{self.base}/api/health", timeout=2).json() == {"ok": True}
        except httpx.TransportError:
            return False

    def wait(self, seconds: float) -> int:
        """Waits for its end; its exit code."""
        assert self._process is not None, "the server was never started"
        return self._process.wait(seconds)

    @property
    def pid(self) -> int:
        """The id of its process."""
        assert self._process is not None, "the server was never started"
        return self._process.pid

    @property
    def banner(self) -> str:
        """What it printed on standard output."""
        return self._stdout.read_text()

    @property
    def log(self) -> str:
        """What it printed, both streams."""
        return f"{self._stdout.read_text()}{self._stderr.read_text()}"

    @property
    def key_file(self) -> Path:
        """Where the key of the account `local` is."""
        return self.data_dir / "api-key"

    @property
    def key(self) -> str:
        """The key of the account `local`."""
        return self.key_file.read_text().strip()

    def rest(self, key: str | None = None) -> httpx.Client:
        """A plain HTTP client of the REST door, by default with the key of `local`."""
        return httpx.Client(base_url=f"{self.base}/api/v1/", headers={"X-API-Key": key or self.key}, timeout=30)

    def command(self, *arguments: str, **env: str) -> str:
        """Output of a `bottrade` command that works on this server's data folder."""
        return self.binary.output(*arguments, "--data-dir", str(self.data_dir), **env)

    def login_link(self) -> str:
        """A link that signs the account `local` in, once."""
        return self.command("login-link", "--public-url", self.base).strip()


@contextmanager
def running(binary: Binary, folder: Path, **settings: str) -> Iterator[Server]:
    """A server on an empty data folder below this one, which is made; ended when it is done with."""
    folder.mkdir(exist_ok=True)
    server = Server(binary, folder, **settings)
    try:
        server.start()
        yield server
    finally:
        server.close()
