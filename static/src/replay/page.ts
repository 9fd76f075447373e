// The replay: connects the player with the page. What is shown follows from the player's moment alone.

import { Chronicle, type Written } from "./chronicle";
import type { Chronicling } from "./chronicler";
import { CodePane, type ShownCaret } from "./codepane";
import { el, icon, part, say } from "./dom";
import { actionOf, type Action, type Target } from "./keys";
import { Lists } from "./lists";
import type { FileNow } from "./moment";
import { ProblemPane, TerminalPane, TestsPane } from "./outputs";
import { LEAD_MS, Player, SPEEDS } from "./player";
import { type BareSegment, Keyframes } from "./keyframes";
import { decodeSegment, eventsUntil, type Index, type Person, type Pin, type Segment, segmentAt, Segments, type SentSegment } from "./recording";
import { lineDifference } from "./difference";
import { clockText, quietText, spokenText } from "./times";
import { Tracks } from "./tracks";
import { fileLanguage } from "./languages";
import type { OutputTerminal } from "../room/terminal";
import { loadSettings } from "../settings";
import { openDialog } from "../dialogs";
import { passed, whyFailed } from "../room/words";
import type { TestOutcome } from "../room/wire";
import { toast } from "../toast";

const LANGUAGES: Record<string, string> = { python: "Python", javascript: "JavaScript", typescript: "TypeScript", sql: "SQL", markdown: "Markdown", json: "JSON", text: "Text" };
/** So many segments are played from a keyframe when somebody goes to a moment. */
const NEAR = 6;
/** So many segments are on their way while the recording is fetched whole. */
const AHEAD = 2;
/** Type faces and colours of what is on the screen come before the rest of the recording. */
const SETTLE_MS = 250;
/** A caret's name stays this long after its last move. */
const FLAG_MS = 4000;

/** What came of running a moment again. */
interface Again {
  sentence: string;
  comparison: { is_same: boolean | null; sentence: string; difference: string };
  output: string;
  outcomes?: TestOutcome[];
  hidden?: TestOutcome[];
}

/** Where a recording comes from: the server, or the file that the player is in. */
export interface Material {
  index(): Promise<Index>;
  /** Null: it can be made of what is here. */
  segment: ((number: number) => Promise<SentSegment>) | null;
  /** One without its document, as JSON or read already. */
  bare(number: number): Promise<BareSegment | string>;
  /** Some segments from a number on without their documents, as JSON; at least one. */
  several(number: number): Promise<string[]>;
  /** The recording's chronicle, where one is kept with it. */
  kept(): Promise<Written | null>;
  /** Makes the chronicle; `quiet` waits until nobody does. */
  chronicling(quiet: () => Promise<void>): Chronicling;
  terminal(): Promise<typeof OutputTerminal>;
  /** What is said when it cannot be had. */
  fault: string;
}

const page = document.getElementById("replay") as HTMLElement;
const { address = "", query = "" } = page.dataset;
/** A file opened from disk has no addresses but its own. */
const isFile = location.protocol === "file:";

function idle(): Promise<void> {
  return new Promise((done) => ("requestIdleCallback" in window ? requestIdleCallback(() => done(), { timeout: 1000 }) : setTimeout(done, 50)));
}

class Replay {
  private readonly people: Map<string, Person>;
  private readonly frames: Keyframes;
  private readonly segments: Segments;
  private readonly player: Player;
  private readonly tracks: Tracks;
  private readonly lists: Lists;
  private readonly code = new CodePane(part("editor"));
  private readonly terminal: TerminalPane;
  private readonly tests = new TestsPane();
  private readonly problem: ProblemPane;
  /** Who is followed; null: stay in `file`. */
  private followed: string | null;
  private file = "";
  /** The chronicle is here: a segment needs no document. */
  private isChronicled = false;
  private drawnVersion = -1;
  private drawnFiles = "";
  private authorsAt = 0;
  private authors: { version: number; file: string; colours: string[] } = { version: -1, file: "", colours: [] };
  private frame = 0;
  private before = 0;
  private addressTimer = 0;
  private pinAt = 0;

