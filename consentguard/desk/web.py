"""The desk as a web application: the one module that imports a web framework (Starlette, uvicorn, Jinja2)."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Any, Final
from urllib.parse import unquote

import uvicorn
from jinja2 import Environment, StrictUndefined, select_autoescape
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from consentguard.consent.codes import OF_THE_RUN
from consentguard.desk import lookup
from consentguard.desk.photos import QueuedPhoto
from consentguard.desk.safety import Gatekeeper, SessionSecrets, loopback
from consentguard.desk.said import Said
from consentguard.desk.session import Desk
from consentguard.desk.standing import ORDER
from consentguard.errors import CannotTell, ConsentGuardError, Refused, WrongUsage
from consentguard.files import MAX_FILE

_PAGE: Final = "consentguard.desk"
_SCRIPTS: Final = ("desk.js", "basics.js", "photo.js", "pointing.js", "deciding.js")
_FILES: Final = {**dict.fromkeys(_SCRIPTS, "text/javascript"), "desk.css": "text/css", "icon.svg": "image/svg+xml"}
_LARGEST_EDGE: Final = 2048

Handler = Callable[[Request], Awaitable[Response]]


class Page:
    """The desk's addresses, and what each answers."""

    def __init__(self, desk: Desk, keys: SessionSecrets) -> None:
        self._desk, self._keys = desk, keys
        self.last_request = time.monotonic()
        self.watched: str | None = None
        self.changed = threading.Event()

    def app(self, hosts: Callable[[], frozenset[str]]) -> Gatekeeper:
        """The application, behind its gatekeeper; `hosts` as there."""
        photo = "/api/photo/{id}"
        routes = [
            Route("/", self._html),
            Route("/page/{name}", self._file),
            Route("/api/queue", self._json(self._queue)),
            Route("/api/sit-down", self._json(self._sit_down), methods=["POST"]),
            Route("/api/register", self._json(self._register), methods=["POST"]),
            Route("/api/shown", self._json(self._shown), methods=["POST"]),
            Route("/api/take-back", self._json(self._take_back), methods=["POST"]),
            Route("/api/words", self._json(self._words), methods=["POST"]),
            Route("/api/drop", self._json(self._drop), methods=["POST"]),
            Route(photo, self._json(self._photo)),
            Route(f"{photo}/original", self._picture(self._original)),
            Route(f"{photo}/preview", self._picture(self._preview)),
            Route(f"{photo}/choices", self._json(self._choices)),
            Route(f"{photo}/say", self._json(self._say), methods=["POST"]),
            Route(f"{photo}/release", self._json(self._release), methods=["POST"]),
            Route(f"{photo}/refuse", self._json(self._refuse), methods=["POST"]),
            Route(f"{photo}/undo", self._json(self._undo), methods=["POST"]),
            Route(f"{photo}/post", self._json(self._post), methods=["POST"]),
        ]
        return Gatekeeper(Starlette(routes=routes), self._keys, hosts)

    # -- the page itself

    async def _html(self, request: Request) -> Response:
        text = resources.files(_PAGE).joinpath("page", "desk.html").read_text("utf-8")
        template = Environment(autoescape=select_autoescape(default=True), undefined=StrictUndefined).from_string(text)
        desk = self._desk
        page = template.render(
            key=self._keys.script, first=desk.first or "", by=desk.by, channel=desk.channel,
            classes=lookup.classes(desk.guard), account=desk.guard.policy.channel(desk.channel).account,
            posts=desk.account.can_post,
            nobody=any(name.casefold() == desk.by.casefold() for name in desk.guard.policy.nobody_by),
        )  # fmt: skip
        return HTMLResponse(page)

    async def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _FILES:
            return PlainTextResponse("There is no such page.", 404)
        return Response(resources.files(_PAGE).joinpath("page", name).read_bytes(), media_type=_FILES[name])

    # -- what the page asks

    def _json(self, answer: Callable[[Request, dict[str, Any]], Any]) -> Handler:
        """Answers with JSON, in a thread of its own: photos take a while. Errors become sentences for the page."""

        async def handle(request: Request) -> Response:
            self.last_request = time.monotonic()
            try:
                body = await _body(request)
                return JSONResponse(await run_in_threadpool(answer, request, body))
            except Refused as error:
                return JSONResponse({"error": str(error), "verdict": error.verdict.as_json()}, 409)
            except WrongUsage as error:
                return JSONResponse({"error": str(error)}, 400)
            except ConsentGuardError as error:
                return JSONResponse({"error": str(error)}, 422)

        return handle

    def _picture(self, picture: Callable[[Request], bytes | None]) -> Handler:
        async def handle(request: Request) -> Response:
            self.last_request = time.monotonic()
            try:
                data = await run_in_threadpool(picture, request)
            except ConsentGuardError as error:
                return PlainTextResponse(str(error), 422)
            return Response(status_code=204) if data is None else Response(data, media_type="image/jpeg")

        return handle

    def _one(self, request: Request) -> QueuedPhoto:
        return self._desk.photo(request.path_params["id"])

    def _queue(self, request: Request, body: dict[str, Any]) -> Any:
        asked = request.query_params
        state = asked.get("state") or None
        if state is not None and state not in ORDER:
            raise WrongUsage(f"no photo can be in the state {state!r}")
        return self._desk.queue(state, _whole(asked.get("start"), 0), min(_whole(asked.get("count"), 100), 500))

    def _sit_down(self, request: Request, body: dict[str, Any]) -> Any:
        self._desk.sit_down(str(body.get("by", "")))
        return {"by": self._desk.by}

    def _register(self, request: Request, body: dict[str, Any]) -> Any:
        return {
            "people": lookup.people(self._desk.guard, self._desk.channel, str(body.get("text", "")), body.get("class"))
        }

    def _shown(self, request: Request, body: dict[str, Any]) -> Any:
        return {"releases": lookup.shown(self._desk.guard, str(body.get("id", "")))}

    def _take_back(self, request: Request, body: dict[str, Any]) -> Any:
        done = self._desk.take_back(str(body.get("sha256", "")), str(body.get("why", "")))
        return {"deleted": done.deleted, "left": done.left}

    def _post(self, request: Request, body: dict[str, Any]) -> Any:
        return {"link": self._desk.post(self._one(request), str(body.get("text", "")), str(body.get("alt", "")))}

    def _words(self, request: Request, body: dict[str, Any]) -> Any:
        desk, caption, alt = self._desk, str(body.get("caption", "")), str(body.get("alt", ""))
        return {"findings": lookup.words(desk.guard, desk.channel, caption, alt)}

    def _drop(self, request: Request, body: dict[str, Any]) -> Any:
        name = unquote(request.headers.get("x-photo-name", "photo"))  # not in the address, which browsers keep
        return {"id": self._desk.photos.drop(name, body.get("raw", b"")).id}

    def _photo(self, request: Request, body: dict[str, Any]) -> Any:
        photo = self._one(request)
        self.watched = photo.id
        self.changed.set()
        return self._told(photo)

    def _told(self, photo: QueuedPhoto, said: Said | None = None) -> dict[str, Any]:
        desk = self._desk
        verdict, so_far = desk.verdict(photo, said), desk.said(photo)
        suggested, not_compared = self._suggested(photo)
        about = {"id": photo.id, "said": so_far.as_json(), "size": desk.size(photo), "suggested": suggested,
                 "described": lookup.description(desk.guard, verdict, so_far), "copy": desk.released_copy(photo),
                 "caption": so_far.caption, "alt": so_far.alt}  # fmt: skip
        told = verdict.as_json()
        of_the_run = [each["message"] for each in told["findings"] if each["rule"] in OF_THE_RUN]  # said once, above
        told["findings"] = [each for each in told["findings"] if each["rule"] not in OF_THE_RUN]
        return {**told, **about, "state": desk.state(photo), "of_the_run": [*of_the_run, *not_compared]}

    def _suggested(self, photo: QueuedPhoto) -> tuple[dict[str, Any], list[str]]:
        """Whom faces are like, and where they cannot be compared why: the photo is tagged by hand all the same."""
        try:
            return lookup.named(self._desk.guard, self._desk.channel, self._desk.suggestions(photo)), []
        except CannotTell as error:
            return {}, [f"nobody is suggested: {error}"]

    def _original(self, request: Request) -> bytes | None:
        return self._desk.original(
            self._one(request), min(_whole(request.query_params.get("edge"), 1280), _LARGEST_EDGE)
        )

    def _preview(self, request: Request) -> bytes | None:
        return self._desk.preview(self._one(request), _whole(request.query_params.get("edge"), 480))

    def _choices(self, request: Request, body: dict[str, Any]) -> Any:
        return {"choices": self._desk.choices(self._one(request))}

    def _say(self, request: Request, body: dict[str, Any]) -> Any:
        return self._told(self._one(request), Said.from_json(body))

    def _release(self, request: Request, body: dict[str, Any]) -> Any:
        photo = self._one(request)
        decided = self._desk.release(photo)
        return {"sha256": decided.sha256, "output": decided.output, "state": self._desk.state(photo)}

    def _refuse(self, request: Request, body: dict[str, Any]) -> Any:
        photo = self._one(request)
        self._desk.refuse(photo, str(body.get("why", "")))
        return {"state": self._desk.state(photo)}

    def _undo(self, request: Request, body: dict[str, Any]) -> Any:
        photo = self._one(request)
        self._desk.undo(photo)
        return self._told(photo)


