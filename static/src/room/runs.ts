import { minutesText, wallText } from "./clock";
import { fileLanguage } from "./filenames";
import { h, setText } from "./dom";
import type { Files } from "./files";
import { keysOf, keyText, onMac } from "./keys";
import type { Page } from "./page";
import { hiddenOf, testGroup } from "./testlist";
import { passed, runnerWords, runTone, runWords, testsSentence } from "./words";
import { loadSettings } from "../settings";
import { toast } from "../toast";
import { mayEdit, type Runner, type RunState, type TestOutcome } from "./wire";

const COMMANDS: Record<string, string> = {
  python: "python",
  javascript: "node",
  typescript: "node",
  c: "gcc",
  cpp: "g++",
  rust: "rustc",
  sql: "sqlite3",
};

/** Run, Stop, tests, and what the terminal shows of them. */
export function mountRuns(page: Page, files: Files): void {
  mountButtons(page, files);
  mountTerminal(page);
  mountTests(page);
}

function mountButtons(page: Page, files: Files): void {
  const { room } = page;
  const [run, test, stop] = ["run", "test", "stop"].map(
    (act) => page.host.querySelector<HTMLButtonElement>(`[data-act="${act}"]`) as HTMLButtonElement,
  ) as [HTMLButtonElement, HTMLButtonElement, HTMLButtonElement];
  const stdin = document.getElementById("stdin") as HTMLTextAreaElement;

  const whyNot = (): string | null => {
    if (!mayEdit(room.config.role)) return "Observers do not run code.";
    if (room.isOver) return "The interview has ended.";
    if (room.connection.link !== "online") return "You are offline. Code runs on the server.";
    if (!room.runner.available) return runnerWords(room.runner.reason, room.isInterviewer);
    const file = page.editor.file;
    const language = file ? fileLanguage(file.name, file.language, room.state.language) : "";
    const ready = Object.values(room.runner.languages);
    if (room.state.languages.includes(language) && ready.length > 0 && !(language in room.runner.languages)) {
      return `${room.languageLabel(language)} is not ready on this server. ${ready.join(", ")} can run.`;
    }
    return room.activeRun ? "A run is active. Stop it first, or wait." : null;
  };
  const refresh = (): void => {
    const reason = whyNot();
    for (const button of [run, test]) {
      button.setAttribute("aria-disabled", reason ? "true" : "false");
      button.title = reason ?? "";
    }
    stop.hidden = room.activeRun === null || !mayEdit(room.config.role) || room.isOver;
  };
  room.changed.on(refresh);
  room.connection.changed.on(refresh);
  refresh();

  const start = (command: (file: string) => Record<string, unknown> & { type: string }): void => {
    const reason = whyNot();
    const file = files.current;
    if (reason) page.notices.say(reason);
    else if (file) void room.do(command(file.id));
  };
  // With given input the program reads that and nothing else; without, people type into its terminal.
  page.acts.set("run", () =>
    start((file) => (stdin.value ? { type: "RequestRun", file, stdin: stdin.value } : { type: "RequestRun", file, interactive: takesKeys(page) })),
  );
  page.acts.set("test", () => start((file) => ({ type: "RequestTests", file })));
  page.acts.set("stop", () => {
    const active = room.activeRun;
    if (active) void room.do({ type: "StopRun", run: active.id });
  });
  page.acts.set("stdin", (source) => {
    const box = page.part("stdinbox");
    box.hidden = !box.hidden;
    source?.setAttribute("aria-expanded", String(!box.hidden));
    if (!box.hidden) stdin.focus();
  });
  stdin.addEventListener("input", () => {
    const button = page.host.querySelector('[data-act="stdin"]');
    if (button) setText(button, stdin.value ? "Input, set" : "Input");
  });
  mountRunnerNotice(page);
}

