// Runs before the first paint of every page: a theme that the person fixed on this device wins over the system's.
import { applyTheme } from "../settings";

applyTheme();
