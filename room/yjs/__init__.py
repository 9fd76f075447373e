"""How Yjs and lib0 write bytes: numbers, texts, updates.

In go bytes, out come numbers, texts and the structs of an update; what is malformed raises. Pure: it opens no document, knows no
room and does no I/O. What a live room lets in is decided in ``room.realtime.updates``, which reads by the same encoding.
"""
