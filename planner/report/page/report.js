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

  document.addEventListener("click", (event) => {
    const chip = event.target.closest("button.chip");
    if (chip) pick(chip);
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
