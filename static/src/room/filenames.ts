// What a file's name says about its language. The server decides by the same rules in room/session/files.py.

const BY_ENDING: Record<string, string> = {
  py: "python",
  js: "javascript",
  mjs: "javascript",
  cjs: "javascript",
  ts: "typescript",
  sql: "sql",
  md: "markdown",
  json: "json",
  txt: "text",
};

/** A file's language: its name's ending, else what it was made for, else the room's. */
export function fileLanguage(name: string, madeFor: string, ofRoom: string): string {
  const dot = name.lastIndexOf(".");
  const ending = dot < 0 ? "" : name.slice(dot + 1).toLowerCase();
  return BY_ENDING[ending] ?? (madeFor || ofRoom);
}

export function indentWidth(language: string): number {
  return language === "python" || language === "" ? 4 : 2;
}
