// What the pages do beyond plain HTML; each of them works without it.
"use strict";

const typing = (e) => /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName) || e.target.isContentEditable;
const token = () => document.querySelector('input[name="csrf_token"]')?.value ?? "";

// -- menu, printing, sending once ---------------------------------------------------------------------------------
document.addEventListener("click", (e) => {
  for (const open of document.querySelectorAll("details.menu[open], details.filters[open]")) {
    if (!open.contains(e.target)) open.open = false;
  }
  const dead = e.target.closest('[aria-disabled="true"]');
  if (dead) e.preventDefault();
});
document.addEventListener("submit", (e) => {
  const form = e.target;
  if (form.matches("[data-list-form]")) {
    for (const input of form.elements) {
      if (input.name && input.name !== "q" && input.value === "") input.disabled = true;
    }
    return;
  }
  if (form.matches("[data-print-form]")) {
    e.preventDefault();
    note(form).then(() => window.print(), () => form.submit());
    return;
  }
  if (form.matches("[data-unmask-form]")) {
    e.preventDefault();
    show(form.action, form.elements.id.value, form.elements.field.value).then((value) => {
      const place = document.createElement("bdi");
      place.textContent = value;
      form.parentElement.replaceChildren(place);
    }, () => form.submit());
    return;
  }
  if (form.id === "export") {
    e.submitter?.closest("details")?.removeAttribute("open"); // the page stays, and may be taken in the other format
    return;
  }
  if (form.method === "post") {
    // A second click while the first is under way sends nothing; the server would not write twice either.
    if (form.dataset.sent) return e.preventDefault();
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 8000);
  }
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// Of tabs that do not all fit, the one at hand is seen.
for (const tabs of document.querySelectorAll(".saved-tabs")) {
  const here = tabs.querySelector("[aria-current]");
  if (here) tabs.scrollLeft = here.offsetLeft - 40;
}

// -- personal data ------------------------------------------------------------------------------------------------
async function show(url, id, field) {
  const body = new URLSearchParams({ csrf_token: token(), id, field });
  const answer = await fetch(url, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok) throw new Error(answer.status);
  return (await answer.json()).value;
}
// The copy is written down first; the paper then says which one it is.
async function note(form) {
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok) throw new Error(answer.status);
  document.querySelector("[data-print-note]").textContent = (await answer.json()).note;
}
document.addEventListener("click", async (e) => {
  const button = e.target.closest("[data-unmask]");
  if (!button) return;
  const input = document.getElementById(button.dataset.into);
  try {
    input.value = await show(button.dataset.unmask, button.dataset.id, button.dataset.field);
    button.hidden = true;
    input.focus();
  } catch { button.disabled = true; }
});

// -- lists: selection and keys --------------------------------------------------------------------------------------
const picks = () => [...document.querySelectorAll('input[name="rowid"][form="bulk"]')];
const all = document.querySelector("[data-pick-all]");
const count = document.querySelector("[data-pick-count]");
const words = count?.textContent.trim();
function counted() {
  const chosen = picks().filter((one) => one.checked).length;
  if (count) count.textContent = `${words} ${chosen}`;
  if (all) { all.checked = chosen > 0 && chosen === picks().length; all.indeterminate = chosen > 0 && !all.checked; }
}
document.addEventListener("mouseover", (e) => {
  const cell = e.target.closest(".rows td");
  if (cell && cell.scrollWidth > cell.clientWidth && !cell.title) cell.title = cell.textContent.trim();
});
document.addEventListener("change", (e) => {
  if (e.target === all) for (const one of picks()) one.checked = all.checked;
  if (e.target === all || e.target.name === "rowid") counted();
});
if (all) counted();

document.addEventListener("keydown", (e) => {
  if (e.key === "Escape") {
    for (const open of document.querySelectorAll("details.menu[open], details.filters[open]")) {
      open.open = false;
      open.querySelector("summary").focus();
    }
    if (location.hash === "#nav") location.hash = "#main";
  }
  if (typing(e) || e.ctrlKey || e.metaKey || e.altKey) return;
  if (e.key === "/") {
    const box = document.querySelector("[data-search]") ?? document.querySelector("[data-list-search]");
    if (box) { e.preventDefault(); box.focus(); box.select(); }
  } else if (e.key === "n") {
    document.querySelector("a[data-new]")?.click();
  } else if (e.key === "j" || e.key === "k") {
    const rows = [...document.querySelectorAll(".rows tbody tr")];
    if (!rows.length) return;
    const here = rows.findIndex((row) => row.classList.contains("here"));
    const next = Math.max(0, Math.min(rows.length - 1, here + (e.key === "j" ? 1 : -1)));
    rows[here]?.classList.remove("here");
    rows[next].classList.add("here");
    rows[next].querySelector("a")?.focus();
  }
});

