// A stock y-websocket client in Node, told what to do line by line on standard input. Answers each line with one line of JSON.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const [packages, url, room, cookie, root] = process.argv.slice(2);
// The packages are those of the front end; this file lies elsewhere.
const require = createRequire(packages);
const WebSocket = require("ws");
const Y = require("yjs");
const { WebsocketProvider } = require("y-websocket");

class WithCookie extends WebSocket {
  constructor(address, protocols) {
    super(address, protocols, { headers: { cookie }, perMessageDeflate: false });
  }
}

const doc = new Y.Doc();
const text = doc.getText(root);
const provider = new WebsocketProvider(url, room, doc, {
  WebSocketPolyfill: WithCookie,
  disableBc: true,
  connect: false,
  maxBackoffTime: 500,
});
let closed = null;
provider.on("connection-close", (event) => {
  closed = event?.code ?? null;
});

const until = (isSo) =>
  new Promise((resolve, reject) => {
    const began = Date.now();
    const look = () => {
      if (isSo()) resolve();
      else if (Date.now() - began > 20_000) reject(new Error(`it did not become so: ${JSON.stringify(told())}`));
      else setTimeout(look, 10);
    };
    look();
  });

const told = () => ({
  text: text.toString(),
  synced: provider.synced,
  connected: provider.wsconnected,
  trying: provider.shouldConnect,
  closed,
  others: [...provider.awareness.getStates()].filter(([id]) => id !== doc.clientID).map(([, state]) => state),
});

const deeds = {
  connect: async () => {
    provider.connect();
    await until(() => provider.synced);
  },
  try: async () => {
    provider.connect();
    await until(() => closed !== null);
  },
  disconnect: async () => {
    provider.disconnect();
    await until(() => !provider.wsconnected);
  },
  cut: async () => {
    // As when the network goes: no closing handshake, and the provider comes back by itself.
    provider.ws.terminate();
    await until(() => !provider.wsconnected);
  },
  back: async () => until(() => provider.synced),
  insert: async ({ at, words }) => text.insert(at < 0 ? text.length : at, words),
  remove: async ({ at, count }) => text.delete(at, count),
  point: async ({ at }) => {
    const place = Y.createRelativePositionFromTypeIndex(text, at);
    provider.awareness.setLocalState({ user: { name: "Somebody" }, cursor: { anchor: place, head: place } });
  },
  until: async ({ words }) => until(() => text.toString() === words),
  others: async ({ count }) => until(() => told().others.length >= count),
  state: async () => {},
};

for await (const line of createInterface({ input: process.stdin })) {
  const { deed, ...how } = JSON.parse(line);
  try {
    await deeds[deed](how);
    console.log(JSON.stringify(told()));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}
process.exit(0);
