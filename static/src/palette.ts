// "Find or do anything": one list for going anywhere and doing anything, filtered as one types.

export interface Entry {
  label: string;
  /** How this person's keyboard does it without the list. */
  keys?: string;
  run: () => void;
}

/** The entries that fit what was typed: all its words, in any order; those that begin with it first. */
export function fitting<T extends { label: string }>(entries: readonly T[], typed: string): T[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const found = entries.filter((one) => words.every((word) => one.label.toLowerCase().includes(word)));
  const first = words[0] ?? "";
  const begins = (one: T): boolean => one.label.toLowerCase().startsWith(first);
  return first ? [...found.filter(begins), ...found.filter((one) => !begins(one))] : found;
}

/** Opens the list. It closes by Escape, a choice, or a press beside it, and gives the focus back. */
export function openPalette(entries: readonly Entry[]): void {
  document.getElementById("palette")?.remove();
  const before = document.activeElement;
  const dialog = document.createElement("dialog");
  dialog.id = "palette";
  dialog.className = "dialog palette";
  dialog.setAttribute("aria-label", "Find or do anything");
  const field = document.createElement("input");
  field.className = "input lg";
  field.placeholder = "Find or do anything";
  field.autocomplete = "off";
  field.spellcheck = false;
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-label", "Find or do anything");
  field.setAttribute("aria-controls", "palette-list");
  field.setAttribute("aria-expanded", "true");
  field.setAttribute("aria-autocomplete", "list");
  const list = document.createElement("ul");
  list.id = "palette-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "What can be done");
  const none = document.createElement("p");
  none.className = "empty";
  none.setAttribute("role", "status");
  dialog.append(field, list, none);
  document.body.append(dialog);

  let found: Entry[] = [];
  let at = 0;
  const mark = (): void => {
    [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
    list.children[at]?.scrollIntoView({ block: "nearest" });
    if (found.length > 0) field.setAttribute("aria-activedescendant", `palette-${at}`);
    else field.removeAttribute("aria-activedescendant");
  };
  const draw = (): void => {
    found = fitting(entries, field.value);
    at = 0;
    list.replaceChildren(
      ...found.map((entry, index) => {
        const item = document.createElement("li");
        item.id = `palette-${index}`;
        item.setAttribute("role", "option");
        const label = document.createElement("span");
        label.className = "grow trunc";
        label.textContent = entry.label;
        item.append(label);
        if (entry.keys) {
          const keys = document.createElement("kbd");
          keys.textContent = entry.keys;
          item.append(keys);
        }
        item.addEventListener("click", () => take(entry));
        return item;
      }),
    );
    list.hidden = found.length === 0;
    none.textContent = found.length === 0 ? `Nothing found for '${field.value}'.` : "";
    mark();
  };
  const take = (entry: Entry): void => {
    dialog.close();
    entry.run();
  };
  field.addEventListener("input", draw);
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && found.length > 0) {
      event.preventDefault();
      at = (at + step + found.length) % found.length;
      mark();
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      const entry = found[at];
      if (entry) take(entry);
    }
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  });
  draw();
  dialog.showModal();
  field.focus();
}
