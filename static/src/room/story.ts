import type { Page } from "./page";
import { goneWords } from "./words";
import { minutesText, pauseMs } from "./clock";
import type { Notice } from "./notices";

/** What happens in the room, said to screen readers and to the candidate; and the partials that it makes stale. */
export function mountStory(page: Page): void {
  const { room } = page;
  room.happened.on(({ e, by }) => {
    const member = (e["member"] as string | undefined) ?? "";
    switch (e.type) {
      case "MemberJoined":
        if (member !== room.me) page.polite(`${room.first(member)} joined`);
        return;
      case "MemberLeft":
        if (member !== room.me) page.polite(`${room.first(member)} left`);
        return;
      case "LeadChanged":
        page.polite(member === room.me ? "You lead now" : `${room.first(member)} leads now`);
        return;
      case "StageStarted": {
        const stage = room.state.stages.find((one) => one.id === e["stage"]);
        if (stage) page.polite(`Stage: ${stage.title}`);
        return;
      }
      case "InterviewStarted":
        page.polite("The interview has started. Recording is on.");
        return;
      case "InterviewEnded":
        page.assertive("The interview has ended");
        return;
      case "ClockPaused":
        page.polite(`Clock paused by ${room.first(by)}`);
        return;
      case "ClockResumed":
        page.polite("Clock running");
        return;
      case "PartShown":
        page.polite(`Part ${String(e["number"])} shown: ${e["part_title"] as string}`);
        fresh.add(e["part"] as string);
        stale("problem");
        stale("guide");
        return;
      case "QuestionPlanned":
        stale("problem");
        stale("guide");
        return;
      case "HintGiven":
        stale("guide");
    }
  });

  // A part may have been shown while this browser was away.
  let known = -1;
  page.watch(
    () => [room.state.shown, room.state.questions],
    () => {
      const count = room.state.shown.length + room.state.questions.length;
      if (known >= 0 && count !== known && room.welcomed) {
        stale("problem");
        if (room.isInterviewer) stale("guide");
      }
      known = room.welcomed ? count : -1;
    },
  );

  const fresh = new Set<string>();
  document.addEventListener("htmx:after:swap", () => {
    for (const part of document.querySelectorAll<HTMLElement>("#problem [data-part-id]")) {
      if (fresh.delete(part.dataset["partId"] ?? "")) {
        part.classList.add("fresh");
        part.addEventListener("animationend", () => part.classList.remove("fresh"), { once: true });
        part.scrollIntoView({ block: "nearest" });
      }
    }
    page.act("draw-keys");
  });
  if (!room.isInterviewer) page.notices.from(() => guestNotices(page));
}

const pending = new Map<string, number>();

/** Asks htmx for a partial anew; several reasons within a moment make one request. */
export function stale(what: "problem" | "guide" | "questions"): void {
  clearTimeout(pending.get(what));
  pending.set(
    what,
    window.setTimeout(() => document.body.dispatchEvent(new CustomEvent(`room:${what}`)), 60),
  );
}

function guestNotices(page: Page): Notice[] {
  const { room } = page;
  if (!room.welcomed) return [];
  const notices: Notice[] = [];
  const leadId = Object.keys(room.state.members).find((id) => room.state.members[id]?.role === "lead");
  const lead = leadId ? room.state.members[leadId] : undefined;
  const first = leadId ? room.first(leadId) : (room.config.lead.split(" ")[0] ?? "");
  if (room.state.phase === "before") {
    notices.push(
      lead?.present
        ? { key: "before", text: `Recording starts when ${first} starts.` }
        : { key: "coming", text: `${first} is on the way. You can look round; the clock starts when ${first} starts it.` },
    );
  } else if (!room.isOver && lead && !lead.present && lead.since_ms > 0 && room.wallMs - lead.since_ms > 3000) {
    notices.push({ key: "gone", text: `${goneWords(first, lead.since_ms, room.wallMs)} Keep going; nothing you type is lost.` });
  }
  if (room.state.phase === "paused") {
    notices.push({ key: "paused", text: `Clock paused by ${first}. ${minutesText(pauseMs(room.state, room.atMs))}` });
  }
  return notices;
}
