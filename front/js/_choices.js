// Fields that belong to one of several choices (data-of names its radio button): filling one in makes that choice, and making
// another empties them. Where this file does not run the server refuses what contradicts itself.
document.addEventListener("input", ({ target }) => {
  const fields = target.closest("[data-of]");
  if (fields) document.getElementById(fields.dataset.of).checked = true;
  const chosen = fields ? document.getElementById(fields.dataset.of) : target;
  if (chosen.type !== "radio") return;
  for (const others of document.querySelectorAll("[data-of]")) {
    const choice = document.getElementById(others.dataset.of);
    if (choice === chosen || choice.name !== chosen.name) continue;
    for (const box of others.querySelectorAll("input[type=checkbox]")) box.checked = false;
    for (const field of others.querySelectorAll("input:not([type=checkbox], [type=hidden]), select")) field.value = "";
  }
});
