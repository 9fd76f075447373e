// Grammars that are fetched when a file of theirs is opened.
import { StreamLanguage } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { later } from "./later";

/** Nothing for a language that has none. */
export function laterGrammar(language: string): Extension {
  switch (language) {
    case "java":
      return later(language, async () => (await import("@codemirror/lang-java")).java());
    case "c":
    case "cpp":
      return later(language, async () => (await import("@codemirror/lang-cpp")).cpp());
    case "go":
      return later(language, async () => (await import("@codemirror/lang-go")).go());
    case "rust":
      return later(language, async () => (await import("@codemirror/lang-rust")).rust());
    case "ruby":
      return later(language, async () => StreamLanguage.define((await import("@codemirror/legacy-modes/mode/ruby")).ruby));
    case "php":
      return later(language, async () => (await import("@codemirror/lang-php")).php());
    case "bash":
      return later(language, async () => StreamLanguage.define((await import("@codemirror/legacy-modes/mode/shell")).shell));
    case "sql":
      return later(language, async () => {
        const { sql, SQLite } = await import("@codemirror/lang-sql");
        return sql({ dialect: SQLite });
      });
    case "json":
      return later(language, async () => (await import("@codemirror/lang-json")).json());
    case "markdown":
      return later(language, async () => (await import("@codemirror/lang-markdown")).markdown());
    case "diff":
      return later(language, async () => StreamLanguage.define((await import("@codemirror/legacy-modes/mode/diff")).diff));
    default:
      return [];
  }
}
