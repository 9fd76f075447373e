"""The code runner: takes a program, runs it where it can harm nobody, and says honestly how it ended.

What enters: `RunRequest` and `TestRequest` (files, language, input, limits). What leaves: `Output` pieces while the
program runs, then one `RunResult` or `TestReport`. `spec`, `demux`, `frames`, `judge` and `languages` are pure;
`driver` names what an engine must be able to do; `docker` is the one engine so far, and the only place that knows it.

It never opens a path that a program could have made, never builds a shell string from anyone's words, never lets a
program's own text or exit code decide a test, and never raises into the room: a missing engine is a verdict with a
sentence. Expected results and their comparison stay on this side; a program sees its own input and nothing else.
"""
