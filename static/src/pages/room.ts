// The live room, for every role. What only interviewers have is in room-private.ts.
import { CodeEditor } from "../room/editor";
import { mountChat } from "../room/chat";
import { Files } from "../room/files";
import { actionOf, EMACS_KEEPS, keysOf, keyText, onMac, type Action } from "../room/keys";
import { mountFind } from "../room/find";
import { mountFocusTime } from "../room/focus";
import { mountKeyList } from "../room/keychange";
import { mountSignals } from "../room/signs";
import { mountWhere } from "../room/where";
import { mountLate } from "../room/late";
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
import type { Role } from "../room/wire";
import { DEFAULTS, loadSettings, type Settings } from "../settings";

class LiveRoom extends HTMLElement {
  page!: Page;

  connectedCallback(): void {
    const page = new Page(this, new Room(configOf(this)));
    this.page = page;
    page.notices = new Notices(page);
    page.editor = new CodeEditor(page.part("editor"), page.room);
    page.terminal = new OutputTerminal(page.part("terminal"));
    page.terminal.clear(keyText(keysOf("run", page.bindings), onMac()));
    const files = new Files(page);
    mountLayout(page);
    mountStrip(page);
    mountRuns(page, files);
    mountStatus(page, files);
    mountChat(page);
    mountStory(page);
    mountLate(page);
    mountScreens(page);
    mountSettings(page);
    mountWhere(page, files);
    mountFocusTime(page);
    mountFind(page, files);
    if (page.room.config.role === "candidate") mountSignals(page);
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
    candidateLink: data["candidateLink"] ?? "",
    candidateOpened: Number(data["candidateOpened"]) || null,
    limits: { run_seconds: Number(data["runSeconds"]), memory_mb: Number(data["memoryMb"]) },
  };
}

function mountSettings(page: Page): void {
  const apply = (settings: Settings): void => {
    // Type that was set larger for this person stays, unless they choose a size themselves.
    const larger = document.body.classList.contains("larger") && settings.editor_size === DEFAULTS.editor_size;
    page.host.style.setProperty("--code-size", larger ? "18px" : `${settings.editor_size}px`);
    page.host.style.setProperty("--code-line", String(settings.line_height));
    page.host.style.setProperty("--code-tab", String(settings.tab_size));
    page.editor.adopt(settings);
    page.terminal.screenReader = settings.screen_reader_terminal;
    page.terminal.recolour();
    page.editor.remeasure();
  };
  apply(loadSettings());
  document.addEventListener("room:settings", (event) => apply((event as CustomEvent<Settings>).detail));
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => page.terminal.recolour());
}

function mountKeys(page: Page): void {
  const mac = onMac();
  const drawList = mountKeyList(page);
  const drawKeys = (): void => {
    for (const key of [document, ...page.besides].flatMap((one) => [...one.querySelectorAll<HTMLElement>("kbd[data-keys]")])) {
      const keys = keysOf(key.dataset["keys"] as Action, page.bindings);
      key.textContent = keyText(keys, mac);
      key.hidden = keys === "";
    }
    drawList();
  };
  drawKeys();
  page.acts.set("draw-keys", drawKeys);
  page.acts.set("help", () => page.open("help"));
  const pressed = (event: KeyboardEvent): void => {
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
    const inEmacs = loadSettings().keymap === "emacs" && target.closest(".cm-editor") !== null;
    const inProgram = target.closest("[data-live]") !== null;
    const action = actionOf(key, mac, inText, page.bindings, inEmacs ? EMACS_KEEPS : inProgram ? ["Mod K"] : []);
    if (action === null || !page.acts.has(action)) return;
    event.preventDefault();
    event.stopPropagation();
    page.act(action);
  };
  const clicked = (event: MouseEvent): void => {
    const source = (event.target as Element).closest<HTMLElement>("[data-act]");
    if (source && !source.hasAttribute("disabled") && page.act(source.dataset["act"] as string, source)) event.preventDefault();
  };
  page.listenIn = (where) => {
    where.addEventListener("keydown", pressed, { capture: true });
    where.addEventListener("click", clicked);
  };
  page.listenIn(document);
}

customElements.define("live-room", LiveRoom);
