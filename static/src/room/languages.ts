import { javascript } from "@codemirror/lang-javascript";
import { json } from "@codemirror/lang-json";
import { markdown } from "@codemirror/lang-markdown";
import { python } from "@codemirror/lang-python";
import { sql, SQLite } from "@codemirror/lang-sql";
import { indentUnit } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { indentWidth } from "./filenames";

export { fileLanguage } from "./filenames";

/** Highlighting and indentation. An unknown language is plain text. */
export function languageSupport(language: string): Extension {
  return [grammar(language), indentUnit.of(" ".repeat(indentWidth(language)))];
}

function grammar(language: string): Extension {
  switch (language) {
    case "python":
      return python();
    case "javascript":
      return javascript();
    case "typescript":
      return javascript({ typescript: true });
    case "sql":
      return sql({ dialect: SQLite });
    case "json":
      return json();
    case "markdown":
      return markdown();
    default:
      return [];
  }
}
