import { chooseTab } from "./layout";
import { mountFocusButtons } from "./focus";
import { minutesText, stageMinutes, wallText } from "./clock";
import { h, icon, setText } from "./dom";
import type { Notice } from "./notices";
import type { Page } from "./page";
import { hiddenOf, testGroup } from "./testlist";
import { stale } from "./story";
import { goneWords } from "./words";
import { copyText } from "../behaviours";
import { remember } from "../settings";
import { toast } from "../toast";
import type { MemberState, PartPlan, QuestionPlan } from "./wire";

/** How long the end can be taken back. */
const UNDO_MS = 15 * 60_000;

/** What an interviewer does to lead: start, stages, parts, hints, who is let in, the end. */
export function mountLeading(page: Page): void {
  mountClock(page);
  mountParts(page);
  mountQuestions(page);
  mountEnd(page);
  mountHiddenTests(page);
  mountHiding(page);
  mountFocusButtons(page);
  mountLead(page);
  page.notices.from(() => leadNotices(page));
  page.acts.set("open-notes", () => {
    page.act("open-private");
    const tab = page.byId("tab-notes");
    if (tab) chooseTab(tab);
  });
  page.acts.set("open-private", () => {
    if (window.matchMedia("(max-width: 699px)").matches) page.host.querySelector<HTMLElement>('[data-view-of="notes"]')?.click();
  });
  page.acts.set("admit", (source) => {
    const member = source?.dataset["member"];
    if (member) void page.room.do({ type: "AdmitMember", member });
  });
  page.acts.set("remove", (source) => {
    const member = source?.dataset["member"];
    if (!member || !source) return;
    // Asks once, in place: the button repeats the verb.
    if (source.dataset["sure"] === undefined) {
      source.dataset["sure"] = "";
      source.textContent = `Remove ${page.room.first(member)} from the room`;
      return;
    }
    page.dialog("people").close();
    void page.room.do({ type: "RemoveMember", member });
  });
}

/** How long the lead is gone before another interviewer may take over; the server counts too. */
const LEAD_GONE_MS = 30_000;

function mountLead(page: Page): void {
  const { room } = page;
  page.acts.set("copy-link", () => void copyText(room.config.candidateLink).then(() => toast("Copied")));
  page.acts.set("hand-lead", (source) => {
    const member = source?.dataset["member"];
    if (!member || !source) return;
    if (source.dataset["sure"] === undefined) {
      source.dataset["sure"] = "";
      source.textContent = `Let ${room.first(member)} lead from here`;
      return;
    }
    page.dialog("people").close();
    void room.do({ type: "HandLead", member });
  });
}

function leadGone(page: Page): Notice[] {
  const { room } = page;
  const lead = Object.entries(room.state.members).find(([, member]) => member.role === "lead");
  if (!lead || room.isLead || room.isOver || lead[1].present || lead[1].since_ms === 0) return [];
  const name = room.first(lead[0]);
  const may = room.wallMs - lead[1].since_ms > LEAD_GONE_MS;
  return [
    {
      key: may ? "lead-take" : "lead-gone",
      text: goneWords(name, lead[1].since_ms, room.wallMs) + (may ? " Somebody else can lead meanwhile." : ""),
      actions: may ? [{ label: "Take the lead", primary: true, run: () => void room.do({ type: "TakeLead" }) }] : [],
    },
  ];
}

function mountClock(page: Page): void {
  const { room } = page;
  const pause = page.part("pausebutton");
  const strip = page.part("stripbutton");
  const list = page.part("stagelist");
  const close = (): void => document.getElementById("clock-menu")?.hidePopover();
  page.watch(
    () => [room.state.phase, room.state.strip_shown, room.state.stages, room.state.stage, room.state.extensions],
    () => {
      setText(pause, room.state.phase === "paused" ? "Resume the clock" : "Pause the clock");
      setText(strip, room.state.strip_shown ? "Hide the plan from the candidate" : "Show the plan to the candidate");
      list.replaceChildren(
        ...room.state.stages.map((stage) =>
          h("button", {
            type: "button",
            "aria-current": stage.id === room.state.stage ? "step" : null,
            onclick: () => {
              close();
              if (stage.id !== room.state.stage) void room.do({ type: "GoToStage", stage: stage.id });
            },
          }, h("span", { class: "grow" }, stage.title), h("span", { class: "faint num" }, `${stageMinutes(room.state, stage.id)} min`)),
        ),
      );
    },
  );
  page.acts.set("pause", () => {
    close();
    void room.do({ type: room.state.phase === "paused" ? "ResumeClock" : "PauseClock" });
  });
  page.acts.set("extend", () => {
    close();
    void room.do({ type: "ExtendStage", minutes: 5 });
  });
  page.acts.set("strip", () => {
    close();
    void room.do({ type: "ShowStageStrip", shown: !room.state.strip_shown });
  });
  page.acts.set("stage", () => {
    close();
    const at = room.state.stages.findIndex((stage) => stage.id === room.state.stage);
    const next = room.state.stages[at + 1];
    if (next && at >= 0) void room.do({ type: "GoToStage", stage: next.id });
    else page.notices.say(at < 0 ? "Stages begin when the interview is started." : "This is the last stage.");
  });
}

