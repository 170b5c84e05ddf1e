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

  // -- the list: sorted by a button, filtered by words

  const isNumber = (text) => text.trim() !== "" && !Number.isNaN(Number(text));

  /** Give the number that a cell holds, of a metric with all its digits; else its text. */
  function value({ dataset, textContent }) {
    const held = dataset.value ?? textContent;
    return isNumber(held) ? Number(held) : held;
  }

  const alphabet = new Intl.Collator(undefined, { numeric: true });

  /** Compare two values: numbers, also such as 0.05 and 1e-5, come before texts. */
  function compare(one, other) {
    const [isOne, isOther] = [one, other].map((some) => typeof some === "number");
    if (isOne && isOther) return one - other;
    return isOne === isOther ? alphabet.compare(one, other) : isOther - isOne;
  }

  /** Sort by a column: the best of a metric first, all else upwards; then the other way round. */
  function sort(head) {
    const before = head.ariaSort;
    const isScore = all.ways[head.textContent] === "larger";
    const falls = before === "none" ? isScore : before === "ascending";
    for (const one of heads) one.ariaSort = "none";
    head.ariaSort = falls ? "descending" : "ascending";
    const column = heads.indexOf(head);
    const keyed = rows.map(({ row }) => ({ row, key: value(row.cells[column]) }));
    keyed.sort((one, other) => {
      const empty = (one.key === "") - (other.key === ""); // the last, whichever way it is sorted
      return empty || (falls ? compare(other.key, one.key) : compare(one.key, other.key));
    });
    body.append(...keyed.map(({ row }) => row));
  }

  const signs = {
    ">": (one, other) => one > other,
    "<": (one, other) => one < other,
    ">=": (one, other) => one >= other,
    "<=": (one, other) => one <= other,
  };

  /** Give a test of rows for one word: `metric>0.9`, `name=value`, or a part of a text. */
  function test(word) {
    const [, name, sign, limit] =
      word.match(/^([^<>]+)([<>]=?)(-?[\d.]+(?:e[-+]?\d+)?)$/) || [];
    const within = ({ texts }) => texts.some((one) => one.includes(word));
    if (!sign) {
      const [column, ...rest] = word.split("=");
      const wanted = rest.join("=");
      const columns = rest.length ? called(column) : [];
      const is = ({ row, texts }, at) => isSame(row.cells[at], texts[at], wanted);
      return (one) => within(one) || columns.some((at) => is(one, at));
    }
    const columns = called(name);
    return ({ row }) =>
      columns
        .map((column) => value(row.cells[column]))
        .some((one) => one !== "" && signs[sign](Number(one), Number(limit)));
  }

  /** Give the columns whose names have a part in them. */
  const called = (part) => [...names.keys()].filter((column) => names[column].includes(part));

  /** Say whether a cell is as wanted: the same number, as it is or as it is shown; a part of a text. */
  function isSame(cell, text, wanted) {
    if (!isNumber(wanted) || !isNumber(text)) return text.includes(wanted);
    return [value(cell), Number(text)].includes(Number(wanted));
  }

  function filter() {
    const words = at("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    const tests = words.map(test);
    shown = rows.filter((one) => tests.every((holds) => holds(one)));
    const kept = new Set(shown);
    for (const one of rows) one.row.hidden = !kept.has(one);
    at("shown").textContent = `${shown.length} of ${rows.length} results`;
    drawAll();
  }

  // -- the charts

  function draw(place, spec, config = data.config) {
    const { chart } = place.dataset;
    const quiet = { config, logger: vega.logger(vega.Error) };
    const compiled = vegaLite.compile({ ...spec, background: null }, quiet);
    const options = { renderer: "svg", container: place, logLevel: vega.Error };
    views[chart]?.finalize();
    const view = new vega.View(vega.parse(compiled.spec), options);
    if (chart) views[chart] = view;
    view.run();
  }

  /** Give the results that the list shows, the oldest first, with the best metric so far. */
  function points(metric, param) {
    const found = shown
      .map(({ number }) => ({
        name: all.names[number],
        label: all.labels[number],
        spread: ((number * 7919) % 1000) / 1000, // beside each other, and the same each time
        time: all.times[number],
        version: all.versions[number],
        value: all.metrics[metric][number],
        param: param ? all.params[param][number] : null,
      }))
      .filter((one) => one.value !== null);
    const merit = { larger: (one) => -one, smaller: (one) => one, "nearer to 0": Math.abs }[
      all.ways[metric]
    ];
    let best = null;
    found.sort((one, other) => one.time - other.time);
    for (const one of found) {
      if (one.time !== null && (best === null || merit(one.value) < merit(best))) best = one.value;
      one.best = best;
      const said = param ? `, ${param} ${one.param}` : "";
      one.said = `${one.name}: ${metric} ${one.value}${said}, data ${one.version}`;
    }
    return found;
  }

  /** Give the axis of a parameter: of numbers, else of its values, however long they are. */
  const axisOf = (found) =>
    found.every((one) => typeof one.param === "number")
      ? { type: "quantitative" }
      : { type: "nominal", axis: { labelAngle: -35, labelLimit: 130 } };

  function drawAll() {
    const metric = at("metric").value;
    const param = at("param").value;
    if (!metric) return;
    const values = points(metric, param);
    const having = values.filter((one) => one.param !== null);
    const lacking = values.length - having.length;
    const without = lacking ? `; left out: ${lacking} without it` : "";
    const timed = values.filter((one) => one.time !== null);
    const undated = values.length - timed.length;
    const late = undated ? `; left out: ${undated} without a time` : "";
    const captions = {
      time: `${metric} over time; dashed: the best so far${late}`,
      version: `${metric} over versions of the data; bar: the median`,
      param: `${param || "parameter"} against ${metric}${without}`,
    };
    for (const place of document.querySelectorAll("[data-chart]")) {
      const { chart } = place.dataset;
      const spec = structuredClone(data.specs[chart]);
      if (chart === "param") Object.assign(spec.encoding.x, axisOf(having));
      at(`said-${chart}`).textContent = captions[chart];
      const given = { time: timed, version: values, param: having }[chart];
      draw(place, {
        ...spec,
        width: "container",
        height: 240,
        autosize: { type: "fit", contains: "padding" },
        data: { values: given },
        description: `${captions[chart]}: ${given.length} results`,
      });
    }
  }

  // a plot of DVC is drawn as it comes into sight, or onto paper
  const PHONE = 560; // pixels: a plot of DVC is 300, and has its axis and its legend beside it
  const waiting = new Set(document.querySelectorAll("[data-plot]"));
  const watcher = new IntersectionObserver(
    (seen) => seen.filter((one) => one.isIntersecting).forEach((one) => drawPlot(one.target)),
    { rootMargin: "400px" },
  );

  function drawPlot(place) {
    watcher.unobserve(place);
    if (!waiting.delete(place)) return;
    const spec = { ...data.plots[Number(place.dataset.plot)], title: null };
    const drawn = { ...spec, description: place.ariaLabel };
    if (document.documentElement.clientWidth > PHONE) draw(place, drawn);
    else draw(place, narrowed(drawn), { ...data.config, ...narrowedConfig });
  }

  /** Let a plot fit a phone: the results below each other. */
  function narrowed(spec) {
    const { encoding, facet } = spec;
    const width = 220;
    const slim = spec.spec ? { ...spec, spec: { ...spec.spec, width } } : { ...spec, width };
    if (facet) return { ...slim, facet: facet.column ?? facet, columns: 1 };
    if (!encoding?.facet) return slim;
    return { ...slim, encoding: { ...encoding, facet: { ...encoding.facet, columns: 1 } } };
  }

  const narrowedConfig = {
    legend: { ...data.config.legend, orient: "bottom", columns: 1, labelLimit: 280 },
    axis: { ...data.config.axis, labelLimit: 80 },
  };

  // -- what listens

  for (const button of at("board").tHead.querySelectorAll("button")) {
    button.addEventListener("click", () => sort(button.closest("th")));
  }
  let pause = 0;
  at("filter").addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(filter, 120);
  });
  at("metric").addEventListener("change", drawAll);
  at("param").addEventListener("change", drawAll);
  window.addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll("#audit details")) one.open = true;
    waiting.forEach(drawPlot);
  });
  drawAll();
  waiting.forEach((place) => watcher.observe(place));
  document.documentElement.dataset.drawn = "yes";
})();
