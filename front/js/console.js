// Every page of the console loads this.
import "./_htmx.js";
import "htmx-ext-sse";
import "idiomorph/htmx";
import "./_session.js";
import "./_choices.js";
import "./_bar.js";
import "./_keys.js";
