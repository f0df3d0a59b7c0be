"""The site around every page: its language, its frame, its assets and who is signed in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import quote
from uuid import UUID

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse

from console.actions.staff.people import list_organisations
from console.actions.staff.sign_in import SignedIn
from console.desk import House
from console.i18n import Language, language_of, spoken, t
from console.web.assets import Assets
from console.web.forms import form_cookie, form_token
from console.web.session import set_cookie, signed_in_of
from models.staff import OrganisationKind

LANGUAGE_COOKIE: Final = "lang"
HTML_LANG: Final[Mapping[Language, str]] = {Language.ZH: "zh-CN", Language.EN: "en"}
_BEIJING: Final = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Published:
    """The newest published list, as the landing page tells of it."""

    publisher: str
    number: str
    at: datetime
    agents: int
    address: str
    """Where on this site it is read."""


def _close_nothing(_session_id: UUID) -> None:
    """Nobody holds sockets open in a process without the console."""


def _count_nothing(_badge_id: str, _address: str) -> None:
    """Scans are counted where `console.app` has put a tally."""


def _nothing_published() -> Published | None:
    return None


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that a door to the web has at hand."""

    house: House
    assets: Assets
    templates: Environment
    newest_list: Callable[[], Published | None] = _nothing_published
    close_sockets: Callable[[UUID], None] = _close_nothing
    scanned: Callable[[str, str], None] = _count_nothing
    """Told of every scan: the badge's id, and the address that asked."""

    @classmethod
    def of(
        cls,
        house: House,
        *,
        newest_list: Callable[[], Published | None] = _nothing_published,
        close_sockets: Callable[[UUID], None] = _close_nothing,
        scanned: Callable[[str, str], None] = _count_nothing,
    ) -> "Site":
        assets = Assets.load()
        return cls(house, assets, _templates(assets), newest_list, close_sockets, scanned)

    def speak(self, request: HTTPConnection, *, anonymous: bool = False) -> Language:
        """Texts are from now on, in this request, in the language of whoever reads."""
        person = None if anonymous else self.signed_in(request)
        chosen = person.language if person else request.cookies.get(LANGUAGE_COOKIE)
        default = language_of(self.house.settings.language)
        language = language_of(chosen or request.headers.get("accept-language"), default)
        spoken.set(language)
        return language

    def signed_in(self, request: HTTPConnection) -> SignedIn | None:
        return signed_in_of(self.house, request)

    def page(  # noqa: PLR0913 - what a response has
        self,
        request: HTTPConnection,
        template: str,
        status: int = HTTPStatus.OK,
        *,
        headers: Mapping[str, str] | None = None,
        has_form: bool = False,
        anonymous: bool = False,
        **facts: Any,  # noqa: ANN401 - whatever the template shows
    ) -> HTMLResponse:
        """A page in the site's frame. It may ask the database who is signed in: use a thread.

        `has_form` gives the template `form_token`, to be sent back in the hidden field of that
        name. `anonymous` asks no database.
        """
        person = None if anonymous else self.signed_in(request)
        language = self.speak(request, anonymous=anonymous)
        cookie, is_new = form_cookie(self.house, request) if has_form else ("", False)
        body = self.templates.get_template(template).render(
            facts,
            person=person,
            lang=language,
            html_lang=HTML_LANG[language],
            here=_here(request),
            form_token=form_token(self.house, cookie) if has_form else "",
        )
        given = {"cache-control": "private, no-cache", "vary": "Cookie, Accept-Language"}
        given |= headers or {}
        if has_form or person is not None:
            given["cache-control"] = "no-store"
        response = HTMLResponse(body, status, headers=given)
        if is_new:
            set_cookie(self.house.settings, response, cookie, "channel-form")
        return response

    def platforms(self) -> Sequence[tuple[str, str]]:
        """Code and name of each marketplace that is known here."""
        return [
            (row.code, row.name)
            for row in list_organisations(self.house.desk())
            if row.kind is OrganisationKind.PLATFORM and row.disabled_at is None
        ]


def _here(request: HTTPConnection) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return quote(request.url.path + query, safe="")


def shown_day(at: datetime) -> str:
    """The day in Beijing, where the duties are."""
    return at.astimezone(_BEIJING).date().isoformat()


def shown_moment(at: datetime) -> str:
    """The moment in Beijing, to the second."""
    return f"{at.astimezone(_BEIJING):%Y-%m-%d %H:%M:%S}"


def _templates(assets: Assets) -> Environment:
    templates = Environment(
        loader=PackageLoader("console.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    names = cast("dict[str, object]", templates.globals)
    names |= {"t": t, "asset": assets.address}
    templates.filters |= {"day": shown_day, "moment": shown_moment}
    return templates
