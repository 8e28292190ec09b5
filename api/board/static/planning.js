// Shows the next dates of a plan while it is written: the server computes them, by what generates its orders.
(() => {
  const form = document.querySelector("form[data-preview]");
  const shown = document.getElementById("dates");
  if (!form || !shown) return;
  let waiting = 0;
  const look = async () => {
    const asked = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (!["csrf", "once", "why"].includes(name) && typeof value === "string") asked.append(name, value);
    }
    try {
      const answer = await fetch(`${form.dataset.preview}?${asked}`, { headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      const found = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("dates");
      if (found) shown.replaceChildren(...found.childNodes);
    } catch {
      // Without the server there are no dates; what was typed stays.
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, 400);
  });
  look();
})();
