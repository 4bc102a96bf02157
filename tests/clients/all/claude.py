"""Claude Code as its user has it: added servers, sign-in at a terminal, and a prompt."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from model import Model
from packages import Packages
from script import LAST_WORD

NOBODY = "http://127.0.0.1:9"
"""Instead of the hosted model, which some commands look for."""
SETTINGS = {
    "ANTHROPIC_API_KEY": "not-a-key",
    "ANTHROPIC_BASE_URL": NOBODY,
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
}
PROMPT = "play the scenario sandbox-nov-2024 on bottrade and tell me what the result is worth."
"""What README.md suggests to ask for."""
NAME = "Claude Code"
"""What its document calls it."""
LOGIN_SECONDS = 60
CONTROLS = re.compile(r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-9;?]*[A-Za-z]")
"""What tells a terminal how, not what."""


class Claude:
    """Claude Code in a home of its own."""

    def __init__(self, packages: Packages, home: Path) -> None:
        self.packages, self.home = packages, home
        # What the launcher beside it would run; there is one, for this machine.
        (self.program,) = packages.modules.glob("@anthropic-ai/claude-code-*/claude")

    def mcp(self, *arguments: str) -> str:
        """Output of a `claude mcp` command."""
        return self.packages.output(self.program, "mcp", *arguments, home=self.home, **SETTINGS)

    def add(self, base: str, key: str | None, query: str = "") -> str:
        """Connects to a server by the command that README.md has, or by the same without a key."""
        header = ["--header", f"X-API-Key: {key}"] if key else []
        return self.mcp("add", "--transport", "http", "bottrade", f"{base}/mcp{query}", *header)

    def login(self, ask: Callable[[str], str]) -> None:
        """Signs in at a terminal: `ask` is given the page to open, and answers where that sent the browser."""
        ours, theirs = pty.openpty()
        command = [self.program, "mcp", "login", "bottrade", "--no-browser"]
        env = self.packages.environment(self.home, **SETTINGS, TERM="xterm")
        process = subprocess.Popen(
            command, cwd=self.home, env=env, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        try:
            said = read_terminal(ours, "paste the redirect URL here:")
            url = re.search(r"^\s*(http\S+/oauth/authorize\?\S+)\s*$", said, re.MULTILINE)
            assert url, said
            os.write(ours, f"{ask(url[1])}\r".encode())
            said = read_terminal(ours, 'Authenticated with "bottrade".')
            assert process.wait(LOGIN_SECONDS) == 0, said
        finally:
            process.kill()
            process.wait()
            os.close(ours)

    @property
    def tokens(self) -> dict[str, Any]:
        """What it keeps of the only server that it signed in to."""
        kept = json.loads((self.home / ".claude" / ".credentials.json").read_text())
        (tokens,) = kept["mcpOAuth"].values()
        return tokens

    def play(self, model: Model, last_word: str = LAST_WORD, prompt: str = PROMPT) -> None:
        """Has a model do what the prompt says, to its last word."""
        command = [self.program, "-p", prompt, "--allowedTools", "mcp__bottrade", "--output-format", "json"]
        settings = SETTINGS | {"ANTHROPIC_BASE_URL": model.base}
        done = self.packages.run(*command, home=self.home, **settings)
        assert done.returncode == 0, done
        said = json.loads(done.stdout)
        assert (said["result"], said["is_error"], said["permission_denials"]) == (last_word, False, []), said


def read_terminal(terminal: int, until: str) -> str:
    """What a program writes to its terminal, until a text appears."""
    deadline, said = time.monotonic() + LOGIN_SECONDS, b""
    while until not in (text := CONTROLS.sub("", said.decode(errors="replace"))):
        assert time.monotonic() < deadline, text
        if select.select([terminal], [], [], 1)[0]:
            said += os.read(terminal, 65_536)
    return text