  constructor(
    private readonly index: Index,
    private readonly material: Material,
  ) {
    this.people = new Map(index.people.map((person) => [person.member, person]));
    this.frames = new Keyframes(index.segments.length);
    this.segments = new Segments((number) => this.segment(number));
    this.player = new Player(index, this.segments, () => this.changed());
    this.tracks = new Tracks(index, this.people, {
      drag: (ms) => void this.player.seek(ms),
      choose: (ms, isPin, byPointer) => this.goTo(ms, isPin, byPointer),
    });
    const canPin = page.dataset["canPin"] !== undefined;
    this.lists = new Lists(index, this.people, page.dataset["blind"] ?? "", canPin, (ms, isPin, byPointer) => this.goTo(ms, isPin, byPointer));
    this.terminal = new TerminalPane(
      () => material.terminal(),
      () => loadSettings().screen_reader_terminal,
      (file) => this.player.scene.moment.files?.find((one) => one.id === file)?.name ?? "a file",
      (member) => this.people.get(member)?.first ?? "",
    );
    this.problem = new ProblemPane(index);
    this.followed = this.peopleToFollow[0]?.member ?? null;
    this.furnish();
    this.listen();
    if (canPin) this.pinning();
  }

  async start(): Promise<void> {
    const wanted = Number(new URLSearchParams(isFile ? location.hash.slice(1) : location.search).get("t") ?? "0");
    await this.player.seek(wanted * 1000);
    page.dataset["ready"] = "";
    void this.fetchAll();
  }

  private async segment(number: number): Promise<Segment> {
    const { bare, segment } = this.material;
    if (this.isChronicled) {
      if (this.frames.held(number) === undefined) this.frames.put(number, await bare(number));
      const plain = this.frames.plain(number);
      if (plain) return plain;
    }
    if (segment === null) {
      for (let one = 0; one <= number; one++) if (!this.frames.has(one)) this.frames.put(one, await bare(one));
    }
    const here = this.frames.segment(number, segment ? NEAR : Infinity);
    if (here) return here;
    if (segment === null) throw new Error(`no segment ${number}`);
    const sent = await segment(number);
    this.frames.put(number, sent);
    return decodeSegment(sent);
  }

  /** First the chronicle, if one is kept; then the recording whole while nobody waits, so that every moment is here at once. */
  private async fetchAll(): Promise<void> {
    const { frames, material } = this;
    try {
      await new Promise((done) => setTimeout(done, SETTLE_MS));
      const kept = await material.kept().catch(() => null);
      if (kept) {
        this.adopt(kept);
        await this.bringRest();
        page.dataset["whole"] = "";
        return;
      }
      await this.quietMoment();
      const chronicling = material.chronicling(() => this.quietMoment());
      const coming: Promise<void>[] = [];
      for (let number = 0; number < frames.size; number++) {
        while (coming.length < AHEAD && number + coming.length < frames.size) coming.push(this.bring(number + coming.length));
        await coming.shift();
        await chronicling.take(frames.held(number) as BareSegment | string, number === 0 ? frames.first : undefined);
        await this.quietMoment();
      }
      const written = await chronicling.finish();
      if (written) this.adopt(written);
      else while (frames.grow()) await this.quietMoment();
      page.dataset["whole"] = "";
    } catch {
      // A moment that is not here is fetched when somebody goes there.
    }
  }

  private adopt(written: Written): void {
    this.isChronicled = true;
    this.player.adopt(new Chronicle(written));
    this.frames.release();
    page.dataset["chronicled"] = "";
  }

  /** The segments that are not here yet, without their documents: they are kept as they come, which takes no frame's time. */
  private async bringRest(): Promise<void> {
    const { frames, material } = this;
    for (let number = 0; number < frames.size; ) {
      if (frames.held(number) !== undefined) {
        number++;
        continue;
      }
      for (const line of await material.several(number)) frames.put(number++, line);
      while (this.isHurried) await idle();
    }
  }

