import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";

const RED = "\x1b[31m";
const PLAIN = "\x1b[39m";
const FAINT = "\x1b[90m";
const RESET = "\x1b[0m";

/** Characters that go to a program at once; a longer paste goes in pieces. */
const PIECE = 8_000;
const RESIZE_MS = 150;

/** Where keys for the running program go. */
export interface Program {
  type(run: string, text: string): void;
  resize(run: string, columns: number, rows: number): void;
}

/**
 * The terminal: what the last run wrote, the same for everybody. While an interactive run goes on, keys go to its program:
 * Tab too, until Escape. A program's questions to the terminal are answered by one browser alone, that of who started the
 * run; links open only if they are http or https; a program never reaches the clipboard.
 */
export class OutputTerminal {
  private program: Program | null = null;
  /** The run that takes keys now, null if none. */
  private live: string | null = null;
  /** Whether this browser answers for the terminal. */
  private answers = false;
  private keys = "";
  private frame = 0;
  private leaving = false;
  private sized = "";
  private resizeTimer = 0;
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
      overviewRuler: { width: 8 }, // also the width of the scroll bar
      minimumContrastRatio: 4.5,
      theme: colours(),
      linkHandler: { activate: (_event, address) => openLink(address), allowNonHttpProtocols: false },
    });
    this.terminal.loadAddon(this.fitting);
    this.keepQuiet();
    this.terminal.onData((text) => this.send(text));
    this.terminal.open(host);
    this.terminal.textarea?.addEventListener("focus", () => this.tellSize());
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

  connect(program: Program): void {
    this.program = program;
  }

  get hasFocus(): boolean {
    return this.host.contains(document.activeElement);
  }

  /** An interactive program is there: keys go to it if this person may type (`takes`). `own`: this browser started it. */
  enliven(run: string, takes: boolean, own: boolean): void {
    if (run !== this.shownRun || this.live === run) return;
    this.live = takes ? run : null;
    this.answers = own && takes;
    this.sized = "";
    this.terminal.options.disableStdin = !takes;
    this.terminal.options.cursorBlink = takes;
    this.terminal.options.cursorInactiveStyle = takes ? "outline" : "none";
    this.host.toggleAttribute("data-live", takes);
    this.label();
    if (own || this.hasFocus) this.tellSize();
  }

  private still(): void {
    this.live = null;
    this.answers = false;
    this.keys = "";
    this.terminal.options.disableStdin = true;
    this.terminal.options.cursorBlink = false;
    this.terminal.options.cursorInactiveStyle = "none";
    this.host.removeAttribute("data-live");
    this.label();
  }

  private label(): void {
    const words = this.live ? "The program's terminal. Keys go to it; Escape, then Tab, leaves." : "Output. Arrow keys scroll, Tab leaves.";
    this.terminal.textarea?.setAttribute("aria-label", words);
  }

  /** Keys of one frame go together. */
  private send(text: string): void {
    if (!this.live || !this.program) return;
    this.keys += text;
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      const { live, keys } = this;
      this.keys = "";
      for (let at = 0; live && at < keys.length; at += PIECE) this.program?.type(live, keys.slice(at, at + PIECE));
    });
  }

  /** One terminal has the size of one person's window: of the one who types in it. */
  private tellSize(): void {
    clearTimeout(this.resizeTimer);
    this.resizeTimer = window.setTimeout(() => {
      const { cols, rows } = this.terminal;
      const size = `${this.live ?? ""} ${cols} ${rows}`;
      if (!this.live || size === this.sized) return;
      this.sized = size;
      this.program?.resize(this.live, cols, rows);
    }, RESIZE_MS);
  }

  /** Takes a program's questions out of the stream where this browser must not answer them, and its wish for the clipboard everywhere. */
  private keepQuiet(): void {
    const { parser } = this.terminal;
    const quiet = (): boolean => !this.answers;
    for (const id of [{ final: "c" }, { prefix: ">", final: "c" }, { prefix: "=", final: "c" }, { final: "n" }, { prefix: "?", final: "n" }, { prefix: ">", final: "q" }, { final: "t" }]) {
      parser.registerCsiHandler(id, quiet);
    }
    for (const prefix of ["", "?"]) parser.registerCsiHandler({ ...(prefix ? { prefix } : {}), intermediates: "$", final: "p" }, quiet);
    parser.registerDcsHandler({ intermediates: "$", final: "q" }, quiet);
    for (const colour of [4, 10, 11, 12]) parser.registerOscHandler(colour, (data) => quiet() && data.includes("?"));
    parser.registerOscHandler(52, () => true);
  }

  /** Begins a run: its command on a faint line, an empty screen below. */
  begin(run: string, command: string, time: string): void {
    this.still();
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
    this.still();
    if (cut) this.terminal.write(`\r\n${FAINT}The rest of the output was cut.${RESET}`);
    // Where the cursor stands is known only when all that was written before has been taken in.
    this.terminal.write("", () => {
      if (run !== this.shownRun) return;
      // Out of colours, hidden cursor, mouse and full screen, if the program left them on.
      const full = this.terminal.buffer.active.type === "alternate" ? "\x1b[?1049l" : "";
      this.terminal.write(`${full}${RESET}\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?2004l`);
      const fresh = this.terminal.buffer.active.cursorX === 0 ? "" : "\r\n";
      this.terminal.write(`${fresh}${FAINT}${plain(sentence)}${RESET}\r\n`);
    });
  }

  /** Nothing was run yet; `runKey` is how this person's keyboard says Run. */
  clear(runKey = "Run"): void {
    this.still();
    this.shownRun = null;
    this.terminal.reset();
    this.terminal.write(`${FAINT}Output shows here. ${runKey} runs the code.${RESET}`);
  }

  private fit(): void {
    if (this.host.offsetWidth > 0 && this.host.offsetHeight > 0) this.fitting.fit();
    if (this.hasFocus) this.tellSize();
  }

  /** Without a program keys scroll, and all others stay with the page, above all Tab. */
  private key(event: KeyboardEvent): boolean {
    if (this.live) return this.programKey(event);
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

  /** Keys go to the program. Escape does too, and lets the next Tab leave. Ctrl C copies what is selected, else interrupts. */
  private programKey(event: KeyboardEvent): boolean {
    if (event.type !== "keydown") return true;
    if (event.key === "Tab" && this.leaving) return false;
    if (!/^(Shift|Control|Alt|Meta)$/.test(event.key)) this.leaving = event.key === "Escape";
    const mod = event.ctrlKey || event.metaKey;
    if (mod && event.key.toLowerCase() === "c" && this.terminal.hasSelection()) {
      const selected = this.terminal.getSelection();
      void navigator.clipboard?.writeText(selected).catch(() => undefined);
      this.terminal.clearSelection();
      event.preventDefault();
      return false;
    }
    // The browser pastes by itself, and xterm hears it as a paste.
    if (mod && event.key.toLowerCase() === "v") return false;
    return true;
  }
}

function openLink(address: string): void {
  if (/^https?:\/\//i.test(address)) window.open(address, "_blank", "noopener,noreferrer");
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
    overviewRulerBorder: style("--term-bg"),
    scrollbarSliderBackground: style("--line"),
    scrollbarSliderHoverBackground: style("--line-strong"),
    scrollbarSliderActiveBackground: style("--line-strong"),
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
