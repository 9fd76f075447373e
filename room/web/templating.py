"""Pages from templates: escaped by default, with the words and times that every page may need."""

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Request
from litestar.connection import ASGIConnection
from litestar.response import Response

from room.desk import schedule
from room.sandbox.languages import LANGUAGES
from room.store import clients, interviews, questions
from room.web import auth
from room.web.assets import TEMPLATES, Assets
from room.web.markdown import to_html

assets = Assets()

BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def zone_label(zone: str) -> str:
    """What a zone field shows: the city where that alone names the zone again, else what was typed."""
    city = schedule.city(zone)
    return city if schedule.zone_of_city(city) == zone else zone


def browser_name(agent: str) -> str:
    """``Firefox on Linux`` from a User-Agent."""
    name = next((word for mark, word in BROWSERS if mark in agent), "A browser")
    system = next((word for mark, word in SYSTEMS if mark in agent), "")
    return f"{name} on {system}" if system else name


environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
environment.globals |= {"asset": assets.path, "parts": assets.parts, "zones": schedule.zones()}
environment.filters |= {
    "clock": schedule.clock,
    "clock_beside": schedule.clock_beside,
    "day": schedule.day,
    "date": schedule.date_in_words,
    "short_day": schedule.short_day,
    "short_time": schedule.short,
    "city": schedule.city,
    "zone_label": zone_label,
    "until": schedule.until,
    "took": schedule.took,
    "language": lambda key: LANGUAGES[key].label if key in LANGUAGES else key,
    "iso_day": lambda at_ms, zone: schedule.local(at_ms, zone).date().isoformat(),
    "browser_name": browser_name,
    "iso": lambda at_ms: datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(),
    "markdown": to_html,
    "first_name": lambda name: name.split(" ")[0],
    "initials": lambda name: "".join(word[0] for word in name.split()[:2]).upper(),
}


def page(
    request: Request[Any, Any, Any], template: str, status: int = 200, **context: Any
) -> Response[str]:
    """An answer from a template. It gets ``account``, ``csrf_token``, ``nonce``, ``settings``, ``now_ms``, ``counts``.

    Called from a handler's thread: it may read the database. A page of a member passes its own ``csrf_token``.
    """
    return Response(
        render(request, template, **context), status_code=status, media_type=MediaType.HTML
    )


def render(request: ASGIConnection[Any, Any, Any, Any], template: str, **context: Any) -> str:
    """The text alone, for a partial inside something else."""
    account, session = auth.find_account(request), auth.find_session(request)
    state = request.app.state
    given: dict[str, Any] = {
        "account": account,
        "csrf_token": session.csrf if session else "",
        "nonce": request.scope["state"].get("nonce", ""),
        "settings": state.settings,
        "now_ms": state.clock.wall_ms(),
        "counts": _counts(request) if account and "section" in context else {},
    }
    if "typed" in context:
        # A field that nobody has filled is empty.
        context["typed"] = defaultdict(str, context["typed"])
    return environment.get_template(template).render(given | context)


def _counts(request: ASGIConnection[Any, Any, Any, Any]) -> dict[str, int]:
    account = auth.find_account(request)
    if account is None:
        return {}
    with request.app.state.store.read() as conn:
        listed = interviews.list_for(conn, account.id)
        return {
            "interviews": sum(one.is_before for one in listed),
            "scorecards": sum(
                one.state in {"ended", "scored"} and not one.is_demo for one in listed
            ),
            "questions": len(questions.list_for(conn, account.id)),
            "clients": len(clients.list_for(conn, account.id)),
        }