  private bring(number: number): Promise<void> {
    const { frames, material } = this;
    const bring = async (): Promise<void> => {
      if (!frames.has(number)) frames.put(number, number === 0 && material.segment ? await material.segment(0) : await material.bare(number));
    };
    const coming = bring();
    coming.catch(() => undefined); // `fetchAll` hears it when it comes to this one
    return coming;
  }

  /** While somebody waits for a moment, or it plays fast and every frame counts, nothing else is done. */
  private async quietMoment(): Promise<void> {
    do await idle();
    while (this.isHurried);
  }

  private get isHurried(): boolean {
    return this.player.waiting || (this.player.playing && this.player.speed >= 8);
  }

  /** The candidate first, then the others who typed or came. */
  private get peopleToFollow(): Person[] {
    const came = new Set(this.index.presence.map((one) => one.member));
    const there = this.index.people.filter((person) => came.has(person.member) || person.role === "candidate");
    return there.sort((a, b) => Number(b.role === "candidate") - Number(a.role === "candidate"));
  }

  private furnish(): void {
    const { index } = this;
    say(part("duration"), clockText(index.duration_ms));
    say(part("quiet-words"), quietText(index.quiet));
    for (const person of this.peopleToFollow) {
      part("people").append(el("li", { class: "row tight small dim" }, el("span", { class: "dot", "data-colour": person.colour }), el("bdi", {}, person.first)));
    }
    for (const speed of SPEEDS) {
      const input = el("input", { type: "radio", name: "speed", value: speed, class: "vh", id: `speed-${speed}` });
      input.checked = speed === this.player.speed;
      input.addEventListener("change", () => {
        this.player.speed = speed;
        this.changed();
      });
      part("speeds").append(el("label", {}, input, el("span", {}, `${speed}×`)));
    }
    if (index.damaged_ms !== null) this.notice(`This recording is damaged. It plays up to ${clockText(index.duration_ms)}.`);
    if (index.running) this.notice(`The interview is still running. This is up to ${clockText(index.duration_ms)}.`, "Load what came since", () => this.reload());
    const fine = index.segments.length > 0;
    if (!fine) this.notice("There is nothing to play.");
  }

  private notice(words: string, action?: string, run?: () => void): void {
    const box = el("p", { class: "banner" }, words);
    if (action && run) {
      const button = el("button", { type: "button", class: "linkbtn" }, action);
      button.addEventListener("click", run);
      box.append(" ", button);
    }
    part("notices").append(box);
  }

  private reload(): void {
    location.href = this.link();
  }

  private link(): string {
    const url = new URL(location.href);
    const seconds = String(Math.floor(this.player.ms / 1000));
    if (isFile) {
      url.hash = `t=${seconds}`;
      return url.toString();
    }
    url.searchParams.set("t", seconds);
    url.hash = "";
    return url.toString();
  }

  /** `byPointer`: the focus goes to the playhead, so that Space plays at once. */
  private goTo(ms: number, isPin: boolean, byPointer: boolean): void {
    void this.player.seek(isPin ? ms - LEAD_MS : ms);
    if (byPointer) this.tracks.focus();
    if (page.dataset["view"] === "side") this.openView("code");
  }

  // ---------------------------------------------------------------------------------------------- what is on the screen

  private changed(): void {
    if (!this.frame) this.frame = requestAnimationFrame((now) => this.draw(now));
  }

  private draw(now: number): void {
    this.frame = 0;
    const { player } = this;
    const elapsed = Math.min(250, now - this.before);
    this.before = now;
    if (player.playing && elapsed > 0) player.tick(elapsed);
    const settled = !player.playing;
    page.classList.toggle("playing", player.playing);
    page.classList.toggle("waiting", player.waiting);
    part("play").setAttribute("aria-label", player.playing ? "Pause" : "Play");
    const clock = clockText(player.ms);
    for (const name of ["now", "link-time"]) say(part(name), clock);
    if (page.dataset["canPin"] !== undefined) say(part("pin-time"), clock);
    for (const input of part("speeds").querySelectorAll("input")) input.checked = Number(input.value) === player.speed;
    this.tracks.show(player.ms, settled || Math.floor(player.ms / 1000) % 5 === 0);
    const pin = this.pinHere();
    this.tracks.markPin(pin?.id ?? null);
    this.lists.markPin(pin?.id ?? null, player.ms);
    this.lists.show(player.ms);
    if (!part("problem-pane").hidden) this.problem.show(player.ms);
    this.drawScene();
    if (player.failed) this.failed();
    if (player.playing) this.changed();
    else this.keepAddress();
  }

