"""The demo: one finished interview that a newcomer can look at, and one that is ready to be held.

Enters: the storyboard of the package (``content/demo_session.yaml``) and a runner. Leaves: an ordinary account with an
ordinary session, played through the real room with a clock that is moved by hand: commands, edits, runs, pins, two
scorecards, a report. Nothing of it is written into tables by a back door, so what it shows is what the product does.

Marked as demo, answers on loopback only, counts nowhere and goes with one press.
"""
