import { h, icon } from "./dom";
import type { Page } from "./page";
import { countText, failuresFirst, passed, whyFailed } from "./words";
import type { RunState } from "./wire";

/** The run of the hidden tests that goes with a run of the visible ones. */
export function hiddenOf(page: Page, tests: RunState): RunState | null {
  return page.room.state.runs.find((run) => run.of === tests.id) ?? null;
}

/** One group of tests, failures first. */
export function testGroup(heading: string, run: RunState, running: boolean, lead: Node | null = null): HTMLElement {
  const group = h("div", { class: "tgroup" }, lead, heading, h("span", { class: "right num" }, run.outcomes.length > 0 ? countText(run.outcomes) : ""));
  const rows = failuresFirst(run.outcomes).map((outcome) => {
    const ok = passed(outcome);
    return h(
      "li",
      { class: "test" },
      h("span", { class: ok ? "pass" : "fail" }, icon(ok ? "check" : "cross", ""), h("span", { class: "vh" }, ok ? "Passed" : "Failed")),
      h("span", { class: "trunc", title: outcome.name }, h("bdi", {}, outcome.name)),
      h("span", { class: "t" }, outcome.wall_ms ? `${outcome.wall_ms} ms` : ""),
      !ok && h("span", { class: "why" }, whyFailed(outcome)),
    );
  });
  const nothing = run.outcomes.length === 0 ? h("p", { class: "empty" }, running ? "Testing" : run.sentence || "No tests for this part.") : null;
  return h("section", { "aria-label": heading }, group, nothing, h("ul", {}, ...rows));
}
