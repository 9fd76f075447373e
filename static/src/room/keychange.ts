import { changeSettings, loadSettings } from "../settings";
import { h } from "./dom";
import { keysPressed, keyText, onMac, type Binding } from "./keys";

/** What has keys that can be changed: the room's page, and the one to practise on. */
export interface KeyHolder {
  readonly ownBindings: readonly Binding[];
  readonly bindings: readonly Binding[];
  part(name: string): HTMLElement;
  dialog(id: string): HTMLDialogElement;
  act(name: string): boolean;
}

/** The list of keys, where each can be changed or switched off. */
export function mountKeyList(page: KeyHolder): () => void {
  const list = page.part("keylist");
  const say = page.part("keysay");
  const mac = onMac();
  let waiting: { binding: Binding; button: HTMLButtonElement } | null = null;

  const choose = (action: string, keys: string | null): void => {
    const { [action]: _, ...others } = loadSettings().keys;
    changeSettings({ keys: keys === null ? others : { ...others, [action]: keys } });
    page.act("draw-keys");
    list.querySelector<HTMLElement>(`[data-changes="${action}"]`)?.focus();
  };
  const draw = (): void => {
    const own = new Map(page.ownBindings.map((one) => [one.action, one.keys]));
    list.replaceChildren(
      ...page.bindings.flatMap((binding) => {
        const text = binding.keys ? keyText(binding.keys, mac) : "off";
        const isOwn = own.get(binding.action) === binding.keys;
        const change = h("button", { class: "btn quiet sm", type: "button", "data-changes": binding.action, "aria-label": `Change the key: ${binding.does}`, onclick: () => ask(binding) }, "Change");
        const back = isOwn
          ? h("button", { class: "btn quiet sm", type: "button", "aria-label": `Switch the key off: ${binding.does}`, onclick: () => choose(binding.action, "") }, "Off")
          : h("button", { class: "btn quiet sm", type: "button", "aria-label": `The key that it had: ${binding.does}`, onclick: () => choose(binding.action, null) }, "Undo");
        return [h("dt", {}, binding.keys ? h("kbd", {}, text) : h("span", { class: "faint small" }, text)), h("dd", { class: "row tight" }, h("span", { class: "grow" }, binding.does), change, back)];
      }),
    );
  };
  const ask = (binding: Binding): void => {
    const button = list.querySelector<HTMLButtonElement>(`[data-changes="${binding.action}"]`);
    if (!button) return;
    waiting = { binding, button };
    button.textContent = "Press keys";
    say.textContent = `Press the keys for "${binding.does}". Escape leaves it as it is.`;
  };
  const stop = (words: string): void => {
    if (waiting) waiting.button.textContent = "Change";
    waiting = null;
    say.textContent = words;
  };
  page.dialog("help").addEventListener(
    "keydown",
    (event) => {
      if (!waiting || event.key === "Tab") return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Escape") {
        stop("");
        return;
      }
      const keys = keysPressed({ key: event.key, code: event.code, altKey: event.altKey, ctrlKey: event.ctrlKey, metaKey: event.metaKey, shiftKey: event.shiftKey, altGraph: event.getModifierState("AltGraph") }, mac);
      if (keys === null) {
        if (!/^(Control|Shift|Alt|Meta|AltGraph)$/.test(event.key)) say.textContent = "Use Ctrl or Alt with a key, or a function key.";
        return;
      }
      const { binding } = waiting;
      const taken = page.bindings.find((one) => one.keys === keys && one.action !== binding.action);
      if (taken) {
        say.textContent = `${keyText(keys, mac)} is there already: ${taken.does}. Press others, or Escape.`;
        return;
      }
      stop(`${binding.does}: ${keyText(keys, mac)}`);
      choose(binding.action, keys);
    },
    { capture: true },
  );
  page.dialog("help").addEventListener("close", () => stop(""));
  return draw;
}
