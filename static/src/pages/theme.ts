// Runs before the first paint of every page. A theme that the person fixed on this device wins over the system's.
import { applyTheme, recall } from "../settings";

applyTheme();
// Somebody who shares their screen hid the private side: it must not flash on a reload.
if (recall("room.private") === "hidden") document.documentElement.dataset["private"] = "hidden";
