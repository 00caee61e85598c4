// A field to sign in: the drawing travels as a PNG in the hidden input beside it.
"use strict";

for (const box of document.querySelectorAll("[data-signature]")) {
  const canvas = box.querySelector("canvas");
  const value = box.querySelector("[data-signature-value]");
  const pad = new SignaturePad(canvas, { backgroundColor: "rgb(255,255,255)", penColor: "rgb(15,25,40)" });
  let width = 0;
  const fit = () => {
    if (canvas.offsetWidth === width) return; // a phone resizes the window whenever its keyboard opens
    width = canvas.offsetWidth;
    const strokes = pad.toData();
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    canvas.width = width * ratio;
    canvas.height = canvas.offsetHeight * ratio;
    canvas.getContext("2d").scale(ratio, ratio);
    pad.clear();
    pad.fromData(strokes);
  };
  fit();
  window.addEventListener("resize", fit);
  pad.addEventListener("endStroke", () => { value.value = pad.toDataURL("image/png"); });
  box.querySelector("[data-signature-clear]").addEventListener("click", () => { pad.clear(); value.value = ""; });
}
