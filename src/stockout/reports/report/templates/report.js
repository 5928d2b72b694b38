"use strict";
(() => {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const dark = () => root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  const tell = () => button.setAttribute("aria-pressed", String(dark()));
  try { const kept = localStorage.getItem("stockout-theme"); if (kept === "dark" || kept === "light") root.dataset.theme = kept; } catch { /* a file may have no storage */ }
  tell();
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.setItem("stockout-theme", root.dataset.theme); } catch { /* as above */ }
    tell();
  });
  const order = new Intl.Collator(root.lang, { numeric: true });
  const key = (row, column) => {
    const cell = row.cells[column];
    const raw = cell.dataset.key;
    return raw === undefined ? cell.textContent : raw === "" ? null : Number(raw);
  };
  const compare = (a, b, up) => {
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    const way = typeof a === "number" && typeof b === "number" ? a - b : order.compare(a, b);
    return up ? way : -way;
  };
  for (const holder of document.querySelectorAll(".table")) {
    const body = holder.querySelector("tbody");
    holder.querySelectorAll("th button").forEach((head) => {
      const cell = head.parentElement;
      head.addEventListener("click", () => {
        const was = cell.getAttribute("aria-sort");
        const up = was ? was === "descending" : !cell.classList.contains("number");
        for (const other of cell.parentElement.cells) other.removeAttribute("aria-sort");
        cell.setAttribute("aria-sort", up ? "ascending" : "descending");
        const rows = [...body.rows].map((row) => [key(row, cell.cellIndex), row]);
        rows.sort((a, b) => compare(a[0], b[0], up));
        body.append(...rows.map((pair) => pair[1]));
      });
    });
    const input = holder.querySelector("input");
    if (!input) continue;
    const status = holder.querySelector(".matches");
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      let kept = 0;
      for (const row of body.rows) {
        row.hidden = wanted !== "" && !row.textContent.toLowerCase().includes(wanted);
        if (!row.hidden) kept += 1;
      }
      status.textContent = wanted === "" ? "" : `${kept} ${status.dataset.words}`;
    });
  }
  const links = new Map([...document.querySelectorAll("nav a")].map((a) => [a.hash.slice(1), a]));
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      for (const link of links.values()) link.removeAttribute("aria-current");
      const link = links.get(entry.target.id);
      link.setAttribute("aria-current", "true");
      const list = link.closest("ol");
      list.scrollTo({ left: link.offsetLeft - list.clientWidth / 3 });
    }
  }, { rootMargin: "-15% 0px -75% 0px" });
  document.querySelectorAll("main > section").forEach((section) => seen.observe(section));
})();
