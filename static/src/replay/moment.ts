// What is on the screen at a moment, beside the text. The mirror of the server's room/replay/moment.py: a test plays the
// same recordings through both. Fields that have their default are left out by the server.
import * as Y from "yjs";
import type { TestOutcome } from "../room/wire";

export interface FileNow {
  id: string;
  name: string;
  language?: string;
  deleted?: boolean;
  /** When it was made; its text then is what it started from. */
  at_ms?: number;
}

/** Yjs relative positions as JSON text; equal where nothing is selected. */
export interface CaretNow {
  anchor: string;
  head: string;
  at_ms?: number;
}

export type Piece = string | [stream: string, text: string];

export interface TerminalNow {
  run: string;
  by: string;
  at_ms: number;
  file: string;
  language: string;
  stdin?: string;
  status?: "running" | "finished";
  /** In pieces; one of standard error has its stream before it. */
  output?: Piece[];
  cut?: boolean;
  verdict?: string;
  sentence?: string;
  /** What was typed into it while it ran: by whom, and what. */
  typed?: [by: string, text: string][];
}

export interface TestsNow {
  run: string;
  by: string;
  at_ms: number;
  status?: "running" | "finished";
  verdict?: string;
  sentence?: string;
  outcomes?: TestOutcome[];
}

export interface Moment {
  phase?: string;
  language?: string;
  files?: FileNow[];
  present?: string[];
  open?: Record<string, string>;
  carets?: Record<string, CaretNow>;
  terminal?: TerminalNow;
  tests?: TestsNow;
  hidden?: TestsNow;
}

/** An edit, a caret as [file, anchor, head], or any other fact with its `type`. */
export type Fact = Uint8Array | [string, string, string] | ({ type: string } & Record<string, unknown>);

export interface Happened {
  at_ms: number;
  by: string;
  fact: Fact;
}

export const SYSTEM = "system";
export const OUTPUT_UNITS_MAX = 200_000;
const TYPED_MAX = 20;
const TYPED_UNITS = 500;

export function advance(moment: Moment, { at_ms, by, fact }: Happened): Moment {
  if (fact instanceof Uint8Array) {
    const caret = by === SYSTEM ? "" : caretOfEdit(fact);
    return caret ? withCaret(moment, by, caret, caret, at_ms) : moment;
  }
  if (Array.isArray(fact)) return withCaret(moment, by, fact[1], fact[2], at_ms);
  const field = (name: string): string => (fact[name] as string | undefined) ?? "";
  switch (fact.type) {
    case "SessionPlanned":
    case "LanguageChosen":
      return { ...moment, language: field("language") };
    case "InterviewStarted":
    case "ClockResumed":
    case "EndUndone":
      return { ...moment, phase: "running" };
    case "ClockPaused":
      return { ...moment, phase: "paused" };
    case "InterviewEnded":
      return { ...moment, phase: "ended" };
    case "MemberJoined":
      return { ...moment, present: [...new Set([...(moment.present ?? []), field("member")])].sort() };
    case "MemberLeft":
    case "MemberRemoved": {
      const member = field("member");
      const carets = { ...moment.carets };
      delete carets[member];
      return { ...moment, carets, present: (moment.present ?? []).filter((one) => one !== member) };
    }
    case "FileCreated": {
      const file: FileNow = { id: field("file"), name: field("name") };
      if (field("language")) file.language = field("language");
      if (at_ms) file.at_ms = at_ms;
      return { ...moment, files: [...(moment.files ?? []), file] };
    }
    case "FileRenamed":
      return withFile(moment, field("file"), (file) => ({ ...file, name: field("name") }));
    case "FileDeleted":
      return withFile(moment, field("file"), (file) => ({ ...file, deleted: true }));
    case "FileRestored":
      return withFile(moment, field("file"), (file) => ({ ...file, deleted: false }));
    case "FilesReordered": {
      const order = fact["files"] as string[];
      const place = (file: FileNow): number => (order.includes(file.id) ? order.indexOf(file.id) : order.length);
      return { ...moment, files: [...(moment.files ?? [])].sort((a, b) => place(a) - place(b)) };
    }
    case "FileOpened":
      return { ...moment, open: { ...moment.open, [by]: field("file") } };
    default:
      return withRun(moment, at_ms, by, fact.type, fact);
  }
}

