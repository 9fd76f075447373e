// What travels over the socket: the server's `SessionState` and its events as JSON, and the commands it takes.
// Ids are strings with a prefix that says what they name: m_ member, f_ file, r_ run, p_ pin.

export type Role = "lead" | "interviewer" | "observer" | "candidate";
export type Phase = "before" | "running" | "paused" | "ended" | "closed";
export type Admission = "invited" | "waiting" | "admitted" | "turned_away" | "removed";

export interface StagePlan {
  id: string;
  title: string;
  minutes: number;
}

export interface PartPlan {
  id: string;
  title: string;
  hints?: number;
  has_tests?: boolean;
}

export interface QuestionPlan {
  id: string;
  title: string;
  parts: PartPlan[];
  kind?: string;
}

export interface MemberState {
  role: Role;
  admission: Admission;
  present: boolean;
  since_ms: number;
  came_ms: number | null;
  declined_recording: boolean;
  open_file: string | null;
}

export interface FileState {
  id: string;
  name: string;
  language: string;
  question: string | null;
  deleted: boolean;
}

export interface ShownPart {
  question: string;
  part: string;
  question_title: string;
  part_title: string;
  number: number;
  at_ms: number;
}

export interface GivenHint {
  question: string;
  part: string;
  level: number;
  at_ms: number;
}

export interface TestOutcome {
  name: string;
  part: string;
  verdict: string;
  got?: string;
  expected?: string;
  wall_ms?: number;
  stdin?: string;
}

export interface RunState {
  id: string;
  kind: "run" | "tests" | "hidden";
  by: string;
  at_ms: number;
  file: string | null;
  language: string;
  status: "queued" | "running" | "finished";
  verdict: string;
  sentence: string;
  exit_code: number | null;
  wall_ms: number;
  truncated: boolean;
  stopped_by: string | null;
  stdin: string;
  interactive: boolean;
  of: string | null;
  outcomes: TestOutcome[];
  started_ms: number | null;
}

export interface ChatLine {
  id: string;
  by: string;
  at_ms: number;
  wall_ms: number;
  text: string;
}

export interface Note {
  id: string;
  by: string;
  at_ms: number;
  text: string;
  competency: string | null;
}

export interface Pin {
  id: string;
  by: string;
  at_ms: number;
  file: string | null;
  caret: string;
  run: string | null;
  competency: string | null;
  text: string;
  withdrawn: boolean;
}

export interface SessionState {
  interview: string;
  phase: Phase;
  started_wall_ms: number | null;
  ended_at_ms: number | null;
  cut_short: boolean;
  paused_at_ms: number | null;
  paused_ms: number;
  stages: StagePlan[];
  extensions: Record<string, number>;
  stage: string | null;
  stage_at_ms: number;
  stage_paused_ms: number;
  strip_shown: boolean;
  /** On the session's clock: until then everybody but the candidate is curtained; null: nobody is. */
  focus_until_ms: number | null;
  languages: string[];
  language: string;
  signals: string[];
  members: Record<string, MemberState>;
  questions: QuestionPlan[];
  question: string | null;
  competencies: [string, string][];
  shown: ShownPart[];
  hints: GivenHint[];
  files: FileState[];
  runs: RunState[];
  chat: ChatLine[];
  team_chat: ChatLine[];
  notes: Note[];
  pins: Pin[];
}

export interface Recorded {
  at_ms: number;
  wall_ms: number;
  by: string;
  e: { type: string } & Record<string, unknown>;
}

export interface Person {
  name: string;
  first: string;
  colour: string;
  role: Role;
}

export interface Runner {
  available: boolean;
  reason: string;
  languages: Record<string, string>;
  /** Seconds until the engine is asked again; null while it answers. */
  retry_in_s?: number | null;
}

export interface TerminalText {
  run: string;
  text: string;
  cut: boolean;
}

export interface Welcome {
  t: "welcome";
  n: number;
  at_ms: number;
  wall_ms: number;
  me: string;
  role: Role;
  state: Partial<SessionState>;
  people: Record<string, Person>;
  terminal: TerminalText | null;
  runner: Runner | null;
}

export type ServerMessage =
  | Welcome
  | { t: "event"; n: number; at: number; wall_ms: number; by: string; e: Recorded["e"] }
  | { t: "done"; id: number }
  | { t: "refused"; id: number; reason: string; sentence: string }
  | { t: "saved"; count: number }
  | { t: "people"; people: Record<string, Person> }
  | { t: "runner"; runner: Runner }
  | { t: "busy_elsewhere" }
  /** The lead has not let this member in yet. */
  | { t: "waiting" }
  /** An edit came after the end and was not taken. */
  | { t: "too_late" }
  /** How much room for recording is left. When full, new edits are not taken and not counted in `saved`. */
  | { t: "notice"; about: string; level: "fine" | "nearly" | "full"; sentence: string }
  | { t: "pong" };

export type Command = { type: string } & Record<string, unknown>;

export const EMPTY: SessionState = {
  interview: "",
  phase: "before",
  started_wall_ms: null,
  ended_at_ms: null,
  cut_short: false,
  paused_at_ms: null,
  paused_ms: 0,
  stages: [],
  extensions: {},
  stage: null,
  stage_at_ms: 0,
  stage_paused_ms: 0,
  strip_shown: true,
  focus_until_ms: null,
  languages: [],
  language: "",
  signals: [],
  members: {},
  questions: [],
  question: null,
  competencies: [],
  shown: [],
  hints: [],
  files: [],
  runs: [],
  chat: [],
  team_chat: [],
  notes: [],
  pins: [],
};

/** Close codes that end the connection for good; others mean "come back". */
export const CLOSED = {
  malformed: 4400,
  signedOut: 4401,
  notAllowed: 4403,
  otherTab: 4409,
  ended: 4410,
  tooLarge: 4413,
} as const;

export const isInterviewer = (role: Role): boolean => role === "lead" || role === "interviewer";
export const mayEdit = (role: Role): boolean => role !== "observer";
