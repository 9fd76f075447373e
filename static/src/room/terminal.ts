import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";

const RED = "\x1b[31m";
const PLAIN = "\x1b[39m";
const FAINT = "\x1b[90m";
const RESET = "\x1b[0m";

/** The terminal: what the last run wrote, the same for everybody. It takes no input and answers no queries. */
export class OutputTerminal {
  private readonly terminal: Terminal;
  private readonly fitting = new FitAddon();
  private shownRun: string | null = null;

  constructor(private readonly host: HTMLElement) {
    this.terminal = new Terminal({
      convertEol: true,
      cursorBlink: false,
      cursorInactiveStyle: "none",
      cursorStyle: "bar",
      disableStdin: true,
      fontFamily: style("--mono"),
      fontSize: 12.5,
      lineHeight: 1.25,
      scrollback: 5000,
      minimumContrastRatio: 4.5,
      theme: colours(),
    });
    this.terminal.loadAddon(this.fitting);
    this.terminal.open(host);
    this.terminal.attachCustomKeyEventHandler((event) => this.key(event));
    const field = host.querySelector("textarea");
    field?.setAttribute("aria-label", "Output. Arrow keys scroll, Tab leaves.");
    new ResizeObserver(() => this.fit()).observe(host);
    void document.fonts.ready.then(() => this.fit());
  }

  focus(): void {
    this.terminal.focus();
  }

  set screenReader(on: boolean) {
    this.terminal.options.screenReaderMode = on;
  }

  recolour(): void {
    this.terminal.options.theme = colours();
  }

  /** Begins a run: its command on a faint line, an empty screen below. */
  begin(run: string, command: string, time: string): void {
    this.shownRun = run;
    this.terminal.reset();
    this.terminal.write(`${FAINT}$ ${plain(command)}   ${time}${RESET}\r\n`);
  }

  write(run: string, text: string, stream: string): void {
    if (run !== this.shownRun) return;
    this.terminal.write(stream === "stderr" ? `${RED}${text}${PLAIN}` : text);
  }

  /** The last line of a run: how it ended. */
  end(run: string, sentence: string, cut: boolean): void {
    if (run !== this.shownRun) return;
    if (cut) this.terminal.write(`\r\n${FAINT}The rest of the output was cut.${RESET}`);
    // Where the cursor stands is known only when all that was written before has been taken in.
    this.terminal.write("", () => {
      if (run !== this.shownRun) return;
      const fresh = this.terminal.buffer.active.cursorX === 0 ? "" : "\r\n";
      this.terminal.write(`${fresh}${FAINT}${plain(sentence)}${RESET}\r\n`);
    });
  }

  /** Nothing was run yet; `runKey` is how this person's keyboard says Run. */
  clear(runKey = "Run"): void {
    this.shownRun = null;
    this.terminal.reset();
    this.terminal.write(`${FAINT}Output shows here. ${runKey} runs the code.${RESET}`);
  }

  private fit(): void {
    if (this.host.offsetWidth > 0 && this.host.offsetHeight > 0) this.fitting.fit();
  }

  /** Keys scroll; all others stay with the page, above all Tab. */
  private key(event: KeyboardEvent): boolean {
    if (event.type !== "keydown" || event.ctrlKey || event.altKey || event.metaKey) return false;
    const scrolls: Record<string, () => void> = {
      ArrowUp: () => this.terminal.scrollLines(-1),
      ArrowDown: () => this.terminal.scrollLines(1),
      PageUp: () => this.terminal.scrollPages(-1),
      PageDown: () => this.terminal.scrollPages(1),
      Home: () => this.terminal.scrollToTop(),
      End: () => this.terminal.scrollToBottom(),
    };
    const scroll = scrolls[event.key];
    if (scroll) {
      event.preventDefault();
      scroll();
    }
    return false;
  }
}

/** Text of ours inside the terminal's stream: no control characters from a file's name. */
function plain(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "");
}

function style(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function colours(): Record<string, string> {
  return {
    background: style("--term-bg"),
    foreground: style("--term-ink"),
    cursor: style("--term-ink"),
    selectionBackground: style("--accent-soft"),
    black: style("--ink"),
    brightBlack: style("--ink-3"),
    red: style("--fail"),
    brightRed: style("--fail"),
    green: style("--pass"),
    brightGreen: style("--pass"),
    yellow: style("--code-num"),
    brightYellow: style("--code-num"),
    blue: style("--code-fn"),
    brightBlue: style("--code-fn"),
    magenta: style("--code-key"),
    brightMagenta: style("--code-key"),
    cyan: style("--code-type"),
    brightCyan: style("--code-type"),
    white: style("--ink-2"),
    brightWhite: style("--ink"),
  };
}