  private drawScene(): void {
    const { scene } = this.player;
    const { moment } = scene;
    const files = scene.files;
    const file = this.openFile(files);
    this.drawFiles(files, file);
    if (!part("output-pane").hidden) {
      this.terminal.show(moment.terminal);
      this.tests.show(moment);
    }
    const language = file ? fileLanguage(file.name, file.language ?? "", moment.language ?? "") : "";
    say(part("language"), LANGUAGES[language] ?? language);
    const carets = this.carets(file?.id ?? "");
    const flags = carets.map((caret) => `${caret.anchor}.${caret.head}.${caret.flag}`).join();
    const key = `${file?.id}|${flags}|${this.followed}`;
    if (scene.version === this.drawnVersion && key === this.drawnKey) return;
    // Fast playing shows the code at half the screen's pace, so that no frame is late.
    const now = performance.now();
    if (this.player.playing && this.player.speed >= 8 && now - this.drawnAt < 28) return;
    this.drawnAt = now;
    this.drawnVersion = scene.version;
    this.drawnKey = key;
    const text = file ? scene.text(file.id) : "";
    const followed = carets.find((caret) => caret.member === this.followed);
    this.code.show({
      file: file?.id ?? "",
      name: file?.name ?? "",
      language,
      text,
      authors: file ? this.authorsOf(file.id) : [],
      carets,
      follow: followed ? followed.head : null,
    });
  }
  private drawnKey = "";
  private drawnAt = 0;

  /** Null while playing, but for every eighth of a second: then the edge moves with the text. */
  private authorsOf(file: string): string[] | null {
    const { scene, playing } = this.player;
    const now = performance.now();
    if (playing && this.authors.file === file && now - this.authorsAt < 125) return null;
    this.authorsAt = now;
    if (this.authors.version !== scene.version || this.authors.file !== file) {
      const colours = scene.lineClients(file).map((client) => this.people.get(this.index.clients[String(client)] ?? "")?.colour ?? "");
      this.authors = { version: scene.version, file, colours };
    }
    return this.authors.colours;
  }

  private carets(file: string): (ShownCaret & { member: string })[] {
    const { scene, ms } = this.player;
    const shown = [];
    for (const [member, caret] of Object.entries(scene.moment.carets ?? {})) {
      const person = this.people.get(member);
      const place = scene.caret(caret);
      if (!person || !place || place.head.file !== file) continue;
      const flag = member === this.followed || ms - (caret.at_ms ?? 0) < FLAG_MS;
      shown.push({ member, name: person.first, colour: person.colour, anchor: place.anchor.index, head: place.head.index, flag });
    }
    return shown;
  }

  /** Where the followed person is: their tab, else the file of their caret; else the file that was open. */
  private openFile(files: FileNow[]): FileNow | undefined {
    const { scene } = this.player;
    if (this.followed !== null) {
      const caret = scene.moment.carets?.[this.followed];
      const wanted = scene.moment.open?.[this.followed] ?? (caret ? scene.caret(caret)?.head.file : undefined);
      if (wanted && files.some((file) => file.id === wanted)) this.file = wanted;
    }
    return files.find((file) => file.id === this.file) ?? files[0];
  }

