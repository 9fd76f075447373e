"""From moments to a judgement that another person can check, and to the report that a company decides on.

Enters: a rubric, the folded state of a session, pins, the ratings and words that people wrote. Leaves: what still keeps a
scorecard from being signed, where two raters agree, the frozen report as canonical JSON with its SHA-256, its charts as
SVG, its page as HTML and its PDF.

Everything but `render` is pure; `render` alone knows WeasyPrint and runs it in a limited child process.

Never here: a total over competencies, a ranking of people, a suggested decision. The rubric's own arithmetic exists, and is
shown to the scorer alone, after signing. How much or how fast a person types is never measured.
"""
