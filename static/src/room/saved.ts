/**
 * Which of this browser's edits are on the server's disk: the truth behind "All changes saved".
 *
 * The server counts the document messages (sync step 2 and update) of a connection and says how many of them are stored.
 * An edit is covered by the message that carried it. Edits made before the connection's sync step 2 was sent are covered by
 * that message, also those that went out as updates a moment earlier: the server may hold such an update back until the
 * step 2 brings what it builds on.
 */
export class SavedEdits {
  private sent = 0;
  private stepTwoSent = false;
  private uncovered = 0;
  private readonly covered: number[] = [];

  /** How many edits may not be stored yet. */
  get unsaved(): number {
    return this.uncovered + this.covered.length;
  }

  connectionOpened(): void {
    this.sent = 0;
    this.connectionLost();
  }

  /** What was sent and not acknowledged goes out again with the next connection's sync step 2. */
  connectionLost(): void {
    this.stepTwoSent = false;
    this.uncovered += this.covered.length;
    this.covered.length = 0;
  }

  /** A sync step 2 or update left on the open connection. An edit's own update leaves before `edited` is called or after. */
  documentMessageSent(kind: "step2" | "update"): void {
    this.sent += 1;
    if (kind === "step2" && !this.stepTwoSent) {
      this.stepTwoSent = true;
      this.coverAll();
    } else if (this.stepTwoSent) {
      this.coverAll();
    }
  }

  /** A local edit was made; to be called before its update is sent. */
  edited(): void {
    this.uncovered += 1;
  }

  stored(count: number): void {
    while (this.covered.length > 0 && (this.covered[0] as number) <= count) this.covered.shift();
  }

  private coverAll(): void {
    for (; this.uncovered > 0; this.uncovered -= 1) this.covered.push(this.sent);
  }
}

/** What kind of document message these bytes are, null if another message. */
export function documentMessage(bytes: Uint8Array): "step2" | "update" | null {
  if (bytes[0] !== 0) return null;
  if (bytes[1] === 1) return "step2";
  return bytes[1] === 2 ? "update" : null;
}

export type Link = "connecting" | "online" | "reconnecting" | "offline" | "closed" | "elsewhere" | "waiting";

export interface SavedWords {
  text: string;
  tone: "good" | "plain" | "notice";
}

const changes = (count: number): string => (count === 1 ? "1 change" : `${count} changes`);

/** What the status line says. `slow` means that edits have waited for more than a second. */
export function savedWords(link: Link, unsaved: number, slow: boolean): SavedWords {
  switch (link) {
    case "connecting":
    case "waiting":
      return { text: "Connecting", tone: "plain" };
    case "reconnecting":
      return { text: "Reconnecting. Your changes are safe on this device.", tone: "notice" };
    case "offline":
      return { text: "Offline", tone: "notice" };
    case "elsewhere":
      return { text: "Open in another tab", tone: "plain" };
    case "closed":
      return { text: unsaved > 0 ? `${changes(unsaved)} not saved` : "Read only", tone: unsaved > 0 ? "notice" : "plain" };
    case "online":
      if (unsaved === 0) return { text: "All changes saved", tone: "good" };
      return slow ? { text: `${changes(unsaved)} not saved yet`, tone: "notice" } : { text: "Saving", tone: "plain" };
  }
}

/** The bar over the status line after 30 s without connection. */
export function offlineWords(unsaved: number): string {
  if (unsaved === 0) return "You are offline. Keep typing: your changes will be sent when you are back.";
  return `You are offline. Keep typing: ${changes(unsaved)} will be sent when you are back.`;
}
