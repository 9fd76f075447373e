// Parts of the editor that only some people or files need are fetched when they are: a first visit should not wait for them.
import { Compartment, type Extension } from "@codemirror/state";
import { ViewPlugin } from "@codemirror/view";

const loaded = new Map<string, Extension>();
const loading = new Map<string, Promise<Extension>>();

/** Start to fetch a part, so that it is there when it is wanted. One that cannot be fetched is asked for again next time. */
export function fetchPart(name: string, load: () => Promise<Extension>): Promise<Extension> {
  let coming = loading.get(name);
  if (!coming) {
    coming = load();
    loading.set(name, coming);
    coming.then(
      (part) => loaded.set(name, part),
      () => loading.delete(name),
    );
  }
  return coming;
}

/** The part as an extension: at once if it is there, else nothing until it comes. */
export function later(name: string, load: () => Promise<Extension>): Extension {
  const there = loaded.get(name);
  if (there) return there;
  const place = new Compartment();
  const arrival = ViewPlugin.define((view) => {
    let wanted = true;
    fetchPart(name, load).then(
      (part) => wanted && view.dispatch({ effects: place.reconfigure(part) }),
      () => undefined,
    );
    return { destroy: () => (wanted = false) };
  });
  return [place.of([]), arrival];
}