function nextPart(page: Page): { question: QuestionPlan; part: PartPlan; number: number } | null {
  const { state } = page.room;
  const order = [...state.questions].sort((a, b) => Number(b.id === state.question) - Number(a.id === state.question));
  for (const question of order) {
    const index = question.parts.findIndex((part) => !state.shown.some((one) => one.question === question.id && one.part === part.id));
    const part = question.parts[index];
    if (part) return { question, part, number: index + 1 };
  }
  return null;
}

function mountParts(page: Page): void {
  const { room } = page;
  const dialog = page.dialog("show-part");
  const text = page.part("showtext");
  let asked: { question: string; part: string } | null = null;

  const ask = (question: string, part: string, number: string, title: string): void => {
    asked = { question, part };
    (document.getElementById("show-title") as HTMLElement).textContent = `Show part ${number}, ${title}?`;
    const candidate = room.candidate ? room.first(room.candidate) : "The candidate";
    const once = room.state.shown.length === 0 ? " What is shown cannot be hidden again." : "";
    setText(text, `${candidate} and everyone else here can read it then.${once}`);
    dialog.returnValue = "";
    page.open("show-part");
    dialog.querySelector<HTMLElement>("button.primary")?.focus();
  };
  page.acts.set("show", (source) => {
    if (source?.dataset["question"]) {
      const { question, partId, number, title } = source.dataset;
      ask(question, partId ?? "", number ?? "", title ?? "");
      return;
    }
    const next = nextPart(page);
    if (next) ask(next.question.id, next.part.id, String(next.number), next.part.title);
    else page.notices.say(room.state.questions.length === 0 ? "No question in this plan." : "All parts are shown.");
  });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "show" && asked) void room.do({ type: "ShowPart", ...asked });
    asked = null;
  });
  page.acts.set("hint", (source) => {
    const { question, partId, level } = source?.dataset ?? {};
    if (question && partId) void room.do({ type: "GiveHint", question, part: partId, level: Number(level) });
  });
}

function mountQuestions(page: Page): void {
  const { room } = page;
  const places = page.part<HTMLSelectElement>("replaces");
  page.acts.set("question", () => {
    places.replaceChildren(
      h("option", { value: "" }, "After the ones in the plan"),
      ...room.state.questions.map((question) => h("option", { value: question.id }, `Instead of ${question.title}`)),
    );
    stale("questions");
    page.open("question-dialog");
  });
  const form = page.dialog("question-dialog").querySelector("form") as HTMLFormElement;
  form.addEventListener("htmx:after:request", (event) => {
    const context = (event as CustomEvent<{ ctx?: { response?: { status?: number } } }>).detail?.ctx;
    if (event.target !== form) return;
    page.dialog("question-dialog").close();
    if ((context?.response?.status ?? 200) >= 400) page.notices.say("The question was not taken. It may be in the plan already.");
  });
}

function mountEnd(page: Page): void {
  const { room } = page;
  const dialog = page.dialog("end");
  const form = page.part<HTMLFormElement>("endform");
  const button = page.part<HTMLButtonElement>("endbutton");
  dialog.addEventListener("close", () => {
    const cut = (form.elements.namedItem("cut_short") as HTMLInputElement).checked;
    if (dialog.returnValue === "end") void room.do({ type: "EndInterview", cut_short: cut });
    dialog.returnValue = "";
    form.reset();
  });
  page.watch(
    () => [room.state.phase],
    () => {
      const running = room.state.phase === "running" || room.state.phase === "paused";
      button.disabled = !running;
      button.title = running ? "" : room.isOver ? "The interview has ended" : "The interview has not started";
    },
  );
}

function mountHiddenTests(page: Page): void {
  const { room } = page;
  const box = page.part("hiddentests");
  page.watch(
    () => [room.state.runs],
    () => {
      const tests = room.state.runs.filter((run) => run.kind === "tests").at(-1);
      const hidden = tests ? hiddenOf(page, tests) : null;
      if (!tests || !hidden) return;
      const earlier = room.state.runs.filter((run) => run.kind === "hidden" && run.status === "finished").at(-1);
      const running = hidden.status !== "finished";
      const shown = running ? (earlier ?? hidden) : hidden;
      box.className = running ? "hid stale" : "hid";
      box.replaceChildren(testGroup("Hidden from the candidate", shown, running, icon("lock")));
    },
  );
}

