"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const own = data.plans[data.at];
  const narrow = matchMedia("(max-width: 640px)");
  const config = {displayModeBar: false, responsive: false, staticPlot: false, doubleClick: false, showTips: false};
  const picked = {};
  let plan = own;

  const put = (target, path, value) => {
    const keys = path.replace(/\[(\d+)\]/g, ".$1").split(".");
    const last = keys.pop();
    let at = target;
    for (const key of keys) at = at[key] = at[key] ?? {};
    at[last] = value;
  };

  const draw = (div) => {
    const name = picked[div.dataset.figure] ?? div.dataset.figure;
    const found = plan.figures[name] ?? plan.figures[div.dataset.figure];
    div.closest("section").hidden = !found;
    if (!found) return;
    const figure = structuredClone(found);
    if (figure.data[0] === null) figure.data[0] = structuredClone(own.figures[name].data[0]);
    const patch = figure.layout.meta.narrow;
    if (narrow.matches) for (const path in patch) put(figure.layout, path, patch[path]);
    if (narrow.matches)
      for (const trace of figure.data) for (const path in trace.meta?.narrow) put(trace, path, trace.meta.narrow[path]);
    figure.layout.width = div.clientWidth;
    div.setAttribute("aria-label", figure.layout.meta.told);
    Plotly.react(div, figure.data, figure.layout, config).then(() => {
      for (const svg of div.querySelectorAll(".main-svg"))
        svg.setAttribute("viewBox", `0 0 ${figure.layout.width} ${figure.layout.height}`);
      div.style.setProperty("--ratio", `${figure.layout.width} / ${figure.layout.height}`);
    });
  };

  const plots = [...document.querySelectorAll(".plot")];
  const drawAll = () => plots.forEach(draw);

  const show = (at) => {
    plan = data.plans[at];
    for (const slot of document.querySelectorAll("[data-slot]")) {
      const text = plan.slots[slot.dataset.slot];
      slot.closest("section, header").hidden = text === undefined;
      if (text !== undefined) slot.innerHTML = text;
    }
    drawAll();
    said(`${plan.name} is shown`);
  };

  const said = (text) => { document.getElementById("said").textContent = text; };

  const slider = document.getElementById("slider");
  slider?.addEventListener("input", () => {
    const name = data.plans[slider.value].name;
    document.getElementById("chosen").textContent = name;
    slider.setAttribute("aria-valuetext", name);
    show(Number(slider.value));
  });

  const pick = (chip) => {
    const section = chip.closest("section");
    picked[section.querySelector(".plot").dataset.figure] = chip.dataset.pick;
    for (const other of section.querySelectorAll(".chip")) other.setAttribute("aria-pressed", String(other === chip));
    draw(section.querySelector(".plot"));
  };

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

  const actions = {chip: pick, sort, copy, csv: download};
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) actions[button.className]?.(button);
  });

  let waiting;
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(drawAll, 120);
  });
  drawAll();
  document.documentElement.dataset.ready = "yes";
})();
