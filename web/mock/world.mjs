// The invented catalogue of the development server and the values of its pixels.

const hash = (x, y) => {
  let h = (x * 374761393 + y * 668265263) | 0;
  h = Math.imul(h ^ (h >>> 13), 1274126177);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
};
const smooth = (t) => t * t * (3 - 2 * t);
function noise(x, y) {
  const [i, j] = [Math.floor(x), Math.floor(y)];
  const [u, v] = [smooth(x - i), smooth(y - j)];
  const a = hash(i, j) * (1 - u) + hash(i + 1, j) * u;
  const b = hash(i, j + 1) * (1 - u) + hash(i + 1, j + 1) * u;
  return a * (1 - v) + b * v;
}
function fractal(x, y, octaves) {
  let [sum, weight, total] = [0, 1, 0];
  for (let o = 0; o < octaves; o++) {
    sum += weight * noise(x, y);
    total += weight;
    weight *= 0.5;
    x = x * 2.03 + 17.1;
    y = y * 2.03 + 3.7;
  }
  return sum / total;
}

export const keyNames = [
  { key: 'sensor', description: 'Instrument or product' },
  { key: 'date', description: 'Day of acquisition' },
  { key: 'band', description: 'Band or variable' },
];
export const classes = [
  { value: 1, label: 'Water', color: '#3b6fb6' }, { value: 2, label: 'Built-up', color: '#c0504d' },
  { value: 3, label: 'Cropland', color: '#e3c567' }, { value: 4, label: 'Grassland', color: '#a9c96a' },
  { value: 5, label: 'Forest', color: '#2f7d4a' }, { value: 6, label: 'Bare ground', color: null },
];

const gain = { B2: [0.08, 0.05, 0.1], B3: [0.1, 0.1, 0.07], B4: [0.09, 0.1, 0.04], B5: [0.1, 0.4, 0.02], B6: [0.12, 0.28, 0.01], B7: [0.1, 0.16, 0.01] };

// The value at a place; NaN where there is none.
export function value([sensor, date, band], lon, lat) {
  const scene = sceneOf(sensor, date);
  const [w, s, e, n] = scene;
  const tilt = (lat - s) / (n - s) * 0.12 * (e - w);
  if (lon < w + tilt || lon > e - 0.12 * (e - w) + tilt || lat < s || lat > n) return NaN;
  const [x, y] = [lon * 30, lat * 40];
  const height = fractal(x * 0.25, y * 0.25, 6);
  const coast = lon + 73.6 + 0.35 * (fractal(x * 0.15, y * 0.15, 5) - 0.5) - (lat - 40.9) * 0.5;
  const water = coast > 0 || Math.abs(height - 0.46) < 0.008;
  if (sensor === 'DEM') return water ? 0 : Math.round(10 * Math.max(0, (height - 0.3) * 900)) / 10;
  const town = fractal(x * 0.9 + 50, y * 0.9, 4);
  const green = fractal(x * 1.7, y * 1.7 + 90, 5);
  if (sensor === 'landcover') {
    if (water) return 1;
    if (town > 0.6) return 2;
    return green > 0.55 ? 5 : green > 0.48 ? 3 : green > 0.4 ? 4 : 6;
  }
  const season = 0.6 + 0.4 * Math.sin((Number(date.slice(5, 7)) - 1) / 12 * Math.PI);
  const [base, leaf, sea] = gain[band];
  const leaves = water ? 0 : Math.max(0, Math.min(1, (green - 0.3) * 3)) * season * (town > 0.58 ? 0.35 : 1);
  const reflectance = water ? sea + 0.01 * green : base + (leaf - base) * leaves + 0.09 * Math.max(0, town - 0.55);
  return Math.round(10000 * (reflectance * (0.9 + 0.3 * fractal(x * 6, y * 6, 3))));
}

function sceneOf(sensor, date) {
  const month = date ? Number(date.slice(5, 7)) : 0;
  if (sensor === 'DEM') return [-74.9, 40.1, -72.6, 41.6];
  if (sensor === 'landcover') return [-74.6, 40.3, -73.2, 41.3];
  const shift = sensor === 'S2' ? 0.25 : 0.06 * (month % 3);
  return [-74.6 + shift, 40.2 + shift / 2, -73.1 + shift, 41.4 + shift / 2];
}

function statistics(keys) {
  const [w, s, e, n] = sceneOf(keys[0], keys[1]);
  const values = [];
  const side = 96;
  for (let j = 0; j < side; j++) {
    for (let i = 0; i < side; i++) {
      const v = value(keys, w + (i + 0.5) / side * (e - w), n - (j + 0.5) / side * (n - s));
      if (!Number.isNaN(v)) values.push(v);
    }
  }
  values.sort((a, b) => a - b);
  const at = (q) => values[Math.min(values.length - 1, Math.floor(q * values.length))];
  return { values, total: side * side, range: [values[0], values.at(-1)], percentiles: Array.from({ length: 99 }, (_, k) => at((k + 1) / 100)) };
}

const made = new Map();
export function describe(keys) {
  const id = keys.join('/');
  if (!made.has(id)) {
    const [w, s, e, n] = sceneOf(keys[0], keys[1]);
    const tilt = 0.12 * (e - w);
    const stats = statistics(keys);
    made.set(id, {
      keys, bounds: [w, s, e, n], ...stats, valid_percentage: (100 * stats.values.length) / stats.total,
      footprint: { type: 'Polygon', coordinates: [[[w, s], [e - tilt, s], [e, n], [w + tilt, n], [w, s]]] },
    });
  }
  return made.get(id);
}

export const datasets = [];
for (const month of ['01', '02', '04', '05', '07', '08', '10', '12']) {
  for (const band of ['B2', 'B3', 'B4', 'B5', 'B6', 'B7']) datasets.push(['L8', `2018-${month}-17`, band]);
}
for (const month of ['03', '06', '09']) {
  for (const band of ['B2', 'B3', 'B4', 'B5']) datasets.push(['L9', `2018-${month}-02`, band]);
}
datasets.push(['DEM', '2011-02-11', 'elevation'], ['landcover', '2016-01-01', 'class']);
datasets.sort((a, b) => (a.join('/') < b.join('/') ? -1 : 1));