/** For people who share their screen: the private side goes from it at once, and stays away over a reload. */
function mountHiding(page: Page): void {
  const root = document.documentElement;
  const button = page.host.querySelector<HTMLElement>(".hidebtn") as HTMLElement;
  const draw = (): void => {
    const hidden = page.privateHidden;
    button.setAttribute("aria-pressed", String(hidden));
    const words = hidden ? "The private side is hidden. Show it" : "Hide the private side";
    button.setAttribute("aria-label", words);
    button.title = words;
    button.replaceChildren(icon(hidden ? "lock" : "eye-off", ""));
    page.editor.remeasure();
  };
  page.acts.set("hide", () => {
    const hidden = !page.privateHidden;
    if (hidden) root.dataset["private"] = "hidden";
    else delete root.dataset["private"];
    remember("room.private", hidden ? "hidden" : null);
    if (hidden && document.getElementById("private")?.contains(document.activeElement)) page.editor.focus();
    if (hidden) page.act("bring-back");
    page.room.changed.emit();
    draw();
  });
  draw();
}

function leadNotices(page: Page): Notice[] {
  const { room } = page;
  if (!room.welcomed) return [];
  const { state } = room;
  const notices: Notice[] = [];
  const members = Object.entries(state.members);
  const candidate = members.find(([, member]) => member.role === "candidate");
  const first = candidate ? (room.people[candidate[0]]?.first ?? "The candidate") : "The candidate";

  for (const [id, member] of members) {
    if (member.declined_recording) {
      notices.push({ key: `declined-${id}`, text: `${room.first(id)} does not want to be recorded. Nothing is recorded. Offer another form, such as a talk without the room.` });
    }
    if (member.admission === "waiting") {
      notices.push({
        key: `waiting-${id}`,
        text: `${room.first(id)} is waiting to be let in.`,
        actions: [
          { label: "Admit", primary: true, run: () => void room.do({ type: "AdmitMember", member: id }) },
          { label: "Not now", run: () => void room.do({ type: "TurnAwayMember", member: id }) },
        ],
      });
    }
  }
  if (state.phase === "before") {
    const here = candidate?.[1].present ?? false;
    const waiting = candidate?.[1].admission === "waiting";
    const declined = members.some(([, member]) => member.declined_recording);
    if (!declined) {
      notices.push({
        key: here ? "before-here" : waiting ? "before-waiting" : "before",
        text: here ? `${first} is here. The clock and the recording start when you start them.` : waiting ? "Not recording yet." : awayText(first, candidate?.[1], room.config.candidateOpened),
        actions: [
          ...(!here && !waiting && room.config.candidateLink ? [{ label: "Copy link", run: () => void page.act("copy-link") }] : []),
          { label: "Start interview", primary: here, run: () => void room.do({ type: "StartInterview" }) },
        ],
      });
    }
  } else if (!room.isOver && candidate && !candidate[1].present && candidate[1].admission === "admitted") {
    // Started without them: they did not lose anything, they never were here.
    const never = candidate[1].since_ms === 0;
    notices.push({
      key: never ? "never" : "gone",
      text: never ? awayText(first, candidate[1], room.config.candidateOpened) : `${goneWords(first, candidate[1].since_ms, room.wallMs)} What ${first} types stays safe on that device.`,
      actions: [
        ...(never && room.config.candidateLink ? [{ label: "Copy link", run: () => void page.act("copy-link") }] : []),
        ...(state.phase === "running" ? [{ label: "Pause clock", run: () => void room.do({ type: "PauseClock" }) }] : []),
      ],
    });
  }
  if (state.phase === "paused") {
    notices.push({ key: "paused", text: "The clock is paused. The recording goes on.", actions: [{ label: "Resume", run: () => void room.do({ type: "ResumeClock" }) }] });
  }
  notices.push(...leadGone(page));
  if (room.isOver) notices.push(endNotice(page));
  return notices;
}

function awayText(first: string, member: MemberState | undefined, openedMs: number | null): string {
  if (member?.came_ms) return `${first} is not here. ${first} was here at ${wallText(member.came_ms)}.`;
  const opened = openedMs === null ? "" : ` The link was opened at ${wallText(openedMs)}.`;
  return `${first} is not here yet.${opened} Notes and guide work already.`;
}

function endNotice(page: Page): Notice {
  const { room } = page;
  const { state } = room;
  const endedWall = (state.started_wall_ms ?? 0) + (state.ended_at_ms ?? 0);
  const left = endedWall + UNDO_MS - Date.now();
  const template = document.getElementById("ending");
  const links = template instanceof HTMLTemplateElement ? (template.content.cloneNode(true) as DocumentFragment) : undefined;
  const canReopen = state.phase === "ended" && left > 0;
  return {
    key: canReopen ? "ended" : "closed",
    text: `Interview ended ${wallText(endedWall)}${state.cut_short ? ", cut short" : ""}.${canReopen ? ` It can be reopened for ${minutesText(left)}.` : ""}`,
    ...(links ? { links } : {}),
    actions: canReopen ? [{ label: "Reopen", run: () => void room.do({ type: "UndoEnd" }) }] : [],
  };
}
