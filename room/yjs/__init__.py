"""How Yjs and lib0 write bytes: numbers, texts, updates. Pure; no document is opened in here."""