async def _body(request: Request) -> dict[str, Any]:
    """What the page sent: JSON, or the bytes of a photo under `raw`. Raises WrongUsage."""
    if request.method != "POST":
        return {}
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > MAX_FILE:
            raise CannotTell(f"the photo is over {MAX_FILE // 1_000_000} MB; export it smaller and try again.")
    if request.headers.get("content-type", "").startswith("application/octet-stream"):
        return {"raw": bytes(data)}
    try:
        sent = await asyncio.to_thread(_parsed, bytes(data))
    except (ValueError, RecursionError) as error:
        raise WrongUsage("the page sent what the desk does not know; load it again") from error
    return sent


def _parsed(data: bytes) -> dict[str, Any]:
    sent = json.loads(data or b"{}")
    if not isinstance(sent, dict):
        raise ValueError("not an object")  # noqa: TRY004  (what the caller turns into one sentence)
    return sent


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else default


def serve(
    desk: Desk,
    *,
    host: str,
    port: int,
    idle_minutes: float,
    tell: Callable[[str], None],
) -> None:
    """Serves the desk until nobody has used it for a while, or it is interrupted.

    Args:
        desk: the photos and what is decided of them.
        host: an address of this computer; WrongUsage for any other.
        port: 0 takes a free one.
        idle_minutes: after so many without a request it ends.
        tell: is called once with the address to open.
    """
    keys = SessionSecrets()
    page = Page(desk, keys)
    places: set[str] = set()
    config = uvicorn.Config(
        page.app(lambda: frozenset(places)), host=loopback(host), port=port, log_config=None, access_log=False,
        lifespan="off", server_header=False, date_header=False,
    )  # fmt: skip
    with config.bind_socket() as listening:
        bound = listening.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        places.update({f"{shown}:{bound}", f"localhost:{bound}"})
        server = uvicorn.Server(config)
        ahead = threading.Thread(target=_ahead, args=(page, desk, server), daemon=True)
        ahead.start()
        threading.Thread(target=_idle, args=(page, server, idle_minutes * 60), daemon=True).start()
        listening.listen()  # before anybody is told
        tell(f"http://{shown}:{bound}/?key={keys.entry}")
        try:
            server.run(sockets=[listening])
        finally:
            server.should_exit = True
            page.changed.set()
            ahead.join()  # the inference engine does not survive an interpreter that goes away beneath it


def _ahead(page: Page, desk: Desk, server: uvicorn.Server) -> None:
    """Judges the next photos while a person looks at one."""
    while not server.should_exit:
        if not desk.look_ahead(page.watched):
            page.changed.wait(2)
            page.changed.clear()


def _idle(page: Page, server: uvicorn.Server, seconds: float) -> None:
    while not server.should_exit:
        time.sleep(min(5.0, seconds / 4))
        if time.monotonic() - page.last_request > seconds:
            server.should_exit = True
