"use strict";
(function () {
  const print = document.getElementById("print");
  print.addEventListener("click", () => window.print());

  for (const table of document.querySelectorAll("table.sorts")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, place) => {
      head.querySelector("button").addEventListener("click", () => sort(table, heads, head, place));
    });
  }

  function sort(table, heads, head, place) {
    const first = table.querySelector("td.n, th.n") && table.tBodies[0].rows[0].cells[place].classList.contains("n");
    const now = head.getAttribute("aria-sort");
    const up = now ? now === "descending" : !first;
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const rows = [...table.tBodies[0].rows];
    const last = rows.filter((row) => row.classList.contains("total"));
    const others = rows.filter((row) => !row.classList.contains("total"));
    const value = (row) => row.cells[place].dataset.v;
    others.sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      const order = x !== undefined && y !== undefined
        ? Number(x) - Number(y)
        : a.cells[place].textContent.localeCompare(b.cells[place].textContent, document.documentElement.lang);
      return up ? order : -order;
    });
    table.tBodies[0].append(...others, ...last);
  }

  const source = document.getElementById("roster-lines");
  if (!source) return;
  const { districts, lines: short } = JSON.parse(source.textContent);
  const after = (before, text) => before.slice(0, parseInt(text[0], 36)) + text.slice(1);
  let [serial, uscc, name, district] = [0, "", "", ""];
  const lines = short.map((line) => {
    const [number, code, title, place] = line.split("\t");
    serial = number ? Number(number) : serial + 1;
    uscc = after(uscc, code);
    name = after(name, title);
    district = place || district;
    return [String(serial), uscc, name, districts[district] ?? ""];
  });
  const folded = lines.map((line) => fold(line.join("\t")));
  const SHOWN = 50;
  const query = document.getElementById("query");
  const found = document.getElementById("found");
  const body = document.getElementById("lines");

  function fold(text) {
    return text.normalize("NFKC").toLowerCase();
  }

  function show() {
    const words = fold(query.value).split(/\s+/).filter(Boolean);
    const hits = [];
    let count = 0;
    for (let place = 0; place < lines.length; place++) {
      if (words.every((word) => folded[place].includes(word))) {
        count++;
        if (hits.length < SHOWN) hits.push(place);
      }
    }
    const said = count > SHOWN ? found.dataset.some : count ? found.dataset.all : found.dataset.none;
    found.textContent = said.replace("{n}", count.toLocaleString("en")).replace("{m}", SHOWN);
    body.replaceChildren(...hits.map((place) => {
      const row = document.createElement("tr");
      for (const text of lines[place]) {
        const cell = document.createElement("td");
        cell.textContent = text;
        row.append(cell);
      }
      return row;
    }));
  }

  document.getElementById("search").addEventListener("submit", (event) => event.preventDefault());
  query.addEventListener("input", show);
  show();
})();
