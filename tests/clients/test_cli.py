"""The program on the command line: first start, keys, restart, scenarios, and words for what goes wrong."""

from __future__ import annotations

import os
import pty
import re
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from bottrade_server import ROOT, Binary, Server, environment, free_port
from browser import Browser

SANDBOX = "sandbox-nov-2024"
KEY = re.compile(r"\bbt_[0-9A-Za-z]{40,}\b")


@pytest.fixture
def fresh(binary: Binary, tmp_path: Path) -> Iterator[Server]:
    """A server with an empty data folder that is not started yet."""
    server = Server(binary, tmp_path)
    yield server
    server.close()


def test_first_start_says_how_to_connect(fresh: Server) -> None:
    fresh.start()
    banner = fresh.banner
    assert f"{fresh.base}/" in banner
    assert f"{fresh.base}/mcp" in banner
    assert f"claude mcp add --transport http bottrade {fresh.base}/mcp --header " in banner
    assert str(fresh.key_file) in banner
    assert KEY.search(fresh.log) is None, "the key is not for log files"


def test_first_start_makes_a_key_only_its_owner_reads(fresh: Server) -> None:
    fresh.start()
    assert stat.S_IMODE(fresh.key_file.stat().st_mode) == 0o600
    assert KEY.fullmatch(fresh.key)
    with fresh.rest() as rest:
        assert rest.get("runs").raise_for_status().json()["runs"] == []


def read_terminal(terminal: int, until: str, seconds: float = 20) -> str:
    """What a program writes to its terminal, until a text appears."""
    deadline, said = time.monotonic() + seconds, ""
    os.set_blocking(terminal, False)
    while until not in said and time.monotonic() < deadline:
        try:
            said += os.read(terminal, 65_536).decode()
        except BlockingIOError:
            time.sleep(0.02)
    return said


