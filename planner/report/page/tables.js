"use strict";
/* Tables that sort, copy and download: every table that markup.table writes, also one that comes later. */
(() => {
  const said = (text) => { document.getElementById("said").textContent = text; };

  const valueOf = (cell) => cell.dataset.value !== undefined ? Number(cell.dataset.value) : cell.textContent;
  const sort = (button) => {
    const head = button.closest("th");
    const at = [...head.parentNode.children].indexOf(head);
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const body = head.closest("table").tBodies[0];
    const compare = (a, b) => typeof a === "number" && typeof b === "number" ? a - b
      : typeof a === "number" ? -1 : typeof b === "number" ? 1 : a.localeCompare(b, "en", {numeric: true});
    const rows = [...body.rows].sort((a, b) => compare(valueOf(a.cells[at]), valueOf(b.cells[at])));
    body.append(...(down ? rows.reverse() : rows));
  };

  /* A text that a spreadsheet would compute is given as text. */
  const plain = (text) => /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  const rowsOf = (table) => [...table.rows].map((row) => [...row.cells].map((cell) => cell.dataset.value ?? plain(cell.textContent)));
  const tableOf = (button) => button.parentNode.previousElementSibling;

  const copy = async (button) => {
    const text = rowsOf(tableOf(button)).map((row) => row.map((x) => x.replace(/[\t\n]/g, " ")).join("\t")).join("\n");
    try {
      await navigator.clipboard.writeText(text);
      said("The table is copied");
      button.textContent = "Copied";
    } catch {
      button.textContent = "The browser does not allow copying; download the CSV";
    }
  };

  const download = (button) => {
    const quoted = (x) => `"${x.replace(/"/g, '""')}"`;
    const text = rowsOf(tableOf(button)).map((row) => row.map(quoted).join(",")).join("\r\n");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff", text], {type: "text/csv"}));
    link.download = `${button.closest("section").id}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  };

  const actions = {sort, copy, csv: download};
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) actions[button.className]?.(button);
  });
})();
