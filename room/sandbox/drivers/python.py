"""Calls one function of the program with the arguments on standard input and writes its result to descriptor 3."""

# ruff: noqa: INP001, S102, PTH100, PTH120, PTH123 (a script of its own, started inside a box)

import json
import os
import sys

path, name = sys.argv[1], sys.argv[2]
arguments = json.loads(sys.stdin.buffer.read())
with open(os.open(os.devnull, os.O_RDONLY), "rb") as nothing:
    os.dup2(nothing.fileno(), 0)
sys.argv = [path]
sys.path[0] = os.path.dirname(os.path.abspath(path))
with open(path, "rb") as file:
    code = compile(file.read(), path, "exec")
space = {"__name__": "solution", "__file__": path, "__builtins__": __builtins__}
exec(code, space)
function = space.get(name)
if not callable(function):
    sys.exit(f"There is no function called {name} in {path}.")
result = function(*arguments)
sys.stdout.flush()
answer = json.dumps(result, default=list, allow_nan=False).encode()
while answer:
    answer = answer[os.write(3, answer) :]
