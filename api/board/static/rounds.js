/* A stop of a round: which questions are asked, limits said at once, a photo sent as soon as it is taken, and a signature
   drawn with a finger. Without this script everything is asked, and the server says the rest. */
"use strict";
(() => {
  const form = document.querySelector("form[data-stop]");
  const number = (text) => Number(text.trim().replace(/(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))/g, "").replace(",", "."));

  function verdict(item) {
    const field = item.querySelector("[data-answer]:checked, input[data-answer]:not([type=radio]), textarea[data-answer]");
    const said = field?.value.trim() ?? "";
    if (!said) return { said, failed: false };
    if (item.dataset.kind === "measurement") {
      const value = number(said), { low, high } = item.dataset;
      return { said, failed: (low && value < Number(low)) || (high && value > Number(high)), unreadable: Number.isNaN(value) };
    }
    return { said, failed: (item.dataset.fails ? JSON.parse(item.dataset.fails) : []).includes(said) };
  }

  function look() {
    const given = {};
    for (const item of form.querySelectorAll("[data-item]")) {
      const found = verdict(item), asked = item.dataset.ifKey;
      const shown = !asked || (given[asked] && (given[asked].said === item.dataset.ifAnswer
        || (item.dataset.ifAnswer === "failed" && given[asked].failed)
        || (item.dataset.ifAnswer === "passed" && given[asked].said && !given[asked].failed)));
      item.hidden = !shown;
      if (shown) given[item.dataset.item] = found;
      item.classList.toggle("has-failed", !!found.failed);
      const told = item.querySelector("[data-told]");
      if (told) told.textContent = found.unreadable ? told.dataset.saidUnreadable : found.failed ? told.dataset.saidFailed : "";
    }
  }

  if (form) {
    form.addEventListener("input", look);
    form.addEventListener("change", (event) => {
      look();
      if (event.target.type === "file" && event.target.files.length) form.requestSubmit(form.querySelector("button[value=photo]"));
    });
    // When the last answer was given: without a network it is sent later, and counts from then. The span is the
    // device's own, so that a clock that is wrong does no harm.
    const answered = `answered ${location.pathname}`;
    form.addEventListener("input", () => { try { sessionStorage.setItem(answered, Date.now()); } catch { /* then it counts from when it is sent */ } });
    form.addEventListener("formdata", (event) => {
      const at = Number(sessionStorage.getItem(answered));
      if (at) event.formData.set("ago_s", String(Math.max(0, Math.round((Date.now() - at) / 1000))));
    });
    // What was typed before comes back a moment after the page.
    look();
    addEventListener("load", look);
  }

  for (const pad of document.querySelectorAll("canvas[data-signature]")) {
    const target = document.getElementById(pad.dataset.signature), pen = pad.getContext("2d");
    const lines = target.value.split(";").filter(Boolean).map((line) => line.split(" ").map((point) => point.split(",").map(Number)));
    let drawing = false;
    pad.hidden = false;
    pad.width = 1000; pad.height = 300;
    const at = (event) => {
      const box = pad.getBoundingClientRect();
      const inside = (part, whole, most) => Math.max(0, Math.min(most, Math.round(part / whole * most)));
      return [inside(event.clientX - box.left, box.width, 1000), inside(event.clientY - box.top, box.height, 300)];
    };
    const ink = () => {
      pen.clearRect(0, 0, 1000, 300);
      pen.strokeStyle = getComputedStyle(pad).color; pen.lineWidth = 5; pen.lineCap = pen.lineJoin = "round";
      for (const line of lines) {
        pen.beginPath();
        line.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
        pen.stroke();
      }
      target.value = lines.filter((line) => line.length > 1).map((line) => line.map((point) => point.join(",")).join(" ")).join(";");
    };
    if (lines.length) ink();
    pad.addEventListener("pointerdown", (event) => {
      if (lines.length >= 60) return;
      drawing = true; lines.push([at(event)]); pad.setPointerCapture(event.pointerId); event.preventDefault();
    });
    pad.addEventListener("pointermove", (event) => { if (drawing && lines.at(-1).length < 400) { lines.at(-1).push(at(event)); ink(); } });
    for (const end of ["pointerup", "pointercancel"]) pad.addEventListener(end, () => { drawing = false; ink(); });
    document.querySelector(`[data-clears="${target.id}"]`)?.addEventListener("click", () => { lines.length = 0; ink(); });
  }
})();
