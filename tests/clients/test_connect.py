"""A client without OAuth that keeps the session it was given: a person connects it by a link, and it plays."""

from __future__ import annotations

from collections.abc import Iterator

import anyio
import anyio.to_thread
import pytest
from bottrade_server import Server
from browser import Browser, Page
from mcp import MCPError
from test_mcp import SANDBOX, called, connected
from test_oauth import play

pytestmark = pytest.mark.anyio

KEEPS_SESSIONS = "legacy"
"""The mode in which the client speaks a revision with sessions."""
YES, NO = "Yes, and my program shows this code", "No"
WAIT_SECONDS = 25
"""More than a person of this file takes, less than the client's own patience."""


@pytest.fixture
def person(server: Server) -> Iterator[Browser]:
    """A browser that is signed in."""
    with Browser(server.base) as browser:
        browser.sign_in(server)
        yield browser


def asked(person: Browser, link: dict) -> Page:
    """The page behind a link, which shows what the program shows."""
    page = person.open(link["login_url"])
    assert isinstance(page, Page) and page.status == 200, page
    assert "Did you start this yourself?" in page.text
    assert link["code"] in page.text
    return page


async def test_a_person_connects_a_session_and_it_plays(server: Server, person: Browser) -> None:
    async with connected(server, mode=KEEPS_SESSIONS) as client, connected(server, mode=KEEPS_SESSIONS) as other:
        assert (await called(client, "auth_status"))["status"] == "auth_required"
        link = await called(client, "connect_bottrade", wait_seconds=WAIT_SECONDS)
        assert (link["status"], link["next_action"]) == ("pending", "open_login_url")
        with pytest.raises(MCPError) as refused:
            await called(client, "start_run", scenario_slug=SANDBOX)
        assert refused.value.error.data["login_url"] == link["login_url"]
        assert link["login_url"] in refused.value.error.message

        heard = {}

        async def wait() -> None:
            heard.update(await called(client, "connect_bottrade", wait_seconds=WAIT_SECONDS))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            page = await anyio.to_thread.run_sync(asked, person, link)
            answered = await anyio.to_thread.run_sync(person.press, page, YES)
            assert "Connected" in answered.text
        assert (heard["status"], heard["account"]) == ("connected", "local")
        run_id = await play(client)
        with server.rest() as rest:
            assert rest.get(f"runs/{run_id}").status_code == 200
            (grant,) = [it for it in rest.get("grants").json()["grants"] if it["client_id"] == "connect_bottrade"]
            # Another session of the same program is another one.
            assert (await called(other, "auth_status"))["status"] == "auth_required"
            rest.delete(f"grants/{grant['grant_id']}").raise_for_status()
        with pytest.raises(MCPError):
            await called(client, "get_run", run_id=run_id)
        assert (await called(client, "connect_bottrade"))["status"] == "auth_required"


async def test_a_person_says_no(server: Server, person: Browser) -> None:
    async with connected(server, mode=KEEPS_SESSIONS) as client:
        link = await called(client, "connect_bottrade")
        answered = person.press(asked(person, link), NO)
        assert "Nothing was allowed" in answered.text
        assert (await called(client, "auth_status"))["status"] == "auth_required"
        with pytest.raises(MCPError):
            await called(client, "start_run", scenario_slug=SANDBOX)


async def test_a_client_of_today_is_told_to_sign_in_by_itself(server: Server) -> None:
    async with connected(server) as client:
        told = await called(client, "connect_bottrade", wait_seconds=WAIT_SECONDS)
        assert (told["status"], told["next_action"]) == ("auth_required", "send_api_key")
        assert "sign in through your client's OAuth" in told["message"]
