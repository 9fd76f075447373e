"""Room: the place where a live technical interview happens and becomes evidence.

`session` decides (pure), `realtime` carries it over sockets, `sandbox` runs code in containers, `replay` reads the
journal again, `scoring` turns ratings into a report, `desk` is the interviewer's side of things, `store` keeps rows,
and `web` shows pages. `app` puts them together; `__main__` is the command line; `config` alone reads the environment;
`native` finds the live room's inner loop in its compiled form.

Imports point down only: web, app → realtime, replay, scoring, desk → sandbox, store → session.
"""

from room import config, native

__version__ = "0.1.0"

native.install(is_wanted=config.wants_compiled())
