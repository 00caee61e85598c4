// What comes out of a form is asked of the server while somebody types; without this script a button asks for it.
"use strict";

const place = document.querySelector("[data-live]");
if (place) {
  const form = place.closest("form");
  form.querySelector("[data-live-button]").hidden = true;
  let timer = 0, asked = 0;

  async function ask() {
    clearTimeout(timer);
    const mine = ++asked;
    const body = new FormData(form);
    for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
    for (const drawn of form.querySelectorAll("[data-signature-value]")) body.delete(drawn.name);
    body.delete("client_key");
    body.set("compute", "1");
    place.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
      if (answer.ok && mine === asked) place.innerHTML = (await answer.json()).html;
    } catch { /* the server compares what was shown when the form is sent */ }
    if (mine === asked) place.removeAttribute("aria-busy");
  }

  form.addEventListener("input", (e) => {
    if (e.target.type === "file" || e.target.matches("[data-signature-value]")) return;
    clearTimeout(timer);
    timer = setTimeout(ask, 250);
  });
  form.addEventListener("change", (e) => { if (e.target.matches("select, [type=checkbox]")) ask(); });
}
