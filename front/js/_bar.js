// On a phone the bar on top is wider than the window: it begins where the entry of this page stands, also once the first counts
// have made it wider.
const show = () => document.querySelector(".bar__nav [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });

show();
document.addEventListener("htmx:sseMessage", show, { once: true });
