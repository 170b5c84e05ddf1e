"use strict";
(() => {
  const at = (id) => document.getElementById(id);
  const data = JSON.parse(at("data").textContent);
  const all = data.results;
  const body = at("board").tBodies[0];
  const rows = [...body.rows].map((row, number) => ({ row, number, text: row.textContent.toLowerCase() }));
  const views = {};
  let shown = rows;

  // -- the table

  const value = (cell) => (cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value));

  const compare = (one, other) =>
    typeof one === "number" && typeof other === "number"
      ? one - other
      : String(one).localeCompare(String(other), undefined, { numeric: true });

  function sort(head) {
    const heads = [...head.parentElement.cells];
    const falls = head.getAttribute("aria-sort") === "ascending" ||
      (head.getAttribute("aria-sort") === "none" && head.classList.contains("number") && all.ways[head.textContent] === "larger");
    heads.forEach((one) => one.setAttribute("aria-sort", "none"));
    head.setAttribute("aria-sort", falls ? "descending" : "ascending");
    const column = heads.indexOf(head);
    const keyed = rows.map((one) => ({ one, key: value(one.row.cells[column]) }));
    // what has no value comes last, whichever way it is sorted
    keyed.sort((a, b) => (a.key === "") - (b.key === "") || (falls ? compare(b.key, a.key) : compare(a.key, b.key)));
    body.append(...keyed.map(({ one }) => one.row));
  }

  function filter() {
    const words = at("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    shown = rows.filter(({ text }) => words.every((word) => text.includes(word)));
    const kept = new Set(shown);
    rows.forEach((one) => { one.row.hidden = !kept.has(one); });
    at("shown").textContent = `${shown.length} of ${rows.length} results`;
    drawAll();
  }

  // -- the charts

  async function draw(place, spec) {
    const compiled = vegaLite.compile({ ...spec, background: null }, { config: data.config, logger: vega.logger(vega.Error) });
    const parsed = vega.parse(compiled.spec);
    views[place.dataset.chart]?.finalize();
    const view = new vega.View(parsed, { renderer: "svg", container: place, logLevel: vega.Error });
    if (place.dataset.chart) views[place.dataset.chart] = view;
    await view.runAsync();
  }

  function points(metric, param) {
    const way = all.ways[metric];
    const found = shown
      .map(({ number }) => ({
        name: all.names[number],
        time: all.times[number],
        version: all.versions[number],
        value: all.metrics[metric][number],
        param: param && all.params[param][number],
      }))
      .filter((one) => one.value !== null);
    const merit = (one) => (way === "larger" ? -one : way === "smaller" ? one : Math.abs(one));
    let best = null;
    found.sort((a, b) => a.time - b.time).forEach((one) => {
      if (best === null || merit(one.value) < merit(best)) best = one.value;
      one.best = best;
      one.said = `${one.name}: ${metric} ${one.value}` + (param ? `, ${param} ${one.param}` : "") + `, data ${one.version}`;
    });
    return found;
  }

  function drawAll() {
    const metric = at("metric").value;
    const param = at("param").value;
    if (!metric) return;
    const values = points(metric, param);
    const isNumber = values.every((one) => one.param === null || typeof one.param === "number");
    const captions = { time: `${metric} over time; dashed: the best so far`, version: `${metric} over versions of the data; bar: the median`, param: `${param || "parameter"} against ${metric}` };
    for (const place of document.querySelectorAll("[data-chart]")) {
      const kind = place.dataset.chart;
      const spec = structuredClone(data.specs[kind]);
      if (kind === "param") spec.encoding.x.type = isNumber ? "quantitative" : "nominal";
      at(`said-${kind}`).textContent = captions[kind];
      const width = Math.min(360, document.documentElement.clientWidth - 130);
      const given = kind === "param" ? values.filter((one) => one.param !== null) : values;
      draw(place, { ...spec, width, height: 240, data: { values: given }, description: `${captions[kind]}: ${given.length} results` });
    }
  }

  // -- what listens

  for (const button of at("board").tHead.querySelectorAll("button")) {
    button.addEventListener("click", () => sort(button.closest("th")));
  }
  let waiting = 0;
  at("filter").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 120);
  });
  at("metric").addEventListener("change", drawAll);
  at("param").addEventListener("change", drawAll);
  window.addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll("details")) one.open = true;
  });
  drawAll();
  for (const place of document.querySelectorAll("[data-plot]")) {
    draw(place, { ...data.plots[Number(place.dataset.plot)], title: null });
  }
  document.documentElement.dataset.drawn = "yes";
})();
