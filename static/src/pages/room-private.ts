// The interviewers' half of the live room. No other role is given this script.
import { mountLook } from "../room/look";
import { mountOwnWindow } from "../room/ownwindow";
import { mountTeamChat } from "../room/team";
import { mountLeading } from "../room/leading";
import { BINDINGS } from "../room/keys";
import { LEADING_BINDINGS } from "../room/leading_keys";
import { mountNotes } from "../room/notes";
import type { Page } from "../room/page";
import { Pins } from "../room/pins";

const host = document.querySelector("live-room") as HTMLElement & { page: Page };
host.page.ownBindings = [...BINDINGS, ...LEADING_BINDINGS];
mountLeading(host.page);
mountNotes(host.page, new Pins(host.page));
mountTeamChat(host.page);
mountLook(host.page);
mountOwnWindow(host.page);
host.page.act("draw-keys");
