// `evolve(state, recorded)`: what each event changes. The mirror of the server's room/session/evolve.py, on what this
// viewer is sent; an event of a type that is not known here changes nothing.
import type {
  ChatLine,
  FileState,
  MemberState,
  Phase,
  Pin,
  QuestionPlan,
  Recorded,
  Role,
  RunState,
  SessionState,
  StagePlan,
  TestOutcome,
} from "./wire";

/** Fields that the server left out because they had their default. */
type Sent = Record<string, unknown>;

const text = (event: Sent, field: string): string => (event[field] as string | undefined) ?? "";
const orNull = <T>(event: Sent, field: string): T | null => (event[field] as T | undefined) ?? null;

export function evolve(state: SessionState, recorded: Recorded): SessionState {
  const { at_ms: at, wall_ms: wall, by, e } = recorded;
  switch (e.type) {
    case "SessionPlanned":
      return {
        ...state,
        interview: text(e, "interview"),
        stages: e["stages"] as StagePlan[],
        languages: e["languages"] as string[],
        language: text(e, "language"),
        signals: (e["signals"] as string[] | undefined) ?? [],
      };
    case "QuestionPlanned": {
      const question = e["question"] as QuestionPlan;
      const takesPlace = state.question === null || orNull(e, "replaces") !== null;
      return {
        ...state,
        questions: [...state.questions, question],
        question: takesPlace ? question.id : state.question,
      };
    }
    case "CompetenciesPlanned":
      return { ...state, competencies: e["competencies"] as [string, string][] };
    case "MemberAdded":
      return {
        ...state,
        members: { ...state.members, [text(e, "member")]: newMember(e["role"] as Role) },
      };
    case "MemberWaiting":
      // Agreeing takes an earlier "I do not want to be recorded" back.
      return member(state, text(e, "member"), { admission: "waiting", declined_recording: false });
    case "MemberAdmitted":
      return member(state, text(e, "member"), { admission: "admitted" });
    case "MemberTurnedAway":
      return member(state, text(e, "member"), { admission: "turned_away" });
    case "MemberRemoved":
      return member(state, text(e, "member"), { admission: "removed", present: false, since_ms: wall });
    case "RecordingDeclined":
      return member(state, text(e, "member"), { declined_recording: true });
    case "MemberJoined": {
      const id = text(e, "member");
      return member(state, id, {
        present: true,
        since_ms: wall,
        came_ms: state.members[id]?.came_ms ?? wall,
      });
    }
    case "MemberLeft":
      return member(state, text(e, "member"), { present: false, since_ms: wall });
    case "LeadChanged":
      return lead(state, text(e, "member"));
    case "InterviewStarted":
      return { ...state, phase: "running", started_wall_ms: e["wall_ms"] as number };
    case "StageStarted":
      return { ...state, stage: text(e, "stage"), stage_at_ms: at, stage_paused_ms: paused(state, at) };
    case "StageExtended": {
      const stage = text(e, "stage");
      const minutes = (state.extensions[stage] ?? 0) + (e["minutes"] as number);
      return { ...state, extensions: { ...state.extensions, [stage]: minutes } };
    }
    case "StageStripShown":
      return { ...state, strip_shown: e["shown"] === true };
    case "ClockPaused":
      return { ...state, phase: "paused", paused_at_ms: at };
    case "ClockResumed":
      return { ...state, phase: "running", paused_at_ms: null, paused_ms: paused(state, at) };
    case "FocusStarted":
      return { ...state, focus_until_ms: at + (e["minutes"] as number) * 60_000 };
    case "FocusEnded":
      return { ...state, focus_until_ms: null };
    case "InterviewEnded":
      return {
        ...state,
        focus_until_ms: null,
        phase: "ended",
        ended_at_ms: at,
        cut_short: e["cut_short"] === true,
        paused_at_ms: null,
        paused_ms: paused(state, at),
      };
    case "EndUndone":
      return { ...state, phase: "running" as Phase, ended_at_ms: null, cut_short: false };
    case "SessionClosed":
      return { ...state, phase: "closed" };
    case "PartShown": {
      const question = text(e, "question");
      const shown = {
        question,
        part: text(e, "part"),
        question_title: text(e, "question_title"),
        part_title: text(e, "part_title"),
        number: e["number"] as number,
        at_ms: at,
      };
      return { ...state, shown: [...state.shown, shown], question };
    }
    case "HintGiven": {
      const hint = { question: text(e, "question"), part: text(e, "part"), level: e["level"] as number, at_ms: at };
      return { ...state, hints: [...state.hints, hint] };
    }
    case "FileCreated": {
      const file: FileState = {
        id: text(e, "file"),
        name: text(e, "name"),
        language: text(e, "language"),
        question: orNull<string>(e, "question"),
        deleted: false,
      };
      return { ...state, files: [...state.files, file] };
    }
    case "FileRenamed":
      return changeFile(state, text(e, "file"), { name: text(e, "name") });
    case "FileDeleted":
      return changeFile(state, text(e, "file"), { deleted: true });
    case "FileRestored":
      return changeFile(state, text(e, "file"), { deleted: false });
    case "FilesReordered": {
      const order = e["files"] as string[];
      const place = (file: FileState): number => {
        const index = order.indexOf(file.id);
        return index < 0 ? order.length : index;
      };
      return { ...state, files: [...state.files].sort((a, b) => place(a) - place(b)) };
    }
    case "FileOpened":
      return member(state, by, { open_file: text(e, "file") });
    case "LanguageChosen":
      return { ...state, language: text(e, "language") };
    case "RunQueued":
      return { ...state, runs: [...state.runs, newRun("run", e, by, at)] };
    case "TestsQueued":
      return { ...state, runs: [...state.runs, newRun("tests", e, by, at)] };
    case "HiddenTestsQueued":
      return { ...state, runs: [...state.runs, newRun("hidden", e, by, at)] };
    case "RunStarted":
      return changeRun(state, text(e, "run"), { status: "running", started_ms: at });
    case "RunFinished":
      return changeRun(state, text(e, "run"), {
        status: "finished",
        verdict: text(e, "verdict"),
        sentence: text(e, "sentence"),
        exit_code: orNull<number>(e, "exit_code"),
        wall_ms: (e["wall_ms"] as number | undefined) ?? 0,
        truncated: e["truncated"] === true,
        stopped_by: orNull<string>(e, "stopped_by"),
      });
    case "TestsFinished":
    case "HiddenTestsFinished":
      return changeRun(state, text(e, "run"), {
        status: "finished",
        verdict: text(e, "verdict"),
        sentence: text(e, "sentence"),
        outcomes: (e["outcomes"] as TestOutcome[] | undefined) ?? [],
      });
    case "ChatSent":
      return { ...state, chat: [...state.chat, chatLine(recorded)] };
    case "TeamChatSent":
      return { ...state, team_chat: [...state.team_chat, chatLine(recorded)] };
    case "NoteAdded": {
      const note = { id: text(e, "note"), by, at_ms: at, text: text(e, "text"), competency: orNull<string>(e, "competency") };
      return { ...state, notes: [...state.notes, note] };
    }
    case "PinPlaced": {
      const pin: Pin = {
        id: text(e, "pin"),
        by,
        at_ms: at,
        file: orNull<string>(e, "file"),
        caret: text(e, "caret"),
        run: orNull<string>(e, "run"),
        competency: orNull<string>(e, "competency"),
        text: text(e, "text"),
        withdrawn: false,
      };
      return { ...state, pins: [...state.pins, pin] };
    }
    case "PinFiled":
      return changePin(state, text(e, "pin"), { competency: orNull<string>(e, "competency") });
    case "PinWorded":
      return changePin(state, text(e, "pin"), { text: text(e, "text") });
    case "PinWithdrawn":
      return changePin(state, text(e, "pin"), { withdrawn: true });
    case "PinRestored":
      return changePin(state, text(e, "pin"), { withdrawn: false });
    default:
      return state;
  }
}

