import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { IndexeddbPersistence } from "y-indexeddb";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { backoffMs } from "./backoff";
import { Emitter } from "./emitter";
import { documentMessage, SavedEdits, type Link } from "./saved";
import { CLOSED, type Command, type ServerMessage } from "./wire";

const ROOM_MESSAGE = 100;
const PING_MS = 20_000;
/** A loss shorter than this is not worth a word. */
const RECONNECTING_AFTER_MS = 2_000;
const OFFLINE_AFTER_MS = 30_000;
/** How long the browser's own copy of the document may hold up the first connection. */
const LOCAL_COPY_MS = 1_500;

/**
 * One member's connection to a room: the document and awareness over y-websocket, and room messages as type 100 on the same
 * socket. It comes back by itself until the server closes it with a final code.
 */
export class Connection {
  readonly doc = new Y.Doc();
  readonly provider: WebsocketProvider;
  readonly messages = new Emitter<ServerMessage>();
  /** The link's state or the number of unsaved edits changed. */
  readonly changed = new Emitter<void>();
  readonly saved = new SavedEdits();

  link: Link = "connecting";
  closeCode: number | null = null;
  /** Edits came after the end; the server does not keep them. */
  tooLate = false;
  /** Edits have waited for the disk for more than a second. */
  slow = false;

  private readonly localCopy: IndexeddbPersistence | null;
  private lostAt: number | null = null;
  private takesOver = false;
  private slowTimer = 0;
  private linkTimer = 0;
  private readonly pingTimer: number;
  private readonly commands = new Map<number, (refusal: Refusal | null) => void>();
  private nextCommand = 1;
  /** Wishes from before the room first answered; null once it has. */
  private early: (() => void)[] | null = [];

  constructor(liveUrl: string, interview: string, member: string) {
    this.doc.on("update", (_update: Uint8Array, origin: unknown) => {
      if (origin === this.provider || (this.localCopy !== null && origin === this.localCopy)) return;
      this.saved.edited();
      this.savedChanged();
    });
    this.localCopy = openLocalCopy(`room:${interview}:${member}`, this.doc);
    this.provider = new WebsocketProvider(liveUrl, interview, this.doc, {
      connect: false,
      params: { member, tab: tabName() },
      disableBc: true,
      WebSocketPolyfill: countingSocket(this),
    });
    // y-websocket waits for the lesser of its own doubling and this.
    Object.defineProperty(this.provider, "maxBackoffTime", {
      get: () => backoffMs(this.provider.wsUnsuccessfulReconnects, Math.random()),
    });
    this.provider.messageHandlers[ROOM_MESSAGE] = (_encoder, decoder) => {
      this.heard(JSON.parse(decoding.readVarString(decoder)) as ServerMessage);
    };
    this.provider.on("status", ({ status }) => this.statusChanged(status));
    this.provider.on("closed", ({ code }) => this.closedForGood(code));
    this.pingTimer = window.setInterval(() => this.send({ t: "ping" }), PING_MS);
    window.addEventListener("online", () => {
      // A connection from before the network went may be dead without having said so: the watchdog needs half a minute.
      if (this.link === "online" || this.link === "reconnecting" || this.link === "offline") this.retry();
    });
    void this.start();
  }

  get unsaved(): number {
    return this.saved.unsaved;
  }

  /**
   * Sends a wish. Resolves to null when it was done, else to why not. What is wished before the room has first answered goes
   * when it does; later it is refused at once without a connection.
   */
  do(command: Command): Promise<Refusal | null> {
    if (this.early && this.link === "connecting") return this.afterWelcome(command);
    if (!this.provider.wsconnected) {
      return Promise.resolve({ reason: "offline", sentence: "You are offline. Try again when you are back." });
    }
    const id = this.nextCommand++;
    return new Promise((resolve) => {
      this.commands.set(id, resolve);
      this.send({ t: "do", id, do: command });
    });
  }

  private afterWelcome(command: Command): Promise<Refusal | null> {
    return new Promise((resolve) => this.early?.push(() => void this.do(command).then(resolve)));
  }

  /** The room answered, or will not: what was wished before it is sent, or refused. */
  private endEarly(): void {
    const early = this.early ?? [];
    this.early = null;
    for (const send of early) send();
  }

  /** "Use it here": closes the member's other tab. A tab that was itself closed that way connects again first. */
  takeOver(): void {
    if (this.provider.wsconnected) {
      this.send({ t: "take_over" });
      return;
    }
    this.takesOver = true;
    this.closeCode = null;
    this.link = "connecting";
    this.provider.connect();
    this.changed.emit();
  }

  /** Tells the room that the member leaves on purpose, and ends the connection. */
  leave(): void {
    this.send({ t: "bye" });
    clearInterval(this.pingTimer);
    this.provider.disconnect();
  }

  retry(): void {
    this.provider.disconnect();
    this.provider.connect();
  }

  /** Removes this browser's own copy of the document: it is for a crash during the interview, not for afterwards. */
  forgetLocalCopy(): void {
    if (!this.localCopy) return;
    // At once and not by `clearData`, which waits: the page may be on its way out.
    this.localCopy.db?.close();
    indexedDB.deleteDatabase(this.localCopy.name);
    void this.localCopy.destroy().catch(() => undefined);
  }