  private drawFiles(files: FileNow[], open: FileNow | undefined): void {
    const key = files.map((file) => `${file.id} ${file.name}`).join("\n") + `\n${open?.id}\n${this.followed}`;
    if (key === this.drawnFiles) return;
    this.drawnFiles = key;
    const tabs = part("files");
    const hadFocus = tabs.contains(document.activeElement);
    tabs.replaceChildren(
      ...files.map((file) => {
        const on = file.id === open?.id;
        const tab = el("button", { type: "button", role: "tab", class: on ? "tab on" : "tab", "aria-selected": String(on), "aria-controls": "editor", tabindex: on ? 0 : -1 }, file.name);
        tab.addEventListener("click", () => this.stayIn(file.id));
        tab.addEventListener("keydown", (event) => {
          const way = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
          if (!way || event.shiftKey) return;
          event.preventDefault();
          event.stopPropagation();
          const next = files[(files.indexOf(file) + way + files.length) % files.length];
          if (next) this.stayIn(next.id);
        });
        return tab;
      }),
    );
    if (hadFocus) requestAnimationFrame(() => tabs.querySelector<HTMLElement>("[aria-selected=true]")?.focus());
    const name = this.followed === null ? null : this.people.get(this.followed)?.first;
    say(part("follow"), name ? `Following ${name}` : `Staying in ${open?.name ?? "this file"}`);
  }

  private stayIn(file: string): void {
    this.followed = null;
    this.file = file;
    this.changed();
  }

  private follow(): void {
    const choices: (string | null)[] = [...this.peopleToFollow.map((person) => person.member), null];
    this.followed = choices[(choices.indexOf(this.followed) + 1) % choices.length] ?? null;
    this.changed();
  }

  private pinHere(): Pin | undefined {
    const { ms } = this.player;
    return this.index.pins.findLast((pin) => ms >= pin.at_ms - LEAD_MS - 500 && ms <= pin.at_ms + 15_000);
  }

  private keepAddress(): void {
    clearTimeout(this.addressTimer);
    this.addressTimer = window.setTimeout(() => {
      history.replaceState(null, "", this.link());
      this.speak();
    }, 400);
  }

  /** On pause: the time, and what happened last. While playing nothing is announced. */
  private speak(): void {
    if (this.player.playing || this.tracks.hasFocus) return;
    const last = this.index.marks.findLast((mark) => mark.at_ms <= this.player.ms);
    say(part("spoken"), spokenText(this.player.ms) + (last ? `. ${last.text}` : ""));
  }

  private failed(): void {
    this.player.failed = false;
    part("notices").replaceChildren();
    this.notice("This moment could not be loaded.", "Try again", () => {
      part("notices").replaceChildren();
      void this.player.seek(this.player.ms);
    });
  }

  // ---------------------------------------------------------------------------------------------- what people do

