"use strict";
(() => {
  const at = (id) => document.getElementById(id);
  const data = JSON.parse(at("data").textContent);
  const all = data.results;
  const body = at("board").tBodies[0];
  const heads = [...at("board").tHead.rows[0].cells];
  const names = heads.map((head) => head.textContent.toLowerCase());
  const rows = [...body.rows].map((row, number) => ({
    row,
    number,
    texts: [...row.cells].map((cell) => cell.textContent.toLowerCase()),
  }));
  const views = {};
  let shown = rows;

  // -- the table

  const value = (cell) => (cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value));

  const compare = (one, other) =>
    typeof one === "number" && typeof other === "number"
      ? one - other
      : String(one).localeCompare(String(other), undefined, { numeric: true });

  function sort(head) {
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

  const order = { ">": (a, b) => a > b, "<": (a, b) => a < b, ">=": (a, b) => a >= b, "<=": (a, b) => a <= b };

  /** Give a test of rows for one word of the filter: `metric>0.9`, `name=value`, or a part of a text. */
  function test(word) {
    const part = ({ texts }) => texts.some((text, column) => (word.includes("=") ? `${names[column]}=${text}` : text).includes(word));
    const [, name, sign, limit] = word.match(/^([^<>]+)([<>]=?)(-?[\d.]+(?:e-?\d+)?)$/) || [];
    if (!sign) return part;
    const columns = [...names.keys()].filter((column) => names[column].includes(name));
    const cells = ({ row }) => columns.map((column) => row.cells[column]).filter((cell) => cell.textContent);
    return (one) => cells(one).some((cell) => order[sign](Number(value(cell)), Number(limit)));
  }

  function filter() {
    const tests = at("filter").value.toLowerCase().split(/\s+/).filter(Boolean).map(test);
    shown = rows.filter((one) => tests.every((holds) => holds(one)));
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
        label: all.labels[number],
        spread: ((number * 7919) % 1000) / 1000, // beside each other, and the same each time
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
    if (!metric) return [];
    const values = points(metric, param);
    const isNumber = values.every((one) => one.param === null || typeof one.param === "number");
    const lacking = values.filter((one) => one.param === null).length;
    const captions = { time: `${metric} over time; dashed: the best so far`, version: `${metric} over versions of the data; bar: the median`, param: `${param || "parameter"} against ${metric}${lacking ? `; left out: ${lacking} without it` : ""}` };
    return [...document.querySelectorAll("[data-chart]")].map((place) => {
      const kind = place.dataset.chart;
      const spec = structuredClone(data.specs[kind]);
      if (kind === "param") Object.assign(spec.encoding.x, { type: isNumber ? "quantitative" : "nominal" });
      at(`said-${kind}`).textContent = captions[kind];
      const given = kind === "param" ? values.filter((one) => one.param !== null) : values;
      const description = `${captions[kind]}: ${given.length} results`;
      const size = { width: "container", height: 240, autosize: { type: "fit", contains: "padding" } };
      return draw(place, { ...spec, ...size, data: { values: given }, description });
    });
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
    for (const one of document.querySelectorAll("#audit details")) one.open = true;
  });
  (async () => {
    await Promise.all(drawAll());
    for (const place of document.querySelectorAll("[data-plot]")) {
      await new Promise((done) => setTimeout(done)); // the page answers in between
      await draw(place, { ...data.plots[Number(place.dataset.plot)], title: null, description: place.ariaLabel });
    }
    document.documentElement.dataset.drawn = "yes";
  })();
})();
