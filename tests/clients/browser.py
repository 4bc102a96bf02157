"""A person at a browser: opens pages and presses their buttons, and sends nothing that a page does not contain."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx
from bottrade_server import Server

HOPS_MAX = 10
"""Redirects that follow one another."""
REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True)
class Button:
    """A button of a form, with what it adds to it."""

    label: str
    name: str | None
    value: str


@dataclass
class Form:
    """A form as it stands on the page."""

    method: str
    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    """What it sends: fields and ticked boxes."""
    boxes: list[tuple[str, str]] = field(default_factory=list)
    """Those that are boxes."""
    texts: set[str] = field(default_factory=set)
    """The names of the fields that the person can write into."""
    buttons: list[Button] = field(default_factory=list)


class _Reader(HTMLParser):
    """Finds the forms and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self.text = ""
        self._button: dict[str, str | None] | None = None
        self._link: str | None = None
        self._label = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self.forms.append(Form((attributes.get("method") or "get").upper(), attributes.get("action") or ""))
        elif tag == "input":
            self._input(attributes)
        elif tag == "button":
            self._button, self._label = attributes, ""
        elif tag == "a":
            self._link, self._label = attributes.get("href"), ""

    def _input(self, attributes: dict[str, str | None]) -> None:
        kind = attributes.get("type") or "text"
        assert kind in {"hidden", "text", "password", "checkbox", "submit"}, f"this browser knows no input of type {kind}"
        name, value = attributes.get("name"), attributes.get("value")
        if kind == "submit":
            self.forms[-1].buttons.append(Button(value or "Submit", name, value or ""))
        elif name and kind in {"text", "password"}:
            self.forms[-1].fields.append((name, value or ""))
            self.forms[-1].texts.add(name)
        elif name and kind == "hidden":
            self.forms[-1].fields.append((name, value or ""))
        elif name and "checked" in attributes:
            self.forms[-1].fields.append((name, value or "on"))
            self.forms[-1].boxes.append((name, value or "on"))

    def handle_data(self, data: str) -> None:
        self.text += data
        self._label += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "button" and self._button is not None:
            label = " ".join(self._label.split())
            button = Button(label, self._button.get("name"), self._button.get("value") or "")
            self.forms[-1].buttons.append(button)
            self._button = None
        elif tag == "a" and self._link is not None:
            self.links[" ".join(self._label.split())] = self._link
            self._link = None


class Page:
    """Where the browser is."""

    def __init__(self, url: str, answer: httpx.Response) -> None:
        self.url, self.status = url, answer.status_code
        self.policy = answer.headers.get("content-security-policy", "")
        reader = _Reader()
        reader.feed(answer.text)
        self.forms, self.links = reader.forms, reader.links
        self.text = " ".join(reader.text.split())

    def form_with(self, label: str) -> tuple[Form, Button]:
        """The form that has this button, which must be the only one of its name."""
        found = [(form, button) for form in self.forms for button in form.buttons if button.label == label]
        assert len(found) == 1, f"{self.url} has {len(found)} buttons {label!r}: {self.text}"
        return found[0]


class Browser:
    """A window with its cookies. It is at one site; where that sends it away to, it goes only when told to."""

    def __init__(self, *sites: str) -> None:
        self.sites = {origin(it) for it in sites}
        self._http = httpx.Client(timeout=30)

    def open(self, url: str) -> Page | str:
        """Opens an address; where it leads to another site, that address is the answer."""
        return self._send("GET", url)

    def press(
        self, page: Page | str, label: str, untick: set[str] = frozenset(), write: dict[str, str] | None = None
    ) -> Page | str:
        """Presses a button of a page, after boxes of its form were unticked and its fields written into."""
        assert isinstance(page, Page), f"the browser was sent to {page}"
        form, button = page.form_with(label)
        unticked = [it for it in form.boxes if it[1] in untick]
        assert len(unticked) == len(untick), f"the boxes are {form.boxes}"
        written = write or {}
        assert written.keys() <= form.texts, f"the fields are {form.texts}"
        pressed = [(button.name, button.value)] if button.name else []
        left = [(name, written.get(name, value)) for name, value in form.fields if (name, value) not in unticked]
        fields = [*left, *pressed]
        to = urldefrag(urljoin(page.url, form.action)).url
        allowed = form_targets(page)
        may_go(to, allowed)
        if form.method == "GET":
            return self._send("GET", str(httpx.URL(to, params=fields)), allowed)
        # What a browser says of a form that its user sends off.
        headers = {"Origin": origin(page.url), "Sec-Fetch-Site": "same-origin"}
        assert origin(to) == origin(page.url), f"a form of {page.url} for {to}"
        return self._send("POST", to, allowed, headers=headers, data=_by_name(fields))

    def follow(self, page: Page | str, label: str) -> Page | str:
        """Follows a link of a page."""
        assert isinstance(page, Page), f"the browser was sent to {page}"
        return self.open(urljoin(page.url, page.links[label]))

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def sign_in(self, server: Server) -> None:
        """Signs in to the account `local` by a link of the operator."""
        page = self.press(self.open(server.login_link()), "Sign in")
        assert isinstance(page, Page) and (page.status, page.url) == (200, f"{server.base}/account"), page
        assert "Signed in as local." in page.text

    def allow(self, url: str, client: str, untick: set[str] = frozenset()) -> str:
        """Allows a client what it asks for at this address, but for some scopes; answers where it is told so."""
        page = self.open(url)
        assert isinstance(page, Page) and page.status == 200, page if isinstance(page, str) else page.text
        assert f"Allow {client} to act for you?" in page.text, page.text
        answer = self.press(page, "Allow", untick)
        assert isinstance(answer, str), answer.text
        return answer

    def _send(self, method: str, url: str, allowed: set[str] | None = None, **more: object) -> Page | str:
        for _ in range(HOPS_MAX):
            answer = self._http.request(method, url, **more)
            if answer.status_code not in REDIRECTS:
                return Page(url, answer)
            url, method, more = urljoin(url, answer.headers["location"]), "GET", {}
            if allowed is not None:
                may_go(url, allowed)
            if origin(url) not in self.sites:
                return url
        raise AssertionError(f"more than {HOPS_MAX} redirects, the last to {url}")


def origin(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def form_targets(page: Page) -> set[str]:
    """The origins and schemes to which the policy of a page lets its forms lead."""
    directives = [it.split() for it in page.policy.split(";")]
    sources = next((words[1:] for words in directives if words[:1] == ["form-action"]), ["*"])
    return {origin(page.url) if it == "'self'" else it for it in sources}


def may_go(url: str, allowed: set[str]) -> None:
    """Browsers stop a form, and the redirects that answer it, where the policy of its page does not name the target."""
    named = {origin(url), f"{urlsplit(url).scheme}:", "*"} & allowed
    assert named, f"the policy of the page lets its form lead to {sorted(allowed)}, not to {url}"


def _by_name(fields: list[tuple[str, str]]) -> dict[str, list[str]]:
    """The fields as httpx takes them; those of one name keep their order."""
    sent: dict[str, list[str]] = {}
    for name, value in fields:
        sent.setdefault(name, []).append(value)
    return sent
