"""The pure core of a session: what may happen, what has happened, and who may see it.

Enters: commands (wishes) with their author and time, and the current state. Leaves: events (facts), the next state, effects
for others to carry out, and the answer to "may this viewer see this event?". The live room, recovery, replay, export and
every page use these same functions.

Never here: asyncio, a clock, randomness, input or output. Times, ids and randomness come in as values.
"""
