"use strict";
/* Figures follow the width of the window; those of a tab that is not shown are drawn when it is. */
(() => {
  let waiting;
  let width = innerWidth;
  const fit = async () => {
    const shown = [...document.querySelectorAll(".js-plotly-plot")].filter((plot) => plot.offsetParent !== null);
    if (!shown.length) return;
    const { Plotly } = await import("nicegui-plotly");
    for (const plot of shown) Plotly.Plots.resize(plot);
  };
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(fit, 150);
  });
})();