/** Why code cannot run just now; for interviewers with the time until it is tried again. */
function mountRunnerNotice(page: Page): void {
  const { room } = page;
  const notice = page.part("runner");
  const words = page.part("runnerwords");
  let asking = false;
  let retryAt: number | null = null;
  const draw = (): void => {
    notice.hidden = room.runner.available || !room.welcomed;
    if (notice.hidden) return;
    const left = retryAt === null ? 0 : retryAt - performance.now();
    const again = room.isInterviewer && left > 0 ? ` Trying again in ${minutesText(left + 999)}.` : "";
    setText(words, runnerWords(room.runner.reason, room.isInterviewer) + (asking ? " Trying now." : again));
  };
  const ask = async (button: HTMLElement): Promise<void> => {
    if (asking) return;
    asking = true;
    button.setAttribute("aria-disabled", "true");
    draw();
    try {
      const response = await fetch(button.dataset["address"] ?? "", { method: "POST", headers: { "X-CSRF": button.dataset["csrf"] ?? "" } });
      const answer = response.ok ? ((await response.json()) as Runner) : null;
      if (answer?.available) page.notices.say("Code can run again.");
      else if (answer) page.polite(runnerWords(answer.reason, true));
    } catch {
      page.notices.say("You are offline. Code runs on the server.");
    } finally {
      asking = false;
      button.removeAttribute("aria-disabled");
      draw();
    }
  };
  // What could not be shown by a run is not held against anybody later: the note stands at its time beside the evidence.
  page.acts.set("note-runner", () => {
    void room.do({ type: "AddNote", text: "Code could not run from here on: the runner was away." }).then((isDone) => isDone && toast("Noted. It stands among your notes."));
  });
  page.acts.set("ask-runner", (source) => source && void ask(source));
  page.watch(
    () => [room.runner, room.welcomed],
    () => {
      const seconds = room.runner.retry_in_s;
      retryAt = typeof seconds === "number" ? performance.now() + seconds * 1000 : null;
      draw();
    },
  );
  page.everySecond(draw);
}

/** A database answers a script; there is no program to type to. */
function takesKeys(page: Page): boolean {
  const file = page.editor.file;
  return file !== null && fileLanguage(file.name, file.language, page.room.state.language) !== "sql";
}

/** A program that wrote nothing for so long may wait for input. */
const QUIET_MS = 2500;

