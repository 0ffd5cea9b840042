// Draws the tables of a page as charts. All numbers are in the tables, which is what everybody sees without this script.
import { localTime } from './times.js';
import uPlot from './uplot.js';

const HEIGHT = 190;
const DAY_S = 86_400;

const FORMATS = {
  ms: (value) =>
    value >= 1000
      ? `${Number((value / 1000).toPrecision(3))} s`
      : `${Number(value.toPrecision(3))} ms`,
  count: (value) => value.toLocaleString('en-US', { maximumFractionDigits: 1 }),
};

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Times in seconds, and the values of the columns that a chart shows. */
function readTable(graph) {
  const table = document.getElementById(graph.dataset.chart);
  const rows = [...table.tBodies[0].rows];
  const heads = [...table.tHead.rows[0].cells];
  const names = graph.dataset.columns.split(' ');
  const columns = names.map((name) => {
    const index = heads.findIndex((head) => head.dataset.column === name);
    const { look, colour: variable } = heads[index].dataset;
    const values = rows.map((row) => {
      const { value } = row.cells[index].dataset;
      return value === undefined ? null : Number(value);
    });
    return { label: heads[index].textContent.trim(), look, variable, values };
  });
  const times = rows.map((row) => Date.parse(row.querySelector('time').dateTime) / 1000);
  return { times, columns };
}

/** No line goes over a time of which nothing is known. */
function withGaps({ times, columns }, stepS) {
  const filled = { times: [], columns: columns.map((column) => ({ ...column, values: [] })) };
  for (const [index, at] of times.entries()) {
    const before = times[index - 1];
    if (before !== undefined && at - before > 1.5 * stepS) {
      filled.times.push(before + stepS);
      for (const { values } of filled.columns) values.push(null);
    }
    filled.times.push(at);
    for (const [place, { values }] of columns.entries())
      filled.columns[place].values.push(values[index]);
  }
  return filled;
}

function tickText(seconds, stepS) {
  const text = localTime(seconds * 1000);
  if (stepS >= DAY_S || text.endsWith('00:00:00')) return text.slice(5, 10);
  return text.slice(11, 16);
}

function seriesOf({ label, look, variable }) {
  const stroke = colour(variable);
  if (look === 'bars')
    return {
      label,
      stroke,
      fill: stroke,
      paths: uPlot.paths.bars({ size: [0.75, 28], align: 1 }),
      points: { show: false },
    };
  return { label, stroke, width: look === 'thin' ? 1 : 2, points: { size: 5, fill: stroke } };
}

function line(text) {
  const element = document.createElement('div');
  element.textContent = text;
  return element;
}

/** What the column of time under the pointer holds. */
function tooltip(columns, format) {
  const box = document.createElement('div');
  box.className = 'graph-tip';
  box.hidden = true;
  return {
    hooks: {
      init: (plot) => plot.over.append(box),
      setCursor(plot) {
        const { idx, left } = plot.cursor;
        box.hidden = idx === null || idx === undefined || left < 0;
        if (box.hidden) return;
        const values = columns.map(({ label, values: all }) => {
          const value = all[idx];
          return line(`${label}: ${value === null ? 'none' : format(value)}`);
        });
        box.replaceChildren(line(localTime(plot.data[0][idx] * 1000).slice(0, 16)), ...values);
        const isRight = left > plot.over.clientWidth / 2;
        box.style.left = isRight ? 'auto' : `${left + 12}px`;
        box.style.right = isRight ? `${plot.over.clientWidth - left + 12}px` : 'auto';
      },
    },
  };
}

function axis(more) {
  const grid = { stroke: colour('--line-soft'), width: 1 };
  return {
    stroke: colour('--muted'),
    font: `12px ${colour('--sans')}`,
    grid,
    ticks: grid,
    ...more,
  };
}

function optionsOf(graph, columns) {
  const { from, to, unit } = graph.dataset;
  const format = FORMATS[unit];
  return {
    width: graph.clientWidth,
    height: HEIGHT,
    scales: {
      x: { range: [Number(from), Number(to)] },
      y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.08 : 1] },
    },
    axes: [
      axis({
        values: (_plot, splits, _axis, _space, stepS) => splits.map((at) => tickText(at, stepS)),
      }),
      axis({
        size: 64,
        incrs:
          unit === 'count'
            ? [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6, 1e7]
            : undefined,
        values: (_plot, splits) => splits.map((value) => format(value)),
      }),
    ],
    series: [{}, ...columns.map(seriesOf)],
    cursor: { sync: { key: 'server' }, y: false, drag: { x: true, y: false } },
    legend: { show: columns.length > 1, live: false },
    plugins: [tooltip(columns, format)],
  };
}

/** By the element that it is drawn in. */
const plots = new Map();

function draw(graph) {
  plots.get(graph)?.destroy();
  const { times, columns } = withGaps(readTable(graph), Number(graph.dataset.step));
  const plot = new uPlot(optionsOf(graph, columns), [
    times,
    ...columns.map(({ values }) => values),
  ]);
  const { root } = plot;
  root.dataset.drawn = '';
  root.tabIndex = 0;
  root.setAttribute('role', 'img');
  root.setAttribute('aria-label', graph.textContent.trim());
  graph.append(root);
  plots.set(graph, plot);
}

/** Left and right move the cursor of all charts while one has the focus. */
function moveCursor(event) {
  const plot = plots.get(event.target.closest('[data-chart]'));
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!plot || step === undefined) return;
  event.preventDefault();
  const [times] = plot.data;
  const last = times.length - 1;
  const at = plot.cursor.idx ?? (step > 0 ? -1 : last + 1);
  const next = Math.min(last, Math.max(0, at + step));
  for (const each of plots.values())
    each.setCursor({ left: each.valToPos(times[next], 'x'), top: 0 });
}

const widths = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const plot = plots.get(target);
    if (plot && plot.width !== target.clientWidth)
      plot.setSize({ width: target.clientWidth, height: HEIGHT });
  }
});

function drawAll() {
  for (const [graph, plot] of plots) {
    if (graph.isConnected) continue;
    plot.destroy();
    widths.unobserve(graph);
    plots.delete(graph);
  }
  for (const graph of document.querySelectorAll('[data-chart]')) {
    draw(graph);
    widths.observe(graph);
  }
}

drawAll();
document.addEventListener('taken', drawAll);
document.addEventListener('keydown', moveCursor);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
