// What every page loads: htmx, and the small behaviours that pages ask for by attribute.
import "htmx.org/dist/htmx.esm.js";
import { startBehaviours } from "../behaviours";
import { startFinding } from "../finding";
import { forgetAtSignOut } from "../kept";

startBehaviours();
startFinding();
forgetAtSignOut();
