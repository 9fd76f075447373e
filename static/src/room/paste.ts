/** Limits on text, in UTF-16 units as the editor counts them. They are held before the text enters the document. */
export const PASTE_MAX = 1_000_000;
export const DOCUMENT_MAX = 2_000_000;

/** Why an insertion cannot be taken, null if it can. `documentLength` is that of all files together. */
export function insertionProblem(inserted: number, documentLength: number): string | null {
  if (inserted > PASTE_MAX) {
    return `This is too much to paste: ${megabytes(inserted)}. A paste can be 1 MB at most. Nothing was changed.`;
  }
  if (inserted > 0 && documentLength + inserted > DOCUMENT_MAX) {
    return "The files of this room can be 2 MB together. Nothing was changed; delete something first.";
  }
  return null;
}

function megabytes(units: number): string {
  return `${(units / 1_000_000).toFixed(1)} MB`;
}

export function lineCount(text: string): number {
  return text.split("\n").length;
}

/** Line ends as the document keeps them. */
export function plainLineEnds(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}
