// Small behaviours that a page asks for with an attribute, so that no page needs a script of its own for them:
//   data-copy="text"           copies the text;  data-copy-from="id" copies a field's value or an element's text
//   data-dialog="id"           opens that <dialog>;  data-close closes the dialog around it
//   data-reveal="id"           shows what is typed in that password field, and hides it again
//   data-print                 opens the browser's print dialog
//   <time datetime data-local="time|date|datetime">   shows the moment in the reader's own zone
//   <form data-settings>       keeps what is chosen on this device
//   data-submit-on-change      submits its form when changed
//   data-confirm="id"          on a submit button: asks in that dialog first, whose button carries data-confirmed
import { dialogById, openDialog } from "./dialogs";
import { changeSettings, loadSettings, type Settings } from "./settings";
import { toast } from "./toast";

async function copy(source: HTMLElement): Promise<void> {
  const from = source.dataset["copyFrom"];
  let text = source.dataset["copy"] ?? "";
  if (from) {
    const element = document.getElementById(from);
    text =
      element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement
        ? element.value
        : (element?.textContent ?? "").trim();
  }
  await copyText(text);
  toast(source.dataset["copied"] ?? "Copied");
}

export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text);
  }
}

/** Where the clipboard API is refused (a page that is not served over HTTPS). */
function copyBySelection(text: string): void {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "vh";
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

function localTimes(root: ParentNode): void {
  const shapes: Record<string, Intl.DateTimeFormatOptions> = {
    time: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    date: { weekday: "short", day: "numeric", month: "long" },
    datetime: { weekday: "short", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  };
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[data-local]")) {
    const moment = new Date(element.dateTime);
    const shape = shapes[element.dataset["local"] ?? "datetime"];
    if (!Number.isNaN(moment.valueOf()) && shape) element.textContent = moment.toLocaleString("en-GB", shape);
  }
}

function fillSettings(root: ParentNode): void {
  const settings = loadSettings();
  for (const form of root.querySelectorAll<HTMLFormElement>("form[data-settings]")) {
    for (const field of form.querySelectorAll<HTMLInputElement | HTMLSelectElement>("input[name], select[name]")) {
      const value = settings[field.name as keyof Settings];
      if (field instanceof HTMLSelectElement) {
        field.value = String(value);
        continue;
      }
      if (field.type === "checkbox") field.checked = value === true;
      else if (field.type === "radio") field.checked = field.value === value;
      else field.value = String(value);
    }
  }
}

function settingChanged(field: HTMLInputElement | HTMLSelectElement): void {
  if (field instanceof HTMLSelectElement) {
    changeSettings({ [field.name]: field.dataset["kind"] === "number" ? Number(field.value) : field.value });
  } else if (field.type === "checkbox") changeSettings({ [field.name]: field.checked });
  else if (field.name === "theme") changeSettings({ theme: field.value as Settings["theme"] });
  else if (field.validity.valid && field.value !== "") changeSettings({ [field.name]: field.valueAsNumber });
}

function clicked(event: MouseEvent): void {
  const target = event.target instanceof Element ? event.target : null;
  const source = target?.closest<HTMLElement>(
    "[data-copy], [data-copy-from], [data-dialog], [data-close], [data-print], [data-confirm], [data-reveal]",
  );
  if (!source) return;
  if ("copy" in source.dataset || "copyFrom" in source.dataset) {
    event.preventDefault();
    void copy(source);
  } else if (source.dataset["dialog"]) {
    const dialog = dialogById(source.dataset["dialog"]);
    if (dialog) {
      event.preventDefault();
      // A link from one dialog to another: one is open at a time.
      source.closest("dialog")?.close();
      openDialog(dialog);
    }
  } else if (source.dataset["reveal"]) {
    const field = document.getElementById(source.dataset["reveal"]);
    if (!(field instanceof HTMLInputElement)) return;
    const shows = field.type === "password";
    field.type = shows ? "text" : "password";
    source.setAttribute("aria-pressed", String(shows));
    field.focus();
  } else if ("close" in source.dataset) {
    event.preventDefault();
    source.closest("dialog")?.close();
  } else if ("print" in source.dataset) {
    event.preventDefault();
    window.print();
  } else if (source.dataset["confirm"] && source instanceof HTMLButtonElement) {
    const dialog = dialogById(source.dataset["confirm"]);
    if (!dialog || !source.form) return;
    event.preventDefault();
    askFirst(dialog, source.form, source);
  }
}

function askFirst(dialog: HTMLDialogElement, form: HTMLFormElement, button: HTMLButtonElement): void {
  const confirmed = dialog.querySelector<HTMLElement>("[data-confirmed]");
  const go = (): void => {
    dialog.close();
    // requestSubmit with the button would ask again: its name and value go along in a hidden field instead.
    if (button.name) {
      const field = Object.assign(document.createElement("input"), { type: "hidden", name: button.name, value: button.value });
      form.append(field);
    }
    form.requestSubmit();
  };
  confirmed?.addEventListener("click", go, { once: true });
  dialog.addEventListener("close", () => confirmed?.removeEventListener("click", go), { once: true });
  openDialog(dialog);
}

/** A page that came back because of a field begins at that field. */
function goToFault(): void {
  if (document.activeElement === document.body) document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}

/** On the pages with a side bar: without a network they can be read, and a form is not sent into nothing. */
function sayOffline(): void {
  const main = document.querySelector("nav.side ~ main");
  if (!main) return;
  const line = document.createElement("p");
  line.className = "banner offlineline";
  line.setAttribute("role", "status");
  document.body.append(line);
  const draw = (): void => {
    line.hidden = navigator.onLine;
    line.textContent = navigator.onLine ? "" : "You are offline. You can read this page; what you change can be sent when you are back.";
  };
  window.addEventListener("online", draw);
  window.addEventListener("offline", draw);
  draw();
  document.addEventListener(
    "submit",
    (event) => {
      if (navigator.onLine || !(event.target instanceof HTMLFormElement) || event.target.method !== "post") return;
      event.preventDefault();
      event.stopPropagation();
      line.scrollIntoView({ block: "nearest" });
    },
    { capture: true },
  );
}

const AGAIN_AFTER_MS = 5_000;

/** A form that is on its way is not sent a second time by a second press. */
function sendOnce(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !(form instanceof HTMLFormElement) || form.method !== "post") return;
    if (form.getAttribute("aria-busy") === "true") {
      event.preventDefault();
      return;
    }
    form.setAttribute("aria-busy", "true");
    // An answer may be a file, which leaves the page where it is.
    setTimeout(() => form.removeAttribute("aria-busy"), AGAIN_AFTER_MS);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[aria-busy]")) form.removeAttribute("aria-busy");
  });
}

export function startBehaviours(): void {
  sayOffline();
  sendOnce();
  document.addEventListener("click", clicked);
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLElement)) return;
    if ((field instanceof HTMLInputElement || field instanceof HTMLSelectElement) && field.form?.matches("[data-settings]")) settingChanged(field);
    if ("submitOnChange" in field.dataset && "form" in field) (field.form as HTMLFormElement | null)?.requestSubmit();
  });
  document.addEventListener("htmx:after:swap", () => localTimes(document));
  localTimes(document);
  fillSettings(document);
  goToFault();
}