function mountTerminal(page: Page): void {
  const { room, terminal } = page;
  terminal.connect({
    type: (run, text) => void room.connection.do({ type: "TypeInput", run, text }).then((refusal) => {
      if (refusal && refusal.reason !== "run_over") page.notices.say(refusal.sentence);
    }),
    resize: (run, columns, rows) => void room.connection.do({ type: "ResizeTerminal", run, columns, rows }),
  });
  const begin = (run: RunState, own: boolean): void => {
    if (run.interactive && run.status === "running") terminal.enliven(run.id, mayEdit(room.config.role), own);
  };
  const chip = page.part("runchip");
  const command = (run: RunState): string => {
    const name = room.state.files.find((file) => file.id === run.file)?.name ?? "";
    return `${COMMANDS[run.language] ?? run.language} ${name}${run.stdin ? " < input" : ""}`;
  };
  room.terminalReset.on((text) => {
    const run = text && room.state.runs.find((one) => one.id === text.run);
    if (!text || !run) {
      terminal.clear(keyText(keysOf("run", page.bindings), onMac()));
      return;
    }
    const started = room.state.started_wall_ms;
    terminal.begin(run.id, command(run), started === null ? "" : wallText(started + run.at_ms));
    terminal.write(run.id, text.text, "stdout");
    if (run.status === "finished") terminal.end(run.id, ending(page, run), run.truncated);
    // What the program asked before was answered then.
    else begin(run, false);
  });
  const hint = page.part("quietrun");
  let wroteAt = 0;
  room.happened.on(({ e, wall_ms }) => {
    const id = e["run"] as string;
    if (e.type === "RunStarted" || e.type === "RunOutput") wroteAt = room.atMs;
    if (e.type === "RunQueued") {
      const run = room.state.runs.find((one) => one.id === id);
      if (run) terminal.begin(id, command(run), wallText(wall_ms));
      page.act("show-terminal");
    } else if (e.type === "RunStarted") {
      const run = room.state.runs.find((one) => one.id === id);
      if (run) begin(run, run.by === room.me);
    } else if (e.type === "TestsQueued") {
      page.act("show-tests");
    } else if (e.type === "RunOutput") {
      const text = e["text"] as string;
      terminal.write(id, text, (e["stream"] as string | undefined) ?? "stdout");
      if (loadSettings().read_output && !page.isCurtained) page.polite(text);
    } else if (e.type === "RunFinished") {
      const run = room.state.runs.find((one) => one.id === id);
      if (run) terminal.end(id, ending(page, run), run.truncated);
      if (run && !page.isCurtained) page.polite(`Run: ${ending(page, run)}`);
    } else if (e.type === "TestsFinished" && !page.isCurtained) {
      page.polite(testsSentence((e["outcomes"] as TestOutcome[] | undefined) ?? []));
    }
  });
  const draw = (): void => {
    const run = room.activeRun ?? room.lastOf("run");
    chip.hidden = run === null;
    // Whether it waits or thinks nobody can see from here; who wonders is told what would help.
    hint.hidden = run?.status !== "running" || !run.interactive || room.isOver || !mayEdit(room.config.role) || room.atMs - wroteAt < QUIET_MS;
    if (!run) return;
    const elapsed = Math.max(0, room.atMs - (run.started_ms ?? run.at_ms));
    const isOn = run.status !== "finished" && !room.isOver;
    const words = run.status === "finished" ? ending(page, run) : room.isOver ? "Over with the interview" : runWords(run, elapsed);
    const tone = room.isOver && run.status !== "finished" ? "" : { busy: "acc", good: "ok", bad: "bad", plain: "" }[runTone(run)];
    chip.className = `chip ${tone}`;
    chip.title = words;
    if (chip.textContent !== words) chip.replaceChildren(...(isOn ? [h("span", { class: "dot" })] : []), h("span", { class: "trunc num" }, words));
  };
  room.changed.on(draw);
  page.everySecond(draw);
  draw();
}

function ending(page: Page, run: RunState): string {
  if (run.stopped_by === "system") return "Stopped with the end of the interview";
  return run.stopped_by ? `Stopped by ${page.room.first(run.stopped_by)}` : run.sentence;
}

function mountTests(page: Page): void {
  const { room } = page;
  const box = page.part("tests");
  const chips = page.part("testchips");
  page.watch(
    () => [room.state.runs, page.privateHidden],
    () => {
      const last = room.lastOf("tests");
      if (!last) return;
      const running = last.status !== "finished";
      const shown = running ? (previous(page, last) ?? last) : last;
      box.classList.toggle("stale", running);
      const heading = room.isInterviewer && document.documentElement.dataset["look"] !== "candidate" ? "Visible to everyone" : "Tests from your interviewer";
      box.replaceChildren(testGroup(heading, shown, running));
      const counted = shown.outcomes.concat(page.privateHidden ? [] : hiddenOf(page, shown)?.outcomes ?? []);
      const good = counted.filter(passed).length;
      chips.replaceChildren(
        ...(running ? [h("span", { class: "chip acc" }, h("span", { class: "dot" }), "Testing")] : []),
        ...(good > 0 ? [h("span", { class: "chip ok" }, `${good} passed`)] : []),
        ...(counted.length > good ? [h("span", { class: "chip bad" }, `${counted.length - good} failed`)] : []),
      );
    },
  );
}

/** The results before the ones that are being made: they stay, faded, until the new ones come. */
function previous(page: Page, run: RunState): RunState | null {
  const done = page.room.state.runs.filter((one) => one.kind === "tests" && one.status === "finished" && one.id !== run.id);
  return done.at(-1) ?? null;
}
