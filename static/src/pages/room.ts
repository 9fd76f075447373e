// The live room, for every role. What only interviewers have is in room-private.ts.
import { CodeEditor } from "../room/editor";
import { mountChat } from "../room/chat";
import { h } from "../room/dom";
import { Files } from "../room/files";
import { actionOf, keysOf, keyText, onMac, type Action } from "../room/keys";
import { mountLayout } from "../room/layout";
import { Notices } from "../room/notices";
import { Page } from "../room/page";
import { Room, type PageConfig } from "../room/room";
import { mountRuns } from "../room/runs";
import { mountScreens } from "../room/screens";
import { mountStatus } from "../room/status";
import { mountStory } from "../room/story";
import { mountStrip } from "../room/strip";
import { OutputTerminal } from "../room/terminal";
import { listed } from "../room/words";
import type { Role } from "../room/wire";
import { loadSettings, type Settings } from "../settings";

class LiveRoom extends HTMLElement {
  page!: Page;

  connectedCallback(): void {
    const page = new Page(this, new Room(configOf(this)));
    this.page = page;
    page.notices = new Notices(page);
    page.editor = new CodeEditor(page.part("editor"), page.room);
    page.terminal = new OutputTerminal(page.part("terminal"));
    page.terminal.clear(keyText(keysOf("run"), onMac()));
    const files = new Files(page);
    mountLayout(page);
    mountStrip(page);
    mountRuns(page, files);
    mountStatus(page, files);
    mountChat(page);
    mountStory(page);
    mountScreens(page);
    mountSettings(page);
    mountWho(page);
    mountKeys(page);
  }
}

function configOf(host: HTMLElement): PageConfig {
  const data = host.dataset;
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return {
    interview: data["interview"] ?? "",
    me: data["me"] ?? "",
    role: (data["role"] ?? "observer") as Role,
    first: data["first"] ?? "",
    lead: data["lead"] ?? "",
    candidate: data["candidate"] ?? "",
    client: data["client"] ?? "",
    live: `${scheme}//${location.host}/live`,
    limits: { run_seconds: Number(data["runSeconds"]), memory_mb: Number(data["memoryMb"]) },
  };
}

function mountSettings(page: Page): void {
  const apply = (settings: Settings): void => {
    page.host.style.setProperty("--code-size", `${settings.editor_size}px`);
    page.terminal.screenReader = settings.screen_reader_terminal;
    page.terminal.recolour();
    page.editor.remeasure();
  };
  apply(loadSettings());
  document.addEventListener("room:settings", (event) => apply((event as CustomEvent<Settings>).detail));
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => page.terminal.recolour());
}

/** "Say who is where": shows the caret flags again and says each person's line. */
function mountWho(page: Page): void {
  const { room } = page;
  page.acts.set("who", () => {
    page.editor.showFlags();
    const words: string[] = [];
    for (const [, state] of room.connection.provider.awareness.getStates()) {
      const member = (state["user"] as { member?: string } | undefined)?.member;
      if (!member || member === room.me) continue;
      const file = room.files.find((one) => one.id === state["file"]);
      const head = (state["cursor"] as { head?: unknown } | null)?.head;
      const line = file && head ? page.editor.lineOf(file.id, head) : null;
      const where = file ? `in ${file.name}` : "in the room";
      words.push(`${room.first(member)} is ${line === null ? where : `on line ${line}${file?.id === page.editor.file?.id ? "" : ` of ${file?.name ?? ""}`}`}`);
    }
    page.polite(words.length > 0 ? listed(words) : "Nobody else is in a file.");
  });
}

function mountKeys(page: Page): void {
  const mac = onMac();
  const drawKeys = (): void => {
    for (const key of document.querySelectorAll<HTMLElement>("kbd[data-keys]")) {
      key.textContent = keyText(keysOf(key.dataset["keys"] as Action, page.bindings), mac);
    }
    page.part("keylist").replaceChildren(
      ...page.bindings.flatMap((binding) => [h("dt", {}, h("kbd", {}, keyText(binding.keys, mac))), h("dd", {}, binding.does)]),
    );
  };
  drawKeys();
  page.acts.set("draw-keys", drawKeys);
  page.acts.set("help", () => page.open("help"));
  document.addEventListener(
    "keydown",
    (event) => {
      if (document.querySelector("dialog[open]") || page.host.hasAttribute("inert")) return;
      const target = event.target as HTMLElement;
      const inText = target.isContentEditable || target.matches("input, textarea, select");
      const key = {
        key: event.key,
        code: event.code,
        altKey: event.altKey,
        ctrlKey: event.ctrlKey,
        metaKey: event.metaKey,
        shiftKey: event.shiftKey,
        altGraph: event.getModifierState("AltGraph"),
      };
      const action = actionOf(key, mac, inText, page.bindings);
      if (action === null || !page.acts.has(action)) return;
      event.preventDefault();
      event.stopPropagation();
      page.act(action);
    },
    { capture: true },
  );
  document.addEventListener("click", (event) => {
    const source = (event.target as Element).closest<HTMLElement>("[data-act]");
    if (source && !source.hasAttribute("disabled") && page.act(source.dataset["act"] as string, source)) event.preventDefault();
  });
}

customElements.define("live-room", LiveRoom);