  private listen(): void {
    part<HTMLInputElement>("skip-quiet").addEventListener("change", (event) => {
      this.player.skipsQuiet = (event.target as HTMLInputElement).checked;
    });
    document.addEventListener("click", (event) => {
      const target = event.target as Element;
      const act = target.closest<HTMLElement>("[data-act]")?.dataset["act"];
      if (act) this.act(act);
      const view = target.closest<HTMLElement>("[data-view-of]")?.dataset["viewOf"];
      if (view) this.openView(view);
    });
    document.addEventListener("keydown", (event) => {
      if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
      const action = actionOf(event, targetOf(event.target as Element));
      if (!action) return;
      event.preventDefault();
      this.obey(action);
    });
    document.addEventListener("room:settings", () => {
      this.terminal.recolour();
      this.code.setSize(loadSettings().editor_size);
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.terminal.recolour());
    this.code.setSize(loadSettings().editor_size);
  }

  private act(act: string): void {
    switch (act) {
      case "play":
        return this.obey({ do: "play" });
      case "previous-pin":
      case "next-pin":
      case "follow":
      case "difference":
      case "problem":
      case "output":
      case "pin":
        return this.obey({ do: act });
      case "run-again":
      case "test-again":
        void this.runAgain(act === "run-again" ? "run" : "tests");
        return;
      case "copy-link":
        void this.copyLink();
        return;
      case "pin-cancel":
        this.closePinForm();
    }
  }

  private obey(action: Action): void {
    const { player } = this;
    switch (action.do) {
      case "play":
        this.before = performance.now();
        if (player.playing) player.pause();
        else player.play();
        this.changed();
        return;
      case "by":
        return void player.seek(player.ms + action.ms);
      case "tenth":
        return void player.seek((player.duration * action.tenth) / 10);
      case "edit":
        return void player.step(action.way);
      case "speed":
        return player.changeSpeed(action.way);
      case "next-pin":
      case "previous-pin": {
        const pin = player.pin(action.do === "next-pin" ? 1 : -1);
        if (pin) void player.seek(pin.at_ms - LEAD_MS);
        else toast(action.do === "next-pin" ? "No pin after this." : "No pin before this.");
        return;
      }
      case "event": {
        const { kinds, way, name } = action;
        const of = this.index.marks.filter((mark) => kinds.includes(mark.kind));
        const found = way > 0 ? of.find((mark) => mark.at_ms > player.ms + 1) : of.findLast((mark) => mark.at_ms < player.ms - 1000);
        if (found) void player.seek(found.at_ms);
        else toast(`No ${name} ${way > 0 ? "after" : "before"} this.`);
        return;
      }
      case "follow":
        return this.follow();
      case "difference":
        void this.showDifference();
        return;
      case "problem":
      case "output":
        return this.toggle(action.do);
      case "pin":
        return this.openPinForm();
    }
  }

  private toggle(name: "problem" | "output"): void {
    const pane = part(`${name}-pane`);
    pane.hidden = !pane.hidden;
    page.classList.toggle(`with-${name}`, !pane.hidden);
    for (const button of document.querySelectorAll(`.statusbar [data-act="${name}"]`)) button.setAttribute("aria-pressed", String(!pane.hidden));
    this.changed();
  }

  /** On a narrow screen one part at a time. */
  private openView(view: string): void {
    page.dataset["view"] = view;
    for (const button of document.querySelectorAll<HTMLElement>("[data-view-of]")) {
      if (button.dataset["viewOf"] === view) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    for (const name of ["problem", "output"] as const) {
      if (part(`${name}-pane`).hidden === (view === name)) this.toggle(name);
    }
    this.changed();
  }

  // ---------------------------------------------------------------------------------------------- difference, running again

  /** From what the open file started as to what it is now. */
  private async showDifference(): Promise<void> {
    const { scene } = this.player;
    const file = scene.files.find((one) => one.id === this.file) ?? scene.files[0];
    if (!file) return;
    this.player.pause();
    const now = scene.text(file.id);
    const began = file.at_ms ?? 0;
    const number = segmentAt(this.index.segments, began);
    const segment = await this.segments.load(number);
    const start = scene.another();
    start.show(segment, began ? eventsUntil(segment.events, began) : 0);
    const lines = lineDifference(start.text(file.id), now);
    const count = (kind: string): number => lines.filter((line) => line.kind === kind).length;
    say(part("difference-time"), clockText(this.player.ms));
    say(part("difference-words"), lines.length ? `${file.name}: ${count("added")} lines more, ${count("gone")} lines less.` : `${file.name} is as it started.`);
    const signs = { same: "  ", added: "+ ", gone: "- ", skip: "  " };
    part("difference-lines").replaceChildren(...lines.map((line) => el("span", { class: line.kind }, `${signs[line.kind]}${line.text}\n`)));
    openDialog(document.getElementById("difference") as HTMLDialogElement);
  }

  private async runAgain(kind: "run" | "tests"): Promise<void> {
    this.player.pause();
    const at_ms = Math.round(this.player.ms);
    say(part("again-time"), clockText(at_ms));
    say(part("again-words"), "Running");
    say(part("again-ended"), "");
    say(part("again-output"), "");
    openDialog(document.getElementById("again") as HTMLDialogElement);
    try {
      const response = await fetch(`${address}/rerun${query}`, {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", "X-CSRF": page.dataset["csrf"] ?? "" },
        body: JSON.stringify({ at_ms, kind }),
      });
      const answer = (await response.json()) as Again;
      if (!response.ok) {
        say(part("again-words"), answer.sentence || "That did not work. Try again.");
        return;
      }
      const { comparison } = answer;
      say(part("again-words"), comparison.sentence);
      say(part("again-ended"), answer.sentence);
      const told = (one: TestOutcome): string => `${passed(one) ? "passed" : "failed"}  ${one.name}${passed(one) ? "" : `: ${whyFailed(one)}`}`;
      const hidden = (answer.hidden ?? []).map(told);
      const tests = [...(answer.outcomes ?? []).map(told), ...(hidden.length ? ["", "Hidden tests", ...hidden] : [])];
      const shown = tests.length ? tests.join("\n") : answer.output;
      say(part("again-output"), comparison.difference ? `${comparison.difference}\n\n${shown}` : shown);
    } catch {
      say(part("again-words"), "That did not work. Check your connection and try again.");
    }
  }

  private async copyLink(): Promise<void> {
    const words = `Link at ${clockText(this.player.ms)} copied`;
    try {
      await navigator.clipboard.writeText(this.link());
      toast(words);
    } catch {
      history.replaceState(null, "", this.link());
      toast("The link is in the address bar. Copy it there.");
    }
  }

  // ---------------------------------------------------------------------------------------------- pins

  private pinning(): void {
    const select = document.getElementById("pin-competency") as HTMLSelectElement;
    for (const [id, title] of this.index.competencies) select.append(el("option", { value: id }, title));
    part<HTMLFormElement>("pin-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.savePin();
    });
    part("pin-form").addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.closePinForm();
    });
  }

  private openPinForm(): void {
    if (page.dataset["canPin"] === undefined) return;
    this.player.pause();
    this.pinAt = Math.round(this.player.ms);
    say(part("pinned-time"), clockText(this.pinAt));
    part("pin-form").hidden = false;
    part("pin-button").hidden = true;
    if (matchMedia("(max-width: 699px)").matches) this.openView("side");
    document.getElementById("pin-text")?.focus();
  }

  private closePinForm(): void {
    part<HTMLFormElement>("pin-form").reset();
    part("pin-form").hidden = true;
    part("pin-error").hidden = true;
    part("pin-button").hidden = false;
    part("pin-button").focus();
  }

  private async savePin(): Promise<void> {
    const form = part<HTMLFormElement>("pin-form");
    const given = new FormData(form);
    const body = JSON.stringify({ at_ms: this.pinAt, text: given.get("text"), competency: given.get("competency") || null });
    const error = part("pin-error");
    try {
      const response = await fetch(`${address}/pins${query}`, {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", "X-CSRF": page.dataset["csrf"] ?? "" },
        body,
      });
      const answer = (await response.json()) as { pin: Pin; person: Person; sentence?: string };
      if (!response.ok) {
        error.hidden = false;
        say(error, answer.sentence ?? "The pin was not saved. Your words are still here; try again.");
        return;
      }
      const { pin, person } = answer;
      if (!this.people.has(person.member)) this.people.set(person.member, person);
      this.index.pins.push(pin);
      this.index.pins.sort((a, b) => a.at_ms - b.at_ms);
      this.tracks.draw();
      this.lists.drawEvidence();
      this.closePinForm();
      this.changed();
      toast(`Pinned at ${clockText(pin.at_ms)}`);
    } catch {
      error.hidden = false;
      say(error, "The pin was not saved. Your words are still here; try again.");
    }
  }
}

function targetOf(element: Element): Target {
  if (element.closest("input:not([type=radio]):not([type=checkbox]), textarea, select")) return "text";
  if (element.id === "playhead") return "slider";
  if (element.closest("button, a, summary, input:not([type=radio])")) return "button";
  return element.closest(".scroll, .tests, .editor, .term") ? "scroller" : "page";
}

/** Shows the recording; what goes wrong is said on the page. */
export async function openReplay(material: Material): Promise<void> {
  try {
    const index = await material.index();
    await new Replay(index, material).start();
  } catch (error) {
    const again = el("a", { href: location.href }, "Try again");
    part("notices").append(el("p", { class: "banner" }, icon("clock"), material.fault, " ", again));
    console.error(error);
  }
}
