"""The browser's `evolve` and the server's are one function in two languages: both fold the same events to the same state."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from room.session import events as e
from room.session.evolve import fold
from room.session.files import ENDINGS
from room.session.ids import (
    CompetencyId,
    FileId,
    InterviewId,
    MemberId,
    MessageId,
    NoteId,
    PartId,
    PinId,
    QuestionId,
    RunId,
    StageId,
)
from room.session.roles import Role

STATIC = Path(__file__).parents[2] / "static"

IRIS, CAL, IVO = MemberId("m_iris"), MemberId("m_cal"), MemberId("m_ivo")
STORY: tuple[tuple[int, MemberId, e.Event], ...] = (
    (
        0,
        IRIS,
        e.SessionPlanned(
            InterviewId("i_1"),
            (e.StagePlan(StageId("s1"), "Hello", 5), e.StagePlan(StageId("s2"), "Dock", 25)),
            ("python",),
            "python",
            ("paste",),
        ),
    ),
    (
        0,
        IRIS,
        e.CompetenciesPlanned(((CompetencyId("c1"), "Clarifies"), (CompetencyId("c2"), "Tests"))),
    ),
    (
        0,
        IRIS,
        e.QuestionPlanned(
            e.QuestionPlan(QuestionId("q_1"), "Dock", (e.PartPlan(PartId("a"), "Book", 2, True),))
        ),
    ),
    (0, IRIS, e.MemberAdded(IRIS, Role.LEAD)),
    (0, IRIS, e.MemberAdded(CAL, Role.CANDIDATE)),
    (0, CAL, e.RecordingDeclined(CAL)),
    (0, CAL, e.MemberWaiting(CAL)),
    (0, IRIS, e.MemberAdded(IVO, Role.INTERVIEWER)),
    (0, IRIS, e.MemberAdmitted(CAL)),
    (0, CAL, e.MemberJoined(CAL)),
    (0, IRIS, e.FileCreated(FileId("f_1"), "scratch")),
    (0, IRIS, e.InterviewStarted(1_700_000_000_000)),
    (0, IRIS, e.StageStarted(StageId("s1"))),
    (900, IRIS, e.PartShown(QuestionId("q_1"), PartId("a"), "Dock", "Book", 1)),
    (900, IRIS, e.FileCreated(FileId("f_2"), "dock.py", "python", QuestionId("q_1"))),
    (1000, CAL, e.FileOpened(FileId("f_2"))),
    (1100, CAL, e.FileRenamed(FileId("f_2"), "planner.py")),
    (1200, CAL, e.FilesReordered((FileId("f_2"), FileId("f_1")))),
    (1300, CAL, e.FileDeleted(FileId("f_1"))),
    (1400, CAL, e.FileRestored(FileId("f_1"))),
    (1500, IRIS, e.HintGiven(QuestionId("q_1"), PartId("a"), 1)),
    (2000, CAL, e.RunQueued(RunId("r_1"), FileId("f_2"), "python", "1 2")),
    (2100, CAL, e.RunStarted(RunId("r_1"))),
    (2150, CAL, e.RunOutput(RunId("r_1"), "3")),
    (2200, CAL, e.RunFinished(RunId("r_1"), "OK", "Finished in 0.1 s", 0, 100, 90, 1000)),
    (3000, CAL, e.TestsQueued(RunId("r_2"), FileId("f_2"), "python")),
    (3000, CAL, e.HiddenTestsQueued(RunId("h_2"), RunId("r_2"))),
    (
        3100,
        CAL,
        e.TestsFinished(
            RunId("r_2"),
            "WA",
            "0 of 1 tests passed",
            (e.TestOutcome("t", PartId("a"), "WA", "1", "2", 3),),
        ),
    ),
    (3200, CAL, e.HiddenTestsFinished(RunId("h_2"), RunId("r_2"), "AC", "The test passed")),
    (4000, IRIS, e.ClockPaused()),
    (5000, IRIS, e.StageStarted(StageId("s2"))),
    (6000, IRIS, e.ClockResumed()),
    (6100, IRIS, e.StageExtended(StageId("s2"), 5)),
    (6150, IRIS, e.StageExtended(StageId("s2"), 5)),
    (6200, IRIS, e.StageStripShown(False)),
    (6300, IRIS, e.ChatSent(MessageId("c_1"), "Take your time.")),
    (6400, IRIS, e.NoteAdded(NoteId("n_1"), "calm", CompetencyId("c1"))),
    (6500, IRIS, e.PinPlaced(PinId("p_1"), FileId("f_2"), "{}", RunId("r_1"))),
    (6600, IRIS, e.PinFiled(PinId("p_1"), CompetencyId("c2"))),
    (6700, IRIS, e.PinWorded(PinId("p_1"), "reads the test")),
    (6800, IRIS, e.PinWithdrawn(PinId("p_1"))),
    (6900, IRIS, e.PinRestored(PinId("p_1"))),
    (6950, IRIS, e.TeamChatSent(MessageId("c_2"), "Your turn?")),
    (6960, IRIS, e.LeadChanged(IVO)),
    (6970, IVO, e.FocusStarted(5)),
    (6980, IVO, e.FocusEnded()),
    (6990, IVO, e.FocusStarted(10)),
    (6995, CAL, e.RunQueued(RunId("r_3"), FileId("f_2"), "python", "", True)),
    (7000, CAL, e.LanguageChosen("python")),
    (7100, CAL, e.MemberLeft(CAL)),
    (8000, IRIS, e.InterviewEnded(True)),
    (8100, IRIS, e.EndUndone()),
    (8200, IRIS, e.MemberRemoved(CAL)),
    (9000, IRIS, e.InterviewEnded()),
    (9100, IRIS, e.SessionClosed()),
)

PROGRAM = """
import { evolve } from "%s/src/room/evolve.ts";
import { EMPTY } from "%s/src/room/wire.ts";
let text = "";
for await (const piece of process.stdin) text += piece;
let state = EMPTY;
const states = JSON.parse(text).map((one) => (state = evolve(state, one)));
process.stdout.write(JSON.stringify(states));
"""

NOT_NEEDED = {"clients", "cpu_ms", "peak_memory_bytes"}
"""Fields that the server keeps and no page shows."""


def without_unneeded(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: without_unneeded(v) for k, v in value.items() if k not in NOT_NEEDED}
    if isinstance(value, list):
        return [without_unneeded(one) for one in value]
    return value


@pytest.mark.skipif(
    shutil.which("node") is None or not (STATIC / "node_modules").is_dir(),
    reason="Node or the front end's packages are missing here",
)
def test_browser_and_server_fold_every_event_to_the_same_state(tmp_path: Path) -> None:
    recorded = [
        e.Recorded(seq, at, 1_700_000_000_000 + at, by, event)
        for seq, (at, by, event) in enumerate(STORY, start=1)
    ]
    sent = [
        {"at_ms": r.at_ms, "wall_ms": r.wall_ms, "by": r.by, "e": msgspec.to_builtins(r.event)}
        for r in recorded
    ]
    source, program = tmp_path / "fold.ts", tmp_path / "fold.mjs"
    source.write_text(PROGRAM % (STATIC, STATIC))
    bundler = STATIC / "node_modules" / ".bin" / "esbuild"
    options = ("--bundle", "--format=esm", "--platform=node", f"--outfile={program}")
    subprocess.run([bundler, source, *options, "--log-level=error"], check=True)
    answer = subprocess.run(
        ["node", program], input=json.dumps(sent), capture_output=True, text=True, check=True
    )
    for count, state in enumerate(json.loads(answer.stdout), start=1):
        wanted = without_unneeded(json.loads(msgspec.json.encode(fold(recorded[:count]))))
        assert state == wanted, type(recorded[count - 1].event).__name__


def test_the_story_holds_every_event_that_changes_the_state() -> None:
    told = {type(event) for _, _, event in STORY}
    untold = {
        e.DocEdited,
        e.CaretMoved,
        e.PasteNoted,
        e.ClientClaimed,
        e.MemberTurnedAway,
        e.RunInput,
        e.PageLeft,
        e.NothingTyped,
    }
    assert told | untold == set(e.EVENT_TYPES)


def test_browser_and_server_read_the_same_language_from_a_files_ending() -> None:
    source = (STATIC / "src" / "room" / "filenames.ts").read_text()
    table = re.search(r"BY_ENDING[^{]*\{(.*?)\};", source, re.DOTALL)
    assert table is not None
    assert dict(re.findall(r'(\w+): "(\w+)"', table[1])) == ENDINGS
