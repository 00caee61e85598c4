// More items in one form: the blank one is copied and numbered on.
"use strict";

for (const box of document.querySelectorAll("[data-items]")) {
  const blank = box.querySelector("template[data-item-blank]");
  const add = box.querySelector("[data-item-add]");
  add.addEventListener("click", () => {
    const place = box.querySelectorAll("[data-item]").length;
    const made = document.createElement("template");
    made.innerHTML = blank.innerHTML.replaceAll("__N__", String(place)).replaceAll("__M__", String(place + 1));
    add.parentElement.before(made.content);
    const item = box.querySelectorAll("[data-item]")[place];
    document.dispatchEvent(new CustomEvent("fields-added", { detail: item }));
    item.querySelector("input:not([type=hidden]), textarea")?.focus();
    if (place + 1 >= Number(box.dataset.itemsMost)) add.hidden = true;
  });
}
