// htmx where its extensions look for it, set so that it needs neither inline style nor eval: the pages' policy allows neither.
import htmx from "htmx.org";

htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.historyCacheSize = 0; // nothing of a patient is kept in the browser
htmx.config.refreshOnHistoryMiss = true;
htmx.config.scrollBehavior = "auto";
htmx.config.responseHandling = [
  { code: "204", swap: false },
  { code: "[23]..", swap: true },
  { code: "422", swap: true }, // a form comes back with what is wrong in it
  { code: "[45]..", swap: false, error: true },
];
window.htmx = htmx;
export default htmx;
