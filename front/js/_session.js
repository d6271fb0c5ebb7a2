// Tells when the session is about to end and when it has; what came by itself is marked so that it does not prolong it.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  const event = detail.triggeringEvent;
  if (event && /^(sse:|hx:poll)/.test(event.type)) detail.headers["X-Freagra-Live"] = "1";
});

document.addEventListener("htmx:responseError", ({ detail }) => {
  if (detail.xhr.status === 401) location.reload();
  else say(decodeURIComponent(detail.xhr.getResponseHeader("X-Freagra-Says") || "") || "That did not work. Load the page again.");
});

document.addEventListener("htmx:sendError", () => say("Freagra does not answer. What you see may be old."));
document.addEventListener("htmx:sseError", () => document.documentElement.classList.add("offline"));

const followed = new WeakSet();

document.addEventListener("htmx:sseOpen", ({ detail: { source } }) => {
  document.documentElement.classList.remove("offline");
  if (followed.has(source)) return;
  followed.add(source);
  source.addEventListener("session", ({ data }) => {
    document.getElementById("session").hidden = data !== "ending";
    if (data !== "ended") return;
    source.close();
    location.reload(); // which leads to the sign-in
  });
});

// Puts words into the page's alert region, where a screen reader speaks them.
export function say(words) {
  const alert = document.getElementById("says");
  alert.textContent = words;
  alert.hidden = !words;
}
