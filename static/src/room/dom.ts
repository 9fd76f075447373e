type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | boolean | number | EventListener | null | undefined>;

/** An element. A function among the attributes listens to the event that its name says (`onclick`); null and false leave out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child): child is Node | string => child !== null && child !== undefined && child !== false));
  return element;
}

const PATHS: Record<string, string> = {
  check: "m3.5 8.4 3 3 6-6.6",
  cross: "m4.3 4.3 7.4 7.4M11.7 4.3l-7.4 7.4",
  clock: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 5v3.2l2 1.3",
  lock: "M3.5 7h9v6.5h-9zM5.5 7V5a2.5 2.5 0 0 1 5 0v2",
  pin: "M4 2.5h8v11l-4-3-4 3z",
  next: "m6.5 4.5 3.5 3.5-3.5 3.5",
  down: "m4.5 6.5 3.5 3.5 3.5-3.5",
  "eye-off": "M3 3l10 10M6.3 4.3A6 6 0 0 1 8 4c3.8 0 6.2 4 6.2 4a11 11 0 0 1-1.7 2M4 5.5A11 11 0 0 0 1.8 8S4.2 12 8 12c.8 0 1.5-.2 2.2-.4",
  more: "M3.5 8h.1M8 8h.1M12.5 8h.1",
};

export function icon(name: keyof typeof PATHS, classes = "s"): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `i ${classes}`);
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name] as string);
  svg.append(path);
  return svg;
}

/** Sets text only when it differs, so that nothing is redrawn or announced for nothing. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function initials(name: string): string {
  return name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0] ?? "")
    .join("")
    .toUpperCase();
}

const AVATARS: Record<string, string> = { blue: "p1", plum: "p2", olive: "p3" };

export function avatarClass(colour: string): string {
  return `av ${AVATARS[colour] ?? "p3"}`;
}