/** Where the caret stands after an edit; the same rule as the server's. */
export function caretOfEdit(update: Uint8Array): string {
  const { structs, ds } = Y.decodeUpdate(update);
  if (new Set(structs.map((struct) => struct.id.client)).size > 1) return "";
  const last = structs.at(-1);
  if (last) return position(last.id.client, last.id.clock + last.length - 1, -1);
  for (const [client, deleted] of ds.clients) {
    if (deleted[0]) return position(client, deleted[0].clock, 0);
  }
  return "";
}

function position(client: number, clock: number, assoc: number): string {
  return `{"item":{"client":${client},"clock":${clock}},"assoc":${assoc}}`;
}

function withCaret(moment: Moment, member: string, anchor: string, head: string, at_ms: number): Moment {
  return { ...moment, carets: { ...moment.carets, [member]: { anchor, head, at_ms } } };
}

function withFile(moment: Moment, id: string, change: (file: FileNow) => FileNow): Moment {
  return { ...moment, files: (moment.files ?? []).map((file) => (file.id === id ? change(file) : file)) };
}

function withRun(moment: Moment, at_ms: number, by: string, type: string, fact: Record<string, unknown>): Moment {
  const run = fact["run"] as string;
  const text = (name: string): string => (fact[name] as string | undefined) ?? "";
  const terminal = moment.terminal?.run === run ? moment.terminal : undefined;
  switch (type) {
    case "RunQueued": {
      const begun: TerminalNow = { run, by, at_ms, file: text("file"), language: text("language") };
      if (text("stdin")) begun.stdin = text("stdin");
      return { ...moment, terminal: begun };
    }
    case "TestsQueued":
      return { ...moment, tests: { run, by, at_ms } };
    case "HiddenTestsQueued":
      return { ...moment, hidden: { run, by, at_ms } };
    case "RunStarted":
      if (terminal) return { ...moment, terminal: { ...terminal, status: "running" } };
      if (moment.tests?.run === run) return { ...moment, tests: { ...moment.tests, status: "running" } };
      if (moment.hidden?.run === run) return { ...moment, hidden: { ...moment.hidden, status: "running" } };
      return moment;
    case "RunOutput":
      return terminal ? { ...moment, terminal: withOutput(terminal, text("stream") === "stderr" ? ["stderr", text("text")] : text("text")) } : moment;
    case "RunInput":
      return terminal ? { ...moment, terminal: withTyped(terminal, by, text("text")) } : moment;
    case "RunFinished": {
      if (!terminal) return moment;
      const cut = terminal.cut === true || fact["truncated"] === true;
      const finished: TerminalNow = { ...terminal, status: "finished", verdict: text("verdict"), sentence: text("sentence") };
      return { ...moment, terminal: cut ? { ...finished, cut } : finished };
    }
    case "TestsFinished":
      return moment.tests?.run === run ? { ...moment, tests: tested(moment.tests, fact) } : moment;
    case "HiddenTestsFinished":
      return moment.hidden?.run === run ? { ...moment, hidden: tested(moment.hidden, fact) } : moment;
    default:
      return moment;
  }
}

export function textOf(piece: Piece): string {
  return typeof piece === "string" ? piece : piece[1];
}

function withOutput(terminal: TerminalNow, piece: Piece): TerminalNow {
  const output = [...(terminal.output ?? []), piece];
  let kept = output.reduce((sum, one) => sum + textOf(one).length, 0);
  let cut = terminal.cut === true;
  while (kept > OUTPUT_UNITS_MAX && output.length > 1) {
    kept -= textOf(output.shift() as Piece).length;
    cut = true;
  }
  return cut ? { ...terminal, output, cut } : { ...terminal, output };
}

function withTyped(terminal: TerminalNow, by: string, text: string): TerminalNow {
  const typed = [...(terminal.typed ?? [])];
  const last = typed.at(-1);
  if (last && last[0] === by && last[1].length < TYPED_UNITS) typed[typed.length - 1] = [by, last[1] + text];
  else typed.push([by, text]);
  return { ...terminal, typed: typed.slice(-TYPED_MAX) };
}

function tested(tests: TestsNow, fact: Record<string, unknown>): TestsNow {
  const outcomes = (fact["outcomes"] as TestOutcome[] | undefined) ?? [];
  const verdict = (fact["verdict"] as string | undefined) ?? "";
  const sentence = (fact["sentence"] as string | undefined) ?? "";
  return { ...tests, status: "finished", verdict, sentence, outcomes };
}
