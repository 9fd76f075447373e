// What a scorecard leaves on this device: unsent text, and the page itself for a reload without the server. Signing out,
// on whatever page, takes both away.
import { remember } from "./settings";

export const KEPT = "room.scorecard.";
/** Of the service worker `pages/score-offline.ts`. */
export const PAGES = "room-scorecards";

export function forgetScorecards(): void {
  for (const key of Object.keys(localStorage)) if (key.startsWith(KEPT)) remember(key, null);
  if ("caches" in globalThis) void caches.delete(PAGES);
}

export function forgetAtSignOut(): void {
  for (const form of document.querySelectorAll('form[action="/sign-out"]')) form.addEventListener("submit", forgetScorecards);
}
