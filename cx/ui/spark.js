// The small line of a tile or of a row in a table. It stands above the script of each, which draws with it.

const HEIGHT = 44; // of a sparkline, in the units of its viewBox; its width is 100
const MARGIN = 3; // kept free above and below, so that strokes are not cut
const PLOT = `
  <span class="plot" aria-hidden="true">
    <svg viewBox="0 0 100 ${HEIGHT}" preserveAspectRatio="none">
      <path class="band"/><path class="target"/><path class="line"/>
    </svg>
    <i class="dot"></i>
  </span>`;

const isNumber = (value) => Number.isFinite(value);

/** The indexes of each unbroken run of numbers; a missing number ends one, so that a gap stays a gap. */
function runs(values) {
  const found = [];
  values.forEach((value, index) => {
    if (!isNumber(value)) return;
    if (index === 0 || !isNumber(values[index - 1])) found.push([]);
    found.at(-1).push(index);
  });
  return found;
}

/** Where a value stands in the plot: x by its place in the series, y within everything that must be seen. */
function scales({ spark, lo, hi, target, from }) {
  const seen = [...spark, ...lo, ...hi, target, from].filter(isNumber);
  const [least, most] = [Math.min(...seen), Math.max(...seen)];
  const room = HEIGHT - 2 * MARGIN;
  return {
    x: (index) => (100 * index) / Math.max(spark.length - 1, 1),
    y: (value) => (most > least ? HEIGHT - MARGIN - (room * (value - least)) / (most - least) : HEIGHT / 2),
  };
}

const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(2)},${y.toFixed(2)}`).join("");

/** Draw a series with its band and target, where it has them, into the PLOT of an element; `from` is a value that is seen too. */
function drawSpark(element, series) {
  const { spark, lo = [], hi = [], target } = series;
  const find = (selector) => element.querySelector(selector);
  const { x, y } = scales({ ...series, lo, hi });
  const along = (values, indexes) => indexes.map((i) => [x(i), y(values[i])]);
  const bounded = lo.map((low, i) => (isNumber(hi[i]) ? low : null));
  const band = runs(bounded).map((run) => `${path([...along(hi, run), ...along(lo, run).reverse()])}Z`);
  find(".band").setAttribute("d", band.join(""));
  // A week alone between two gaps has no line to stand on; a stroke of no length shows it as a point.
  find(".line").setAttribute("d", runs(spark).map((run) => path(along(spark, run)) + (run[1] ? "" : "h0")).join(""));
  find(".target").setAttribute("d", isNumber(target) ? `M0,${y(target)}H100` : "");
  const [dot, last] = [find(".dot"), spark.at(-1)];
  dot.hidden = !isNumber(last);
  dot.style.left = "100%";
  dot.style.top = `${(100 * (isNumber(last) ? y(last) : 0)) / HEIGHT}%`;
}

