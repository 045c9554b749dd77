// Draws the charts of a page. ECharts is fetched only where a chart is; the figures stand beside it as a table.

const figures = [...document.querySelectorAll("figure[data-chart]")];
const library = document.getElementById("charts-script")?.dataset.library;
const words = document.getElementById("words")?.dataset ?? {};
const drawn = new Map();
const paper = matchMedia("print");
const paperWidth = 640; // pixels of an A4 page within its margins: a browser tells the width of the window instead
const symbols = ["circle", "rect", "triangle", "diamond", "roundRect", "pin", "arrow"];

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const number = (value) => new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 2 }).format(value);
const percent = (value) => `${Math.round(value * 100)} %`;

function fit(chart) {
  const { clientWidth } = chart.getDom();
  chart.resize({ width: paper.matches ? Math.min(paperWidth, clientWidth) : "auto" });
}

function palette() {
  return Array.from({ length: 8 }, (_, index) => token(`--series-${index + 1}`));
}

function axis(extra) {
  return {
    axisLine: { lineStyle: { color: token("--line-strong") } },
    axisTick: { show: false },
    axisLabel: { color: token("--muted"), fontSize: 12 },
    splitLine: { lineStyle: { color: token("--line"), width: 0.5 } },
    nameTextStyle: { color: token("--muted"), fontSize: 12 },
    nameLocation: "middle",
    ...extra,
  };
}

function frame(options) {
  return {
    animation: false,
    aria: { enabled: true, label: { enabled: false }, decal: { show: false } },
    color: palette(),
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: token("--text") },
    grid: { left: 12, right: 24, top: 28, bottom: 32, containLabel: true },
    tooltip: {
      renderMode: "richText",
      confine: true,
      backgroundColor: token("--surface"),
      borderColor: token("--line-strong"),
      textStyle: { color: token("--text"), fontSize: 13 },
    },
    ...options,
  };
}

const kinds = {
  scatter({ x, y, points }) {
    const largest = Math.max(...points.map((point) => point.size ?? 1));
    return frame({
      grid: { left: 36, right: 28, top: 28, bottom: 32, containLabel: true },
      xAxis: axis({ type: "value", name: x, nameGap: 28, scale: true, boundaryGap: ["8%", "8%"] }),
      yAxis: axis({ type: "value", name: y, nameGap: 36, scale: true, boundaryGap: ["8%", "8%"] }),
      tooltip: {
        ...frame({}).tooltip,
        formatter: ({ data }) => `${data.name}\n${x} ${number(data.value[0])}\n${y} ${number(data.value[1])}`,
      },
      series: [{
        type: "scatter",
        data: points.map((point) => ({ ...point, value: [point.x, point.y] })),
        symbolSize: (_, { data }) => 8 + 16 * Math.sqrt((data.size ?? 1) / largest),
        itemStyle: { opacity: 0.75, borderColor: token("--surface"), borderWidth: 1 },
        label: { show: points.length <= 30, formatter: ({ data }) => data.name, position: "top", color: token("--text"), fontSize: 12 },
        labelLayout: { hideOverlap: true },
      }],
    });
  },

  line({ x, y, labels, series }) {
    return frame({
      grid: { ...frame({}).grid, left: y ? 40 : 12 },
      legend: series.length > 1 ? { top: 0, textStyle: { color: token("--text") } } : undefined,
      xAxis: axis({ type: "category", data: labels, name: x, nameGap: 28, boundaryGap: false }),
      yAxis: axis({ type: "value", name: y, nameGap: 44, scale: true }),
      tooltip: { ...frame({}).tooltip, trigger: "axis", valueFormatter: number },
      series: series.map((one, index) => ({
        type: "line",
        name: one.name,
        data: one.values,
        symbol: symbols[index % symbols.length],
        symbolSize: 6,
        lineStyle: { width: 2, type: ["solid", "dashed", "dotted"][index % 3] },
      })),
    });
  },

  bar({ x, y, labels, series, across }) {
    const category = axis({ type: "category", data: labels, name: x, nameGap: 28, inverse: Boolean(across) });
    const value = axis({ type: "value", name: y, nameGap: across ? 26 : 44 });
    return frame({
      grid: { ...frame({}).grid, left: y && !across ? 40 : 12 },
      legend: series.length > 1 ? { top: 0, textStyle: { color: token("--text") } } : undefined,
      xAxis: across ? value : category,
      yAxis: across ? category : value,
      tooltip: { ...frame({}).tooltip, trigger: "axis", axisPointer: { type: "shadow" }, valueFormatter: number },
      series: series.map((one) => ({
        type: "bar",
        name: one.name,
        data: one.values,
        barMaxWidth: 36,
        label: {
          show: series.length === 1 && labels.length <= 15,
          position: across ? "right" : "top",
          formatter: ({ value: shown }) => number(shown),
          color: token("--text"),
        },
      })),
    });
  },

  // Cumulated profit by share of customers; what lies above 100 % is given back by the customers on the right.
  whale({ x, y, points }) {
    return frame({
      xAxis: axis({ type: "value", name: x, nameGap: 28, min: 0, max: 1, axisLabel: { formatter: percent, color: token("--muted") } }),
      yAxis: axis({ type: "value", name: y, nameGap: 48, axisLabel: { formatter: percent, color: token("--muted") } }),
      tooltip: {
        ...frame({}).tooltip,
        trigger: "axis",
        formatter: ([{ value }]) => `${percent(value[0])} → ${percent(value[1])}`,
      },
      series: [
        {
          type: "line",
          data: points,
          showSymbol: points.length <= 30,
          lineStyle: { width: 2.5 },
          areaStyle: { opacity: 0.12 },
          markLine: {
            silent: true,
            symbol: "none",
            lineStyle: { color: token("--line-strong"), type: "dashed" },
            label: { formatter: "100 %", color: token("--muted"), position: "insideEndTop" },
            data: [{ yAxis: 1 }],
          },
        },
      ],
    });
  },
};

async function drawAll() {
  const { init } = await import(library);
  for (const figure of figures) draw(figure, init);
  document.addEventListener("theme:changed", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  paper.addEventListener("change", () => drawn.forEach(({ chart }) => fit(chart)));
}

function draw(figure, init) {
  const box = figure.querySelector(".chart-box");
  const data = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
  const chart = init(box, null, { renderer: "svg" });
  chart.setOption(kinds[data.kind](data));
  chart.on("click", ({ data: point }) => point?.url && (location.href = point.url));
  new ResizeObserver(() => fit(chart)).observe(box);
  drawn.set(figure, { chart, data });
}

function redraw() {
  for (const { chart, data } of drawn.values()) chart.setOption(kinds[data.kind](data), true);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-chart-toggle]");
  const figure = button?.closest("figure[data-chart]");
  if (!figure) return;
  const showsTable = figure.dataset.view === "chart";
  figure.dataset.view = showsTable ? "table" : "chart";
  button.setAttribute("aria-pressed", String(showsTable));
  button.lastChild.textContent = showsTable ? words.chart : words.table;
  if (drawn.has(figure)) fit(drawn.get(figure).chart);
});

if (figures.length && library) drawAll();