function paused(state: SessionState, at_ms: number): number {
  return state.paused_ms + (state.paused_at_ms === null ? 0 : at_ms - state.paused_at_ms);
}

function newMember(role: Role): MemberState {
  return {
    role,
    admission: "invited",
    present: false,
    since_ms: 0,
    came_ms: null,
    declined_recording: false,
    open_file: null,
  };
}

function newRun(kind: RunState["kind"], event: Sent, by: string, at: number): RunState {
  return {
    id: text(event, "run"),
    kind,
    by,
    at_ms: at,
    file: orNull<string>(event, "file"),
    language: text(event, "language"),
    status: "queued",
    verdict: "",
    sentence: "",
    exit_code: null,
    wall_ms: 0,
    truncated: false,
    stopped_by: null,
    stdin: text(event, "stdin"),
    interactive: event["interactive"] === true,
    of: orNull<string>(event, "of"),
    outcomes: [],
    started_ms: null,
  };
}

function chatLine({ e, by, at_ms, wall_ms }: Recorded): ChatLine {
  return { id: text(e, "message"), by, at_ms, wall_ms, text: text(e, "text") };
}

function lead(state: SessionState, id: string): SessionState {
  if (!state.members[id]) return state;
  const members = Object.fromEntries(
    Object.entries(state.members).map(([known, told]): [string, MemberState] => {
      const role = known === id ? "lead" : told.role === "lead" ? "interviewer" : told.role;
      return [known, { ...told, role }];
    }),
  );
  return { ...state, members };
}

function member(state: SessionState, id: string, change: Partial<MemberState>): SessionState {
  const known = state.members[id];
  if (!known) return state;
  return { ...state, members: { ...state.members, [id]: { ...known, ...change } } };
}

function changeById<T extends { id: string }>(list: T[], id: string, change: Partial<T>): T[] {
  return list.map((one) => (one.id === id ? { ...one, ...change } : one));
}

const changeFile = (state: SessionState, id: string, change: Partial<FileState>): SessionState => ({
  ...state,
  files: changeById(state.files, id, change),
});
const changeRun = (state: SessionState, id: string, change: Partial<RunState>): SessionState => ({
  ...state,
  runs: changeById(state.runs, id, change),
});
const changePin = (state: SessionState, id: string, change: Partial<Pin>): SessionState => ({
  ...state,
  pins: changeById(state.pins, id, change),
});
