// An editor to try before the interview. It has the room's keys and settings; what is typed stays in this page.
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { yCollab } from "y-codemirror.next";
import * as Y from "yjs";
import { dialogById } from "../dialogs";
import { editing, fetchKeys, personal } from "../room/editing";
import { mountKeyList, type KeyHolder } from "../room/keychange";
import { actionOf, BINDINGS, EMACS_KEEPS, keysOf, keyText, onMac, withChosen, type Binding } from "../room/keys";
import { languageSupport } from "../room/languages";
import { PlainText } from "../room/plain";
import { loadSettings, type Settings } from "../settings";

const HERE: readonly string[] = ["run", "help", "editor"];

class Practice implements KeyHolder {
  readonly ownBindings = BINDINGS.filter(({ action }) => HERE.includes(action));
  private readonly doc = new Y.Doc();
  private readonly settingsPart = new Compartment();
  private readonly undo = new Map<string, Y.UndoManager>();
  private readonly view: EditorView;
  private readonly plain: PlainText;
  private drawKeys: () => void = () => undefined;

  constructor(private readonly page: HTMLElement) {
    const host = this.part("editor");
    // The page allows only styles with its nonce.
    const nonce = document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce ?? "";
    this.view = new EditorView({ parent: host, state: EditorState.create({ extensions: [EditorView.cspNonce.of(nonce)] }) });
    this.plain = new PlainText(host, { refuses: () => false, pasted: () => undefined, moved: () => undefined });
    const select = this.part("language") as HTMLSelectElement;
    for (const starter of page.querySelectorAll<HTMLTemplateElement>("template[data-starter]")) {
      this.doc.getText(starter.dataset["starter"] ?? "").insert(0, starter.content.textContent ?? "");
    }
    const open = (): void => this.open(select.value, nonce);
    open();
    select.addEventListener("change", open);
    document.addEventListener("room:settings", (event) => this.adopt((event as CustomEvent<Settings>).detail, select.value));
    fetchKeys(loadSettings());
    this.adopt(loadSettings(), select.value);
    const drawList = mountKeyList(this);
    this.drawKeys = () => {
      drawList();
      const mac = onMac();
      for (const key of document.querySelectorAll<HTMLElement>("kbd[data-keys]")) key.textContent = keyText(keysOf("run", this.bindings), mac);
    };
    this.drawKeys();
    document.addEventListener("keydown", (event) => this.pressed(event), { capture: true });
    this.page.querySelector('[data-act="run"]')?.addEventListener("click", () => this.act("run"));
    if (window.matchMedia("(pointer: fine)").matches) this.focusEditor();
  }

  get bindings(): readonly Binding[] {
    return withChosen(this.ownBindings, loadSettings().keys);
  }

  part(name: string): HTMLElement {
    const found = document.querySelector<HTMLElement>(`[data-part="${name}"]`);
    if (!found) throw new Error(`The page has no part "${name}".`);
    return found;
  }

  dialog(id: string): HTMLDialogElement {
    const found = dialogById(id);
    if (!found) throw new Error(`The page has no dialog "${id}".`);
    return found;
  }

  act(name: string): boolean {
    if (name === "draw-keys") this.drawKeys();
    else if (name === "editor") this.focusEditor();
    else if (name === "help") this.dialog("help").showModal();
    else if (name === "run") {
      const said = this.part("said");
      said.hidden = false;
      said.textContent = "Code does not run here. In the room it does, and its output shows below the editor.";
    } else return false;
    return true;
  }

  private focusEditor(): void {
    if (loadSettings().plain_editor) this.plain.field.focus();
    else this.view.focus();
  }

  private managerOf(language: string): Y.UndoManager {
    const known = this.undo.get(language);
    if (known) return known;
    const made = new Y.UndoManager(this.doc.getText(language));
    this.undo.set(language, made);
    return made;
  }

  private open(language: string, nonce: string): void {
    const text = this.doc.getText(language);
    const undoManager = this.managerOf(language);
    this.view.setState(
      EditorState.create({
        doc: text.toString(),
        extensions: [
          EditorView.cspNonce.of(nonce),
          yCollab(text, null, { undoManager }),
          editing("Type here. Nobody sees it, and nothing is kept."),
          this.settingsPart.of(this.ofPerson(loadSettings(), language)),
          languageSupport(language),
          EditorView.contentAttributes.of({ tabindex: "0", "aria-label": "Practice editor. Press Escape, then Tab, to leave it." }),
        ],
      }),
    );
    if (loadSettings().plain_editor) this.plain.open(text, undoManager, text.length);
  }

  private ofPerson(settings: Settings, language: string): Extension {
    return personal(settings, () => this.managerOf(language));
  }

  private adopt(settings: Settings, language: string): void {
    this.page.style.setProperty("--code-size", `${settings.editor_size}px`);
    this.page.style.setProperty("--code-line", String(settings.line_height));
    this.page.style.setProperty("--code-tab", String(settings.tab_size));
    this.view.dispatch({ effects: this.settingsPart.reconfigure(this.ofPerson(settings, language)) });
    const text = this.doc.getText(language);
    this.view.dom.hidden = settings.plain_editor;
    if (settings.plain_editor && this.plain.field.hidden) this.plain.open(text, this.managerOf(language), text.length);
    if (!settings.plain_editor) this.plain.close();
    this.plain.field.hidden = !settings.plain_editor;
    this.plain.field.setAttribute("aria-label", "Practice editor, plain text. Tab leaves the field.");
    this.view.requestMeasure();
  }

  private pressed(event: KeyboardEvent): void {
    if (document.querySelector("dialog[open]")) return;
    const target = event.target as HTMLElement;
    const inText = target.isContentEditable || target.matches("input, textarea, select");
    const { key, code, altKey, ctrlKey, metaKey, shiftKey } = event;
    const pressed = { key, code, altKey, ctrlKey, metaKey, shiftKey, altGraph: event.getModifierState("AltGraph") };
    const action = actionOf(pressed, onMac(), inText, this.bindings, loadSettings().keymap === "emacs" ? EMACS_KEEPS : []);
    if (action === null) return;
    event.preventDefault();
    event.stopPropagation();
    this.act(action);
  }
}

new Practice(document.querySelector("practice-editor") as HTMLElement);
