"""Pages: one module a page, each with its handlers in `ROUTES`; `room.app` collects them.

Enters: requests. Leaves: HTML from `templates/`, redirects, files. `security` stands around every answer (headers, nonce, origin
and CSRF checks), `auth` knows who is signed in, `access` which member of an interview a cookie stands for, `errors` turns what
goes wrong into a page with the words of the house.

Never here: rules of a session or of scoring, SQL, and anything that a GET would change.
"""