def test_first_start_shows_the_key_on_a_terminal(binary: Binary, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [binary.path, "--listen", f"127.0.0.1:{free_port()}", "--data-dir", tmp_path / "data"]
    process = subprocess.Popen(command, env=environment(), stdin=theirs, stdout=theirs, stderr=theirs)
    try:
        os.close(theirs)
        said = read_terminal(ours, until="claude mcp add")
        key = (tmp_path / "data" / "api-key").read_text().strip()
        assert key in said
    finally:
        process.terminate()
        process.wait(15)
        os.close(ours)


def test_a_full_standard_output_stops_nothing(binary: Binary, tmp_path: Path) -> None:
    """Nor does a closed one: where the server is can be known otherwise."""
    for number, redirected in enumerate((">/dev/full", ">&-")):
        port, folder = free_port(), tmp_path / str(number)
        command = f'exec "$0" --listen 127.0.0.1:{port} --data-dir "$1" {redirected}'
        with subprocess.Popen(["sh", "-c", command, binary.path, folder], env=environment()) as process:
            try:
                wait_for_answer(f"http://127.0.0.1:{port}/api/health")
                assert process.poll() is None
            finally:
                process.terminate()
            assert process.wait(15) == 0


def wait_for_answer(url: str, seconds: float = 20) -> None:
    """Returns when somebody answers there that all is well."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            assert httpx.get(url, timeout=5).json() == {"ok": True}
        except httpx.TransportError:
            assert time.monotonic() < deadline, "nobody answers"
            time.sleep(0.05)
        else:
            return


def test_a_pasted_claude_line_carries_the_key(binary: Binary, tmp_path: Path) -> None:
    """A shell in another folder makes of it what Claude Code needs, wherever the server was started."""
    folder = tmp_path / "my bots"
    folder.mkdir()
    server = Server(binary, folder, plain=True)
    try:
        server.start()
        line = next(line for line in server.banner.splitlines() if "claude mcp add" in line)
        script = f'claude() {{ printf "%s\\n" "$@"; }}\n{line}'
        pasted = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=10, check=True, cwd="/")
        said = [
            *"mcp add --transport http bottrade".split(),
            f"{server.base}/mcp",
            "--header",
            f"X-API-Key: {server.key}",
        ]
        assert (pasted.stderr, pasted.stdout.splitlines()) == ("", said)
    finally:
        server.close()


def test_sigterm_right_after_the_banner_is_a_clean_end(binary: Binary, tmp_path: Path) -> None:
    """Who has read where the server is may already stop it."""
    for _ in range(5):
        command = [binary.path, "--listen", "127.0.0.1:0", "--data-dir", tmp_path / "data"]
        with subprocess.Popen(command, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
            assert any(b"claude mcp add" in line for line in process.stdout)
            process.terminate()
            assert process.wait(15) == 0


HALF_REQUESTS = {
    "nothing": b"",
    "half a line": b"GET /api/health",
    "half a body": b"POST /api/v1/runs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{",
}


@pytest.mark.parametrize("sent", HALF_REQUESTS.values(), ids=HALF_REQUESTS.keys())
def test_sigterm_ends_it_though_a_client_hangs(fresh: Server, sent: bytes) -> None:
    """Whoever stops a service does not wait for a client that never finishes its request."""
    fresh.start()
    with socket.create_connection(("127.0.0.1", fresh.port)) as hanging:
        hanging.sendall(sent)
        time.sleep(0.2)  # It must have been read.
        assert fresh.stop() == 0


def test_a_key_made_while_the_server_runs_works(fresh: Server) -> None:
    fresh.start()
    made = fresh.command("key", "create", "--name", "second").strip()
    assert KEY.fullmatch(made)
    assert made != fresh.key
    with fresh.rest() as first, fresh.rest(made) as second:
        run_id = first.post("runs", json={"scenario_slug": SANDBOX}).raise_for_status().json()["run"]["id"]
        second.get(f"runs/{run_id}").raise_for_status()  # Of the same account.


def test_a_second_start_keeps_the_key(fresh: Server) -> None:
    fresh.start()
    first = fresh.key_file.read_bytes()
    assert fresh.stop() == 0
    fresh.start()
    assert fresh.key_file.read_bytes() == first
    assert str(fresh.key_file) in fresh.banner
    with fresh.rest() as rest:
        rest.get("runs").raise_for_status()


def test_a_second_server_is_kept_off_the_data(fresh: Server) -> None:
    """Each would answer from its own memory."""
    fresh.start()
    data = str(fresh.key_file.parent)
    other = fresh.binary.run("serve", "--listen", "127.0.0.1:0", "--data-dir", data)
    assert other.returncode == 1
    assert f"another server uses {data}" in other.stderr
    with fresh.rest() as rest:
        rest.get("runs").raise_for_status()


def test_a_restart_serves_the_same_bytes(fresh: Server) -> None:
    """A finished, a published and a half-played run with a waiting order outlive the process."""
    fresh.start()
    with fresh.rest() as rest:
        paths = []
        for steps in (100, 3):
            run = rest.post("runs", json={"scenario_slug": SANDBOX, "bot_name": "survivor"}).raise_for_status()
            at = f"runs/{run.json()['run']['id']}"
            order = {"symbol": "AAPL", "side": "buy", "quantity": 10, "reasoning": "Outlive it."}
            rest.post(f"{at}/trades", json=order).raise_for_status()
            rest.post(f"{at}/step", json={"count": steps}).raise_for_status()
            paths += [at, f"{at}/trades", f"{at}/equity", f"{at}/market?lookback=20"]
            if steps == 3:
                waiting = {"symbol": "MSFT", "side": "buy", "quantity": 1, "order_type": "limit", "limit_price": 1}
                rest.post(f"{at}/trades", json=waiting).raise_for_status()
            else:
                rest.post(f"{at}/publish").raise_for_status()
                paths += [f"{at}/results", f"{at}/public", f"leaderboard?scenario={SANDBOX}"]
        paths.append("runs")
        before = {path: rest.get(path).raise_for_status().content for path in paths}
    assert fresh.stop() == 0
    fresh.start()
    with fresh.rest() as rest:
        for path in paths:
            assert rest.get(path).raise_for_status().content == before[path], path
        assert rest.get(at).json()["queued_orders"][0]["symbol"] == "MSFT"
        rest.post(f"{at}/step", json={"count": 1}).raise_for_status()


def test_a_misspelt_setting_is_noticed(fresh: Server) -> None:
    fresh.start(BOTTRADE_DATADIR="/nowhere")
    assert "BOTTRADE_DATADIR" in fresh.log
    assert "BOTTRADE_DATA_DIR" in fresh.log


def test_settings_of_the_client_are_no_mistake(binary: Binary, tmp_path: Path) -> None:
    done = binary.run("scenario", "list", BOTTRADE_API="http://127.0.0.1:9", BOTTRADE_API_KEY="k")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_taken_port_is_named(fresh: Server, tmp_path: Path) -> None:
    fresh.start()
    address = f"127.0.0.1:{fresh.port}"
    done = fresh.binary.run("--listen", address, "--data-dir", str(tmp_path / "other"))
    assert done.returncode != 0
    assert address in done.stderr


def test_scenarios_are_listed(binary: Binary) -> None:
    listed = binary.output("scenario", "list")
    folders = [it.name for it in (ROOT / "scenarios").iterdir() if it.is_dir()]
    assert [slug for slug in folders if slug not in listed] == []


def test_scenarios_pass_their_check(binary: Binary) -> None:
    folders = sorted(str(it) for it in (ROOT / "scenarios").iterdir() if it.is_dir())
    checked = binary.output("scenario", "check", *folders)
    digests = re.findall(r"\b[0-9a-f]{64}\b", checked)
    assert len(set(digests)) == len(folders)


def verbs(binary: Binary, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every verb that the help of another one names."""
    yield path
    _, _, commands = binary.output(*path, "--help").partition("Commands:\n")
    for verb in re.findall(r"^  (\w[\w-]*)", commands.partition("\n\n")[0], re.MULTILINE):
        if verb != "help":
            yield from verbs(binary, (*path, verb))


def test_every_verb_has_help(binary: Binary) -> None:
    known = list(verbs(binary))
    assert {("serve",), ("key", "create"), ("scenario", "check"), ("play",)} <= set(known)
    for verb in known:
        assert "Usage:" in binary.output(*verb, "--help"), verb


def test_play_shows_a_scorecard(server: Server) -> None:
    local = server.binary.output("play", "--scenario", SANDBOX, "--bot", "momentum")
    remote = server.binary.output(
        "play", "--scenario", SANDBOX, "--bot", "momentum", BOTTRADE_API=server.base, BOTTRADE_API_KEY=server.key
    )
    for card in (local, remote):
        assert f"momentum on {SANDBOX}" in card
        assert "cannot tell this from luck" in " ".join(card.split())
        assert "Sharpe (annual)" in card
    assert "Attempt 1 of 1 by this account" in " ".join(remote.split())


@pytest.mark.parametrize("where", ["in process", "on a server"])
def test_play_with_an_unknown_scenario_offers_the_nearest(server: Server, where: str) -> None:
    there = [] if where == "in process" else ["--server", server.base, "--key", server.key]
    done = server.binary.run("play", "--scenario", "sandbox-nov-2042", *there)
    assert done.returncode != 0
    assert 'no scenario with id or slug "sandbox-nov-2042"' in done.stderr
    assert SANDBOX in done.stderr


@pytest.mark.parametrize("where", ["in process", "on a server"])
def test_play_with_a_wild_name_says_where_the_names_are(server: Server, where: str) -> None:
    there = [] if where == "in process" else ["--server", server.base, "--key", server.key]
    done = server.binary.run("play", "--scenario", "nope", *there)
    assert done.returncode != 0
    assert 'no scenario with id or slug "nope"' in done.stderr
    assert "list" in done.stderr or "did you mean" in done.stderr


def test_play_with_an_unknown_bot_lists_the_bots(binary: Binary) -> None:
    done = binary.run("play", "--bot", "nope")
    assert done.returncode != 0
    assert all(bot in done.stderr for bot in ("nope", "buy_hold", "equal_weight", "momentum", "random"))


def test_play_says_what_is_wrong_with_server_or_key(server: Server) -> None:
    no_key = server.binary.run("play", "--server", server.base)
    assert (no_key.returncode, "BOTTRADE_API_KEY" in no_key.stderr) == (1, True)
    bad_key = server.binary.run("play", "--server", server.base, "--key", "bt_nope")
    assert (bad_key.returncode, "Invalid API key" in bad_key.stderr) == (1, True)
    nobody = f"http://127.0.0.1:{free_port()}"
    no_server = server.binary.run("play", "--server", nobody, "--key", "k")
    assert (no_server.returncode, f"cannot reach {nobody}" in no_server.stderr) == (1, True)


def test_a_login_link_signs_local_in_once(fresh: Server) -> None:
    fresh.start()
    link = fresh.login_link()
    assert re.fullmatch(rf"{re.escape(fresh.base)}/login/link/bt_ticket_[0-9A-Za-z]+", link)
    by_port = fresh.command("login-link", "--listen", f"127.0.0.1:{fresh.port}")
    assert by_port.startswith(f"{fresh.base}/login/link/")
    assert by_port.strip() != link
    with Browser(fresh.base) as browser:
        page = browser.press(browser.open(link), "Sign in")
        assert page.url == f"{fresh.base}/account"
        assert "used before" in browser.open(link).text


def test_a_login_link_is_for_the_own_computer(fresh: Server) -> None:
    fresh.start()
    data = ("--data-dir", str(fresh.data_dir))
    done = fresh.binary.run("login-link", "--public-url", "https://bottrade.example", *data)
    assert (done.returncode, done.stdout) == (1, "")
    assert "on the server's own computer alone" in done.stderr


def test_a_login_link_needs_the_account(fresh: Server, tmp_path: Path) -> None:
    done = fresh.binary.run("login-link", "--data-dir", str(tmp_path / "none"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no database at" in done.stderr
    assert not (tmp_path / "none").exists()
    # Where people sign in through a provider there is no account `local`.
    oidc = {"BOTTRADE_OIDC_ISSUER": "http://127.0.0.1:9", "BOTTRADE_OIDC_CLIENT_ID": "id"}
    fresh.start(**oidc, BOTTRADE_OIDC_CLIENT_SECRET="secret")
    done = fresh.binary.run("login-link", "--public-url", fresh.base, "--data-dir", str(fresh.data_dir))
    assert (done.returncode, done.stdout) == (1, "")
    assert "no link for the account `local`: no such account" in done.stderr