  documentMessageSent(kind: "step2" | "update"): void {
    this.saved.documentMessageSent(kind);
    this.savedChanged();
  }

  private async start(): Promise<void> {
    if (this.localCopy) {
      const wait = new Promise((resolve) => setTimeout(resolve, LOCAL_COPY_MS));
      await Promise.race([this.localCopy.whenSynced.catch(() => undefined), wait]);
    }
    this.provider.connect();
  }

  private send(message: Record<string, unknown>): void {
    const socket = this.provider.ws;
    if (!socket || socket.readyState !== WebSocket.OPEN) return;
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, ROOM_MESSAGE);
    encoding.writeVarString(encoder, JSON.stringify(message));
    socket.send(encoding.toUint8Array(encoder));
  }

  private heard(message: ServerMessage): void {
    switch (message.t) {
      case "saved":
        this.saved.stored(message.count);
        this.savedChanged();
        return;
      case "done":
        this.answer(message.id, null);
        return;
      case "refused":
        this.answer(message.id, { reason: message.reason, sentence: message.sentence });
        return;
      case "busy_elsewhere":
        if (this.takesOver) {
          this.send({ t: "take_over" });
          return;
        }
        this.link = "elsewhere";
        this.changed.emit();
        return;
      case "waiting":
        this.link = "waiting";
        this.changed.emit();
        return;
      case "too_late":
        this.tooLate = true;
        this.changed.emit();
        return;
      case "welcome":
        this.lostAt = null;
        this.takesOver = false;
        clearTimeout(this.linkTimer);
        this.link = "online";
        this.messages.emit(message);
        this.changed.emit();
        this.endEarly();
        return;
      default:
        this.messages.emit(message);
    }
  }

  private answer(id: number, refusal: Refusal | null): void {
    const resolve = this.commands.get(id);
    this.commands.delete(id);
    resolve?.(refusal);
  }

  private statusChanged(status: "connected" | "disconnected" | "connecting"): void {
    if (status === "connected") {
      this.saved.connectionOpened();
      this.send({ t: "hello", v: 1 });
      return;
    }
    if (status === "disconnected") this.saved.connectionLost();
    for (const id of [...this.commands.keys()]) {
      this.answer(id, { reason: "offline", sentence: "The connection was lost. Look whether it was done, then try again." });
    }
    if (this.link === "closed" || this.link === "connecting" || this.link === "elsewhere") return;
    this.lostAt ??= performance.now();
    this.watchLoss();
  }

  private watchLoss(): void {
    clearTimeout(this.linkTimer);
    if (this.lostAt === null || this.link === "closed") return;
    const lost = performance.now() - this.lostAt;
    if (lost >= OFFLINE_AFTER_MS) this.link = "offline";
    else if (lost >= RECONNECTING_AFTER_MS) this.link = "reconnecting";
    this.changed.emit();
    const next = lost < RECONNECTING_AFTER_MS ? RECONNECTING_AFTER_MS - lost : OFFLINE_AFTER_MS - lost;
    if (next > 0) this.linkTimer = window.setTimeout(() => this.watchLoss(), next + 5);
  }

  private closedForGood(code: number): void {
    clearTimeout(this.linkTimer);
    this.lostAt = null;
    this.closeCode = code;
    this.link = code === CLOSED.otherTab ? "elsewhere" : "closed";
    this.changed.emit();
    this.endEarly();
  }

  private savedChanged(): void {
    if (this.unsaved === 0) {
      clearTimeout(this.slowTimer);
      this.slowTimer = 0;
      this.slow = false;
    } else if (this.slowTimer === 0) {
      this.slowTimer = window.setTimeout(() => {
        this.slow = true;
        this.changed.emit();
      }, 1000);
    }
    this.changed.emit();
  }
}

export interface Refusal {
  reason: string;
  sentence: string;
}

/**
 * A name for this browser tab, by which the server knows it again when it comes back after a reload. It is taken out of the
 * tab's storage while the page lives: "duplicate tab" copies that storage, and the copy must not pass for this tab.
 */
function tabName(): string {
  const key = "room.tab";
  let name = crypto.getRandomValues(new Uint32Array(3)).join("-");
  try {
    name = sessionStorage.getItem(key) ?? name;
    sessionStorage.removeItem(key);
    window.addEventListener("pagehide", () => sessionStorage.setItem(key, name));
    window.addEventListener("pageshow", () => sessionStorage.removeItem(key));
  } catch {
    // Without storage a reload may have to say "Use it here".
  }
  return name;
}

function openLocalCopy(name: string, doc: Y.Doc): IndexeddbPersistence | null {
  try {
    if (!("indexedDB" in window) || window.indexedDB === null) return null;
    const copy = new IndexeddbPersistence(name, doc);
    copy.whenSynced.catch(() => undefined);
    return copy;
  } catch {
    return null; // Storage is forbidden here. The page itself still holds what is typed.
  }
}

/** A WebSocket that tells the connection which document messages leave, in the order in which they leave. */
function countingSocket(connection: Connection): typeof WebSocket {
  return class extends WebSocket {
    override send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
      super.send(data as ArrayBuffer);
      const kind = data instanceof Uint8Array ? documentMessage(data) : null;
      if (kind && connection.provider.ws === this) connection.documentMessageSent(kind);
    }
  };
}
