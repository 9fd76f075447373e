"""The log of a process: one line a fact on standard error, as text for people or JSON for machines (ROOM_LOG).

Standard output belongs to what a command answers, so that `room demo --json` can be read by a program. What libraries
report through the standard library's logging comes out in the same form, from warnings up.
"""

import logging
import sys

import structlog
import structlog.tracebacks
from structlog.typing import Processor

from room.config import LogStyle

TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)
"""Without local variables: they hold code, notes, links and cookies."""


def configure(style: LogStyle) -> None:
    """Set the form for the whole process; called once, by the command line."""
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor]
    if style == "json":
        last = [TRACEBACKS, structlog.processors.JSONRenderer()]
    else:
        last = [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    structlog.configure(
        processors=[*before, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: StandardError(),
    )
    handler = StandardErrorHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    for earlier in [one for one in root.handlers if isinstance(one, StandardErrorHandler)]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)


class StandardError:
    """Where structlog's lines go: what `sys.stderr` is at that moment, which tests and daemons replace."""

    def msg(self, line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    debug = info = warning = error = critical = exception = fatal = log = msg


class StandardErrorHandler(logging.Handler):
    """The same place for the lines of the standard library's logging."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(self.format(record) + "\n")
        sys.stderr.flush()
