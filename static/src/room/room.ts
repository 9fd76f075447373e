import { Connection, type Refusal } from "./connection";
import { SessionClock } from "./clock";
import { Emitter } from "./emitter";
import { evolve } from "./evolve";
import {
  EMPTY,
  isInterviewer,
  mayEdit,
  type Command,
  type FileState,
  type Person,
  type Recorded,
  type Role,
  type Runner,
  type RunState,
  type SessionState,
  type TerminalText,
} from "./wire";

/** What the server put into the page for its scripts. */
export interface PageConfig {
  interview: string;
  me: string;
  role: Role;
  first: string;
  lead: string;
  candidate: string;
  client: string;
  live: string;
  limits: { run_seconds: number; memory_mb: number };
  /** The candidate's link, for interviewers who may hand it out. */
  candidateLink: string;
  /** UTC milliseconds of when that link was last opened, null if never. */
  candidateOpened: number | null;
}

/** The session as this browser knows it: the fold of what the server sent, who is there, and the wishes one may have. */
export class Room {
  readonly connection: Connection;
  readonly clock = new SessionClock();
  /** State, people or runner changed. What changes with each key (link, unsaved edits) is said by `connection.changed`. */
  readonly changed = new Emitter<void>();
  /** One event came, after it was folded. Not emitted for what the first `welcome` already holds. */
  readonly happened = new Emitter<Recorded>();
  /** The terminal's whole text was replaced: at each welcome. */
  readonly terminalReset = new Emitter<TerminalText | null>();
  /** A wish was refused. */
  readonly refused = new Emitter<Refusal>();

  state: SessionState = EMPTY;
  people: Record<string, Person> = {};
  runner: Runner = { available: true, reason: "", languages: {} };
  welcomed = false;
  /** What the server says of the room that is left for recording, by what is short. */
  storage: Record<string, string> = {};
  /** The server's clock minus this device's. */
  private wallOffset = 0;

  constructor(readonly config: PageConfig) {
    this.connection = new Connection(config.live, config.interview, config.me);
    this.connection.messages.on((message) => {
      if (message.t === "welcome") {
        this.state = { ...EMPTY, ...message.state };
        this.people = message.people;
        if (message.runner) this.runner = message.runner;
        this.clock.hear(message.at_ms, performance.now());
        this.welcomed = true;
        this.wallOffset = message.wall_ms - Date.now();
        const me = this.people[this.me];
        this.connection.provider.awareness.setLocalStateField("user", {
          name: me?.first ?? this.config.first,
          color: me?.colour ?? "blue",
          member: this.me,
        });
        this.terminalReset.emit(message.terminal);
        this.changed.emit();
      } else if (message.t === "event") {
        const recorded = { at_ms: message.at, wall_ms: message.wall_ms, by: message.by, e: message.e };
        this.state = evolve(this.state, recorded);
        this.clock.hear(message.at, performance.now());
        this.happened.emit(recorded);
        this.changed.emit();
      } else if (message.t === "people") {
        this.people = message.people;
        this.changed.emit();
      } else if (message.t === "notice") {
        const { [message.about]: _, ...others } = this.storage;
        this.storage = message.level === "fine" ? others : { ...others, [message.about]: message.sentence };
        this.changed.emit();
      } else if (message.t === "runner") {
        this.runner = message.runner;
        this.changed.emit();
      }
    });
  }

  get me(): string {
    return this.config.me;
  }

  get isInterviewer(): boolean {
    return isInterviewer(this.config.role);
  }

  get atMs(): number {
    return this.clock.atMs(this.state, performance.now());
  }

  /** UTC milliseconds by the server's clock. */
  get wallMs(): number {
    return Date.now() + this.wallOffset;
  }

  /** Milliseconds that everybody but the candidate is still curtained, 0 if nobody is. */
  get focusLeftMs(): number {
    const until = this.state.focus_until_ms;
    return until === null || this.isOver ? 0 : Math.max(0, until - this.atMs);
  }

  get candidate(): string | null {
    return Object.keys(this.state.members).find((id) => this.state.members[id]?.role === "candidate") ?? null;
  }

  get isLead(): boolean {
    return this.state.members[this.me]?.role === "lead";
  }

  get isOver(): boolean {
    return this.state.phase === "ended" || this.state.phase === "closed";
  }

  /** Whether text may be typed now; while the connection is away it may. */
  get canEdit(): boolean {
    if (!mayEdit(this.config.role) || this.isOver || !this.welcomed) return false;
    if (this.connection.link === "closed" || this.connection.link === "elsewhere") return false;
    return this.config.role !== "candidate" || this.state.members[this.me]?.admission === "admitted";
  }

  get files(): FileState[] {
    return this.state.files.filter((file) => !file.deleted);
  }

  /** The visible run or test run that is queued or running. */
  get activeRun(): RunState | null {
    return lastRun(this.state, (run) => run.kind !== "hidden" && run.status !== "finished");
  }

  lastOf(kind: RunState["kind"]): RunState | null {
    return lastRun(this.state, (run) => run.kind === kind);
  }

  first(member: string): string {
    return this.people[member]?.first ?? (member === "system" ? "Room" : "Someone");
  }

  colour(member: string): string {
    return this.people[member]?.colour ?? "blue";
  }

  languageLabel(language: string): string {
    return this.runner.languages[language] ?? LABELS[language] ?? language;
  }

  async do(command: Command): Promise<boolean> {
    const refusal = await this.connection.do(command);
    if (refusal) this.refused.emit(refusal);
    return refusal === null;
  }
}

function lastRun(state: SessionState, fits: (run: RunState) => boolean): RunState | null {
  for (let index = state.runs.length - 1; index >= 0; index -= 1) {
    const run = state.runs[index];
    if (run && fits(run)) return run;
  }
  return null;
}

const LABELS: Record<string, string> = {
  python: "Python",
  javascript: "JavaScript",
  typescript: "TypeScript",
  sql: "SQL",
  java: "Java",
  go: "Go",
  markdown: "Markdown",
  json: "JSON",
  text: "Plain text",
};
