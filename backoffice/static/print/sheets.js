// Sheets become pages of the paper's size, each with head, foot and its number; then the print dialog opens.
"use strict";

const SLACK = 0.5; // pixels that rounding may cost
const FEWEST = 48; // pixels of room, at least, in which a text is begun

function paginate(sheet) {
  const body = sheet.querySelector(".sheet-body");
  const frame = [...sheet.children].filter((one) => one !== body);
  const blocks = [...body.children];
  const pages = [];
  let room;
  const turn = () => {
    const page = document.createElement("div");
    page.className = "page";
    room = document.createElement("div");
    room.className = "page-body";
    const before = frame.filter((one) => !one.matches(".sheet-foot"));
    page.append(...before.map((one) => one.cloneNode(true)), room, sheet.querySelector(".sheet-foot").cloneNode(true));
    sheet.append(page);
    pages.push(page);
  };
  turn();
  while (blocks.length) {
    const block = blocks.shift();
    if (block.matches(".turn") && room.children.length) turn();
    room.append(block);
    const limit = room.getBoundingClientRect().bottom;
    if (block.getBoundingClientRect().bottom <= limit + SLACK) continue;
    const rest = block.matches("table") ? splitTable(block, limit) : splitText(block, limit);
    if (rest) blocks.unshift(rest);
    else if (room.children.length > 1) blocks.unshift(block);
    if (blocks.length) turn();
  }
  body.remove();
  for (const one of frame) one.remove();
  for (const [place, page] of pages.entries()) {
    const words = page.querySelector("[data-pages]");
    if (pages.length > 1) words.textContent = words.dataset.pages.replace("{n}", place + 1).replace("{m}", pages.length);
  }
}

// Rows that no longer fit go on under the same head; a row is torn only where it is higher than a page.
function splitTable(table, limit) {
  const rows = [...table.tBodies[0].rows];
  const first = rows.findIndex((row) => row.getBoundingClientRect().bottom > limit + SLACK);
  if (first < 0) return null;
  const alone = table.parentElement.children.length === 1;
  if (first === 0 && !alone) return null;
  const rest = table.cloneNode(false);
  if (table.tHead) rest.append(table.tHead.cloneNode(true));
  rest.append(document.createElement("tbody"));
  if (first === 0) {
    const torn = splitText(rows[0], limit);
    if (torn) rest.tBodies[0].append(torn);
    rest.tBodies[0].append(...rows.slice(1));
    return rest.tBodies[0].rows.length ? rest : null;
  }
  rest.tBodies[0].append(...rows.slice(first));
  return rest;
}

// As much of each text as fits stays; the rest goes on in a copy of its box or row.
function splitText(box, limit) {
  const texts = [...box.querySelectorAll("[data-flow]")];
  const whole = texts.map((text) => text.textContent);
  const rest = box.cloneNode(true);
  const others = [...rest.querySelectorAll("[data-flow]")];
  const edge = limit - 9; // what its box has below the last line
  const alone = box.closest(".page-body").children.length === 1;
  let torn = false;
  for (const [place, text] of texts.entries()) {
    if (!alone && edge - text.getBoundingClientRect().top < FEWEST) continue;
    const fits = fitting(text, edge);
    torn ||= fits > 0 && fits < whole[place].length;
    others[place].textContent = whole[place].slice(fits);
  }
  if (!torn) {
    texts.forEach((text, place) => { text.textContent = whole[place]; });
    return null;
  }
  for (const cell of rest.cells ?? []) if (!cell.querySelector("[data-flow]")) cell.textContent = "";
  return rest;
}

// Shortens the text to what ends above the edge, at a blank if one is near; how many characters that is.
function fitting(text, edge) {
  if (text.getBoundingClientRect().bottom <= edge) return text.textContent.length;
  const all = letters(text.textContent);
  let low = 0, high = all.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    text.textContent = all.slice(0, middle).join("");
    if (text.getBoundingClientRect().bottom <= edge) low = middle; else high = middle - 1;
  }
  const blank = all.slice(0, low).findLastIndex((one) => /\s/.test(one));
  if (blank > 0 && low - blank < 30) low = blank + 1;
  text.textContent = all.slice(0, low).join("");
  return text.textContent.length;
}

// What a reader takes for one letter is never torn.
function letters(text) {
  return "Segmenter" in Intl ? [...new Intl.Segmenter().segment(text)].map((one) => one.segment) : [...text];
}

const sheets = [...document.querySelectorAll(".sheet")];
document.documentElement.classList.add("paged");
for (const sheet of sheets) paginate(sheet);

const pictures = [...document.images].map((one) => one.complete || new Promise((done) => { one.onload = one.onerror = done; }));
Promise.all([document.fonts.ready, ...pictures]).then(() => {
  document.documentElement.dataset.ready = "";
  if (document.body.dataset.print !== undefined) window.print();
});
