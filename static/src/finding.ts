// Ctrl K, on macOS Cmd K, on the pages with a side bar: go anywhere from one list. The room has a list of its own.
import { dialogById, openDialog } from "./dialogs";
import { openPalette, type Entry } from "./palette";
import { changeSettings } from "./settings";

const onMac = /Mac|iPhone|iPad/.test(navigator.platform);

export function startFinding(): void {
  const side = document.querySelector("nav.side");
  if (!side) return;
  document.addEventListener("keydown", (event) => {
    const mod = onMac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
    if (!mod || event.altKey || event.shiftKey || event.key.toLowerCase() !== "k" || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    openPalette(entries(side));
  });
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-find]")) openPalette(entries(side));
  });
  if (onMac) for (const key of document.querySelectorAll("[data-find] kbd")) key.textContent = "⌘ K";
}

/** Where the side bar leads, what the page's rows and headings link to, and what is chosen for this device. */
function entries(side: Element): Entry[] {
  const seen = new Set<string>();
  const links = [...side.querySelectorAll<HTMLAnchorElement>("a[href]"), ...document.querySelectorAll<HTMLAnchorElement>("main a[href]")];
  const places = links.flatMap((link): Entry[] => {
    const words = [...link.childNodes].filter((node) => !(node instanceof Element && node.matches(".n"))).map((node) => node.textContent ?? "");
    const label = (link.getAttribute("aria-label") ?? words.join("")).replace(/\s+/g, " ").trim();
    const key = `${label} ${link.href}`;
    if (!label || seen.has(key) || link.origin !== location.origin || link.hasAttribute("download")) return [];
    seen.add(key);
    return [{ label: `Go to ${label}`, run: () => link.click() }];
  });
  const settings = dialogById("settings");
  return [
    ...places,
    ...(settings ? [{ label: "Settings on this device", run: () => openDialog(settings) }] : []),
    ...(["light", "dark", "system"] as const).map((theme): Entry => ({ label: theme === "system" ? "Theme like the system" : `Theme: ${theme}`, run: () => void changeSettings({ theme }) })),
  ];
}
