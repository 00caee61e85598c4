// How far a file is that is being prepared; without this script a link loads the page again.
"use strict";

const course = document.querySelector("[data-progress]");
if (course) {
  const words = course.querySelector("[data-progress-words]");
  const bar = course.querySelector("progress");
  document.querySelector("[data-progress-reload]").hidden = true;

  async function look() {
    try {
      const answer = await fetch(course.dataset.progress, { headers: { "X-Requested-With": "fetch" } });
      if (!answer.ok) return location.reload();
      const told = await answer.json();
      if (!told.is_open) return location.reload();
      if (words.textContent !== told.words) words.textContent = told.words;
      bar.value = told.share;
    } catch { /* the network is away for a moment */ }
    setTimeout(look, 2000);
  }
  setTimeout(look, 1000);
}
