"""Room: the place where a live technical interview happens and becomes evidence.

`session` decides (pure), `realtime` carries it over sockets, `sandbox` runs code in containers, `replay` reads the
journal again, `scoring` turns ratings into a report, `desk` is the interviewer's side of things, `store` keeps rows,
and `web` shows pages. `app` puts them together; `__main__` is the command line; `config` alone reads the environment.

Imports point down only: web, app → realtime, replay, scoring, desk → sandbox, store → session.
"""

__version__ = "0.1.0"
