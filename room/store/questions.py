"""Questions of an account; past interviews keep the version that they asked. `room.desk.questions` reads a body."""

from room.store.versions import Version, Versions

QuestionRow = Version

_questions = Versions("questions", "q")
questions = _questions.table
create, load = _questions.create, _questions.load
find_by_key, list_for = _questions.find_by_key, _questions.list_for
