"use strict";
/* Figures follow the width of the window, and wait for the picture before to be drawn. */
(() => {
  const loaded = import("nicegui-plotly").then(({ Plotly }) => {
    const drawing = new WeakMap();
    const kept = (div, promise) => {
      drawing.set(div, promise.catch(() => undefined));
      return promise;
    };
    const { newPlot, react } = Plotly;
    Plotly.newPlot = (div, ...given) => kept(div, newPlot(div, ...given));
    Plotly.react = (div, ...given) =>
      kept(div, (drawing.get(div) ?? Promise.resolve()).then(() => (div.isConnected ? react(div, ...given) : div)));
    return Plotly;
  });

  const fit = async () => {
    const Plotly = await loaded;
    for (const plot of document.querySelectorAll(".js-plotly-plot .main-svg"))
      if (plot.parentNode.offsetParent) Plotly.Plots.resize(plot.closest(".js-plotly-plot"));
  };

  let waiting;
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(fit, 150);
  });
})();
