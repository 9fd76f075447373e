"""The recording of a session as something to look at: any moment of it, for one viewer.

Enters: a session's recorded events, in order, and a viewer. Leaves: an index (duration, stages, marks, plots), segments (a
keyframe and the events after it), the texts of a moment, and who wrote which line.

Everything that leaves went through ``visible_to`` and is numbered for that viewer without gaps; before Start nothing is
replayable, so the first keyframe stands at Start. What is shown at a moment is a pure function of the recording and that
moment: never of the way that led there.

It also leaves as files (recording, exports) and is read back from them, where nothing is believed.

Never here: the database, the network, addresses of people, or a change of the recording.
"""