// -- combobox: a text input, a hidden key, and a list that is fetched ------------------------------------------------
let serial = 0;
const comboboxes = (within) => { for (const input of within.querySelectorAll("input[data-lookup]")) combobox(input); };
comboboxes(document);
document.addEventListener("fields-added", (e) => comboboxes(e.detail));

function combobox(input) {
  const hidden = input.nextElementSibling;
  const list = document.createElement("ul");
  let active = -1, timer = 0, asked = 0;
  list.className = "combo-list";
  list.id = `combo-${++serial}`;
  list.setAttribute("role", "listbox");
  list.hidden = true;
  hidden.after(list);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", list.id]]) {
    input.setAttribute(name, value);
  }
  const options = () => [...list.querySelectorAll('[role="option"]')];
  const close = () => { list.hidden = true; active = -1; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
  const mark = (place) => {
    active = place;
    options().forEach((one, i) => one.setAttribute("aria-selected", String(i === place)));
    const chosen = options()[place];
    if (chosen) { input.setAttribute("aria-activedescendant", chosen.id); chosen.scrollIntoView({ block: "nearest" }); }
  };
  const choose = (option) => {
    input.value = option.textContent;
    hidden.value = option.dataset.key;
    for (const [name, value] of Object.entries(JSON.parse(option.dataset.fills || "{}"))) {
      const beside = input.form?.elements[hidden.name.replace(/[^-]*$/, name)];
      if (beside) beside.value = value;
    }
    close();
    hidden.dispatchEvent(new Event("change", { bubbles: true }));
  };
  async function load() {
    const mine = ++asked;
    const query = new URLSearchParams({ q: hidden.value ? "" : input.value });
    for (const name of (input.dataset.context || "").split(" ").filter(Boolean)) {
      query.set(name, input.form?.elements[name]?.value ?? "");
    }
    let results = [];
    try {
      const answer = await fetch(`${input.dataset.lookup}?${query}`, { headers: { "X-Requested-With": "fetch" } });
      if (answer.ok) results = (await answer.json()).results;
    } catch { return; }
    if (mine !== asked || document.activeElement !== input) return;
    list.replaceChildren(...results.map((row, i) => {
      const line = document.createElement("li");
      line.id = `${list.id}-${i}`;
      line.setAttribute("role", "option");
      line.setAttribute("aria-selected", "false");
      line.dataset.key = row.id;
      if (row.fills) line.dataset.fills = JSON.stringify(row.fills);
      line.dir = "auto";
      line.textContent = row.label;
      return line;
    }));
    list.hidden = !results.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    active = -1;
  }
  input.addEventListener("input", () => {
    hidden.value = "";
    clearTimeout(timer);
    timer = setTimeout(load, 180);
  });
  input.addEventListener("click", () => { if (list.hidden) load(); });
  input.addEventListener("keydown", (e) => {
    const many = options().length;
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      if (list.hidden) return load();
      if (many) mark((active + (e.key === "ArrowDown" ? 1 : active < 0 ? 0 : -1) + many) % many);
    } else if (e.key === "Enter" && !list.hidden && active >= 0) {
      e.preventDefault();
      choose(options()[active]);
    } else if (e.key === "Escape" && !list.hidden) {
      e.stopPropagation();
      close();
    } else if (e.key === "Tab" && !list.hidden && active >= 0) {
      choose(options()[active]);
    }
  });
  list.addEventListener("mousedown", (e) => {
    const option = e.target.closest('[role="option"]');
    if (option) { e.preventDefault(); choose(option); }
  });
  input.addEventListener("blur", () => setTimeout(close, 120));
}
document.querySelector("[data-form] [aria-invalid='true']")?.scrollIntoView({ block: "center" });

// -- imports: the page asks for one chunk after the other; closing it stops nothing for good --------------------------
const drive = document.querySelector("form[data-drive]");
if (drive) {
  const words = drive.querySelector("[data-drive-words]");
  const bar = drive.querySelector("progress");
  const button = drive.querySelector("button");
  // The window keeps its name when it is loaded anew, so that it goes on with what it began.
  const me = (sessionStorage.driver ||= Math.random().toString(36).slice(2));
  const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
  const chunk = async () => {
    const body = new FormData(drive);
    body.set("driver", me);
    const answer = await fetch(drive.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
    const told = await answer.json();
    if (answer.ok) return told;
    if (answer.status !== 409) throw new Error(told.error);
    words.textContent = told.error; // somebody else drives; it ends, or its hold on the run does
    await pause(5);
    return { moving: true };
  };
  (async () => {
    button.hidden = true;
    try {
      for (let told = { moving: true }; told.moving; ) {
        told = await chunk();
        if (told.words) [words.textContent, bar.max, bar.value] = [told.words, told.most || 1, told.at];
      }
      location.reload();
    } catch (error) {
      if (error.message) words.textContent = error.message;
      button.hidden = false;
    }
  })();
}
