// Lines that differ between two texts, with a few unchanged ones around them.

const CELLS_MAX = 4_000_000;
const AROUND = 3;

export interface DiffLine {
  kind: "same" | "added" | "gone" | "skip";
  text: string;
}

export function lineDifference(before: string, after: string): DiffLine[] {
  const [a, b] = [before.split("\n"), after.split("\n")];
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const lines: DiffLine[] = [];
  for (const text of a.slice(0, head)) lines.push({ kind: "same", text });
  lines.push(...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)));
  for (const text of a.slice(a.length - tail)) lines.push({ kind: "same", text });
  return shortened(lines);
}

/** By the longest common lines; two texts that are too large for it are shown whole, the old one before the new one. */
function middle(a: readonly string[], b: readonly string[]): DiffLine[] {
  const gone = (text: string): DiffLine => ({ kind: "gone", text });
  const added = (text: string): DiffLine => ({ kind: "added", text });
  if (a.length * b.length > CELLS_MAX) return [...a.map(gone), ...b.map(added)];
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const [right, down] = [common[i * width + j + 1] as number, common[(i + 1) * width + j] as number];
      common[i * width + j] = a[i] === b[j] ? (common[(i + 1) * width + j + 1] as number) + 1 : Math.max(right, down);
    }
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ kind: "same", text: a[i] as string });
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && (common[(i + 1) * width + j] as number) >= (common[i * width + j + 1] as number))) lines.push(gone(a[i++] as string));
    else lines.push(added(b[j++] as string));
  }
  return lines;
}

function shortened(lines: readonly DiffLine[]): DiffLine[] {
  const near = new Set<number>();
  lines.forEach((line, at) => {
    if (line.kind !== "same") for (let other = at - AROUND; other <= at + AROUND; other++) near.add(other);
  });
  const kept: DiffLine[] = [];
  lines.forEach((line, at) => {
    if (near.has(at)) kept.push(line);
    else if (kept.at(-1)?.kind !== "skip") kept.push({ kind: "skip", text: "…" });
  });
  return kept.every((line) => line.kind === "skip") ? [] : kept;
}
