// What a file's name says about its language. The server decides by the same rules in room/session/files.py.

const BY_ENDING: Record<string, string> = {
  py: "python",
  js: "javascript",
  mjs: "javascript",
  cjs: "javascript",
  ts: "typescript",
  java: "java",
  c: "c",
  h: "c",
  cpp: "cpp",
  cc: "cpp",
  hpp: "cpp",
  go: "go",
  rs: "rust",
  rb: "ruby",
  php: "php",
  sh: "bash",
  sql: "sql",
  md: "markdown",
  json: "json",
  txt: "text",
  diff: "diff",
  patch: "diff",
};

/** The ending of a new file in a language. */
export function endingOf(language: string): string {
  return Object.entries(BY_ENDING).find(([, named]) => named === language)?.[0] ?? "txt";
}

/** A file's language: its name's ending, else what it was made for, else the room's. */
export function fileLanguage(name: string, madeFor: string, ofRoom: string): string {
  const dot = name.lastIndexOf(".");
  const ending = dot < 0 ? "" : name.slice(dot + 1).toLowerCase();
  return BY_ENDING[ending] ?? (madeFor || ofRoom);
}

const FOUR_WIDE = new Set(["", "python", "java", "c", "cpp", "rust", "php"]);

/** Spaces of one step of indentation; 0 where the language's own tools use tabs. */
export function indentColumns(language: string): number {
  if (language === "go") return 0;
  return FOUR_WIDE.has(language) ? 4 : 2;
}
