
"use strict";
const SHOWN = 200;
const lines = JSON.parse(document.getElementById("data").textContent);
// Full width and half width, capitals and small letters, spaces and invisible marks are the same here.
const plain = (text) => text.normalize("NFKC").toLowerCase().replace(/[\s\p{Cf}]/gu, "");
const keys = lines.map((line) => plain(line[2]) + "\n" + plain(line[1]));
const body = document.getElementById("lines");
const found = document.getElementById("found");
function show(wanted) {
  const part = plain(wanted);
  const hits = [];
  let count = 0;
  for (let at = 0; at < keys.length; at += 1) {
    if (keys[at].includes(part)) {
      count += 1;
      if (hits.length < SHOWN) hits.push(lines[at]);
    }
  }
  body.replaceChildren(...hits.map((line) => {
    const row = document.createElement("tr");
    for (const text of line) {
      const cell = document.createElement("td");
      cell.textContent = text;
      row.append(cell);
    }
    return row;
  }));
  const all = count > SHOWN ? `，显示前 ${SHOWN} 家，请输入更多字以缩小范围` : "";
  found.textContent = part ? `查到 ${count.toLocaleString("zh-CN")} 家${all}` : `共 ${count.toLocaleString("zh-CN")} 家${all}`;
}
const search = document.getElementById("search");
search.addEventListener("input", () => show(search.value));
show(search.value);
