import { minutesText, pauseMs, stageMinutes, stageMs, stageTime } from "./clock";
import { avatarClass, h, icon, initials, setText } from "./dom";
import { loadSettings } from "../settings";
import type { Page } from "./page";
import { isInterviewer, type MemberState, type Role } from "./wire";

/** The top bar: stages with time, people, the sign of recording. */
export function mountStrip(page: Page): void {
  mountStages(page);
  mountPeople(page);
  mountRecording(page);
}

function mountStages(page: Page): void {
  const { room } = page;
  const strip = page.part("stages");
  let time: { elapsed: HTMLElement; rest: HTMLElement; box: HTMLElement } | null = null;
  let warned: string | null = null;

  const tick = (): void => {
    const state = room.state;
    if (!time || state.stage === null) return;
    const at = room.atMs;
    const now = stageTime(state, at);
    const paused = state.phase === "paused";
    setText(time.elapsed, paused ? `Paused ${minutesText(pauseMs(state, at))}` : now.elapsed);
    setText(time.rest, paused ? "" : now.rest);
    time.box.style.setProperty("--p", `${Math.round(now.share * 1000) / 10}%`);
    const left = stageMinutes(state, state.stage) * 60_000 - stageMs(state, at);
    if (loadSettings().stage_warning && warned !== state.stage && left <= 300_000 && left > 290_000) {
      warned = state.stage;
      page.polite("Five minutes left in this stage");
    }
  };

  page.watch(
    () => [room.state.stages, room.state.stage, room.state.extensions, room.state.phase, room.state.strip_shown],
    () => {
      const state = room.state;
      time = null;
      const visible = room.isInterviewer || state.strip_shown;
      const now = state.stages.findIndex((stage) => stage.id === state.stage);
      strip.replaceChildren(
        ...(visible ? state.stages : []).map((stage, index) => {
          if (index === now && !room.isOver) {
            const elapsed = h("span", {});
            const rest = h("span", { class: "faint" });
            const inside = [icon("clock"), h("span", { class: "trunc" }, stage.title), h("span", { class: "num" }, elapsed, rest)];
            const box = room.isInterviewer
              ? h("button", { class: "stage now", type: "button", "aria-current": "step", popovertarget: "clock-menu", title: "Clock and stages" }, ...inside)
              : h("span", { class: "stage now", "aria-current": "step" }, ...inside);
            time = { elapsed, rest, box };
            return box;
          }
          if (now >= 0 && index < now) return h("span", { class: "stage done" }, icon("check"), h("span", { class: "trunc" }, stage.title), h("span", { class: "vh" }, "done"));
          return h("span", { class: "stage", title: stage.title }, h("span", { class: "trunc" }, stage.title), h("span", { class: "num" }, String(stageMinutes(state, stage.id))), h("span", { class: "vh" }, "minutes"));
        }),
      );
      if (room.isInterviewer && now >= 0 && now < state.stages.length - 1 && !room.isOver) {
        strip.append(h("button", { class: "btn quiet sm wide-only", type: "button", "data-act": "stage" }, "Next stage", icon("next")));
      }
      tick();
    },
  );
  page.everySecond(tick);
  hangMenu(strip);
}

/** The menu hangs under the stage that opens it. */
function hangMenu(strip: HTMLElement): void {
  const menu = document.getElementById("clock-menu");
  menu?.addEventListener("beforetoggle", (event) => {
    const opener = strip.querySelector<HTMLElement>(".stage.now");
    if (!opener || (event as ToggleEvent).newState !== "open") return;
    const { left, width } = opener.getBoundingClientRect();
    menu.style.setProperty("--at", `${Math.round(left + width / 2)}px`);
  });
}

const ROLES: Record<Role, string> = {
  lead: "interviewer",
  interviewer: "second interviewer",
  observer: "observer",
  candidate: "candidate",
};

function mountPeople(page: Page): void {
  const { room } = page;
  const row = page.part("people");
  const list = page.part("peoplelist");
  const shown = (): [string, MemberState][] =>
    Object.entries(room.state.members)
      .filter(([id, member]) => room.people[id] && member.admission !== "removed")
      .sort(([, a], [, b]) => order(a.role) - order(b.role));

  page.watch(
    () => [room.state.members, room.people],
    () => {
      const people = shown();
      row.replaceChildren(
        ...people
          .filter(([, member]) => member.admission !== "turned_away")
          .filter(([, member]) => member.present || member.role === "lead" || member.role === "candidate")
          .map(([id, member]) => {
            const person = room.people[id];
            const name = person?.name ?? "";
            const where = `${name}, ${ROLES[member.role]}, ${member.present ? "here" : "away"}`;
            return h(
              "span",
              { class: avatarClass(person?.colour ?? ""), title: where },
              h("span", { "aria-hidden": "true" }, initials(name)),
              h("span", { class: "vh" }, `${where}. `),
              h("span", { class: member.present ? "on" : "off" }),
            );
          }),
      );
      list.replaceChildren(
        ...people.map(([id, member]) => {
          const person = room.people[id];
          const removable = room.isInterviewer && id !== room.me && !isInterviewer(member.role) && member.admission === "admitted";
          return h(
            "li",
            { class: "row" },
            h("span", { class: avatarClass(person?.colour ?? ""), "aria-hidden": "true" }, initials(person?.name ?? "")),
            h("span", { class: "grow" }, h("bdi", {}, person?.name ?? ""), id === room.me ? " (you)" : "", h("br"), h("span", { class: "small faint" }, `${ROLES[member.role]}, ${member.admission === "turned_away" ? "not let in" : member.present ? "here" : "away"}`)),
            room.isInterviewer && member.admission === "turned_away" && h("button", { class: "btn sm", type: "button", "data-act": "admit", "data-member": id }, "Admit"),
            room.isLead && member.role === "interviewer" && member.admission !== "removed" && !room.isOver && h("button", { class: "btn sm", type: "button", "data-act": "hand-lead", "data-member": id }, "Hand over the lead…"),
            id !== room.me && member.present && !page.isCurtained && h("button", { class: "btn sm", type: "button", "data-act": "follow", "data-member": id }, "Follow"),
            removable && h("button", { class: "btn sm danger", type: "button", "data-act": "remove", "data-member": id }, "Remove…"),
          );
        }),
      );
    },
  );
}

const order = (role: Role): number => ["candidate", "lead", "interviewer", "observer"].indexOf(role);

function mountRecording(page: Page): void {
  const { room } = page;
  const sign = page.part("recording");
  const word = sign.querySelector(".recword") as HTMLElement;
  page.watch(
    () => [room.state.phase],
    () => {
      const on = room.state.phase === "running" || room.state.phase === "paused";
      sign.classList.toggle("is-on", on);
      setText(word, on ? "Recording" : room.isOver ? "Recording ended" : "Not recording yet");
    },
  );
}
