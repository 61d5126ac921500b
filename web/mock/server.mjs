// A small invented server for working on the page without the real one:
//   node mock/server.mjs [--port 5080] [--dist dist] [--plain] [--empty] [--fail-tiles]
// --plain answers only what Terracotta answers; --fail-tiles breaks every fifth tile.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { classes, datasets, describe, keyNames, value } from './world.mjs';
import { png } from './png.mjs';

const option = (name) => process.argv.includes(`--${name}`);
const setting = (name, other) => (option(name) ? process.argv[process.argv.indexOf(`--${name}`) + 1] : other);
const dist = setting('dist', 'dist');
const names = keyNames.map((key) => key.key);
const all = option('empty') ? [] : datasets;

const anchors = {
  gray: '000000ffffff', viridis: '44015447277a3b518b2c718e21908d27ad815cc863aadc32fde725',
  magma: '0000041c1044501279822681b5367ae65164fb8861fec287fcfdbf', inferno: '0000041f0c48550f6d88226aa83655e35933f98c0af9c932fcffa4',
  plasma: '0d08875402a38b0aa5b93289db5c68f48849febc2af0f921', cividis: '00204c213d6b555b6c7b7a77a59c74d3c064ffe945',
  turbo: '30123b4662d736aaf91ae4b672fe5ec8ef34faba39f56516ca2a047a0403', terrain: '3333990094fa24d36dfefc98ac957197736affffff',
  rdylgn: 'a50026f46d43fee08bffffbfd9ef8b66bd63006837', rdbu: '67001fd6604dfddbc7f7f7f7d1e5f04393c3053061', spectral: '9e0142f46d43fee08bffffbfe6f59866c2a55e4fa2',
  ylgn: 'ffffe5f7fcb9addd8e41ab5d006837', blues: 'f7fbffc6dbef6baed62171b508306b', greens: 'f7fcf5c7e9c074c476238b4500441b', gist_earth: '000000184a7a2b81804a8f4ea3a65cc7a98bfdfbfb',
};
const hexes = (text) => text.match(/.{6}/g).map((hex) => [0, 2, 4].map((k) => parseInt(hex.slice(k, k + 2), 16)));
const maps = {};
for (const [name, text] of Object.entries(anchors)) maps[name] = hexes(text);
for (const name of Object.keys(anchors)) maps[`${name}_r`] = [...maps[name]].reverse();
function colour(name, t) {
  const stops = maps[name] ?? maps.gray;
  const at = Math.max(0, Math.min(1, t)) * (stops.length - 1);
  const k = Math.min(stops.length - 2, Math.floor(at));
  return stops[k].map((c, i) => Math.round(c + (stops[k + 1][i] - c) * (at - k)));
}
const hex = (rgb) => `#${rgb.map((c) => c.toString(16).padStart(2, '0')).join('')}`;

class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}
const known = (keys) => all.find((row) => row.join('/') === keys.join('/')) ?? (() => { throw new Refusal(404, 'No dataset found'); })();
const json = (text, name) => {
  try { return JSON.parse(text); } catch { throw new Refusal(400, `{'${name}': ['Not valid JSON.']}`); }
};
function bounds(text, keys) {
  const { range, percentiles } = describe(keys);
  const pair = text ? json(text, 'stretch_range') : [null, null];
  return pair.map((bound, k) => (bound === null ? range[k] : typeof bound === 'string' ? percentiles[Number(bound.slice(1))] : bound));
}

function formula(query, base) {
  const expression = query.get('expression');
  if (!expression) throw new Refusal(400, "{'expression': ['Missing data for required field.']}");
  const operands = [1, 2, 3, 4, 5].map((k) => query.get(`v${k}`));
  for (const name of expression.match(/[a-z_]\w*/gi) ?? []) {
    if (!/^v[1-5]$/.test(name) && !['sqrt', 'where', 'log', 'abs'].includes(name)) {
      throw new Refusal(400, `error while executing expression: unrecognized name '${name}' in expression`);
    }
  }
  let run;
  try {
    run = new Function('v1', 'v2', 'v3', 'v4', 'v5', `const {sqrt,log,abs}=Math;const where=(c,a,b)=>c?a:b;return ${expression}`);
  } catch {
    throw new Refusal(400, `given string '${expression}' is not a valid expression`);
  }
  const rows = operands.map((band) => band && known([...base, band]));
  return (lon, lat) => run(...rows.map((row) => row && value(row, lon, lat)));
}

function painter(kind, keys, query) {
  if (kind === 'rgb') {
    const slots = ['r', 'g', 'b'].map((slot) => {
      const row = known([...keys, query.get(slot)]);
      return { row, range: bounds(query.get(`${slot}_range`), row) };
    });
    const gamma = Number(/gamma \w+ ([\d.]+)/.exec(query.get('color_transform') ?? '')?.[1] ?? 1);
    return (lon, lat) => {
      const out = slots.map(({ row, range }) => 255 * Math.max(0, Math.min(1, (value(row, lon, lat) - range[0]) / (range[1] - range[0]))) ** (1 / gamma));
      return Number.isNaN(out[0]) ? null : [...out, 255];
    };
  }
  const sample = kind === 'compute' ? formula(query, keys) : ((row) => (lon, lat) => value(row, lon, lat))(known(keys));
  const name = query.get('colormap') ?? 'gray';
  if (name === 'explicit') {
    const table = json(query.get('explicit_color_map'), 'explicit_color_map');
    return (lon, lat) => {
      const found = table[String(sample(lon, lat))];
      return found ? [...hexes(found.replace('#', ''))[0], 255] : null;
    };
  }
  if (!maps[name]) throw new Refusal(400, `{'colormap': ['Must be one of: ${Object.keys(maps).join(', ')}.']}`);
  const range = kind === 'compute' ? json(query.get('stretch_range'), 'stretch_range') : bounds(query.get('stretch_range'), keys);
  return (lon, lat) => {
    const v = sample(lon, lat);
    if (!Number.isFinite(v)) return null;
    return [...colour(name, (v - range[0]) / (range[1] - range[0] || 1)), 255];
  };
}

const latitude = (y) => (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI;
const northing = (lat) => (1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2;
function picture(parts, query) {
  const [kind, ...rest] = parts;
  const preview = rest.at(-1) === 'preview.png';
  const keys = rest.slice(0, preview ? -1 : -3);
  const [rows, cols] = query.get('tile_size') ? json(query.get('tile_size'), 'tile_size') : [256, 256];
  const paint = painter(kind, keys, query);
  let [west, east, top, bottom] = [0, 0, 0, 0];
  if (preview) {
    const box = describe(kind === 'singleband' ? keys : all.find((row) => keys.every((key, k) => row[k] === key))).bounds;
    [west, east, top, bottom] = [box[0], box[2], northing(box[3]), northing(box[1])];
  } else {
    const [z, x, y] = rest.slice(-3).map((part) => parseInt(part, 10));
    if (option('fail-tiles') && (x + 2 * y) % 5 === 0) throw new Refusal(500, 'the raster behind this dataset could not be read');
    [west, east, top, bottom] = [(x / 2 ** z) * 360 - 180, ((x + 1) / 2 ** z) * 360 - 180, y / 2 ** z, (y + 1) / 2 ** z];
  }
  const rgba = new Uint8Array(rows * cols * 4);
  for (let j = 0; j < rows; j++) {
    const lat = latitude(top + ((j + 0.5) / rows) * (bottom - top));
    for (let i = 0; i < cols; i++) {
      const pixel = paint(west + ((i + 0.5) / cols) * (east - west), lat);
      if (pixel) rgba.set(pixel, (j * cols + i) * 4);
    }
  }
  return png(cols, rows, rgba);
}

function search(query) {
  const words = (query.get('q') ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = names.map((name) => query.get(name)?.replace(/^\[|\]$/g, '').split(','));
  const box = query.get('bbox')?.split(',').map(Number);
  const fits = (row, except) => words.every((word) => row.some((part) => part.toLowerCase().includes(word)))
    && wanted.every((values, k) => k === except || !values || values.includes(row[k]))
    && (!box || ((b) => b[0] < box[2] && b[2] > box[0] && b[1] < box[3] && b[3] > box[1])(describe(row).bounds));
  const hits = all.filter((row) => fits(row, -1));
  if (query.get('sort') === 'newest') hits.sort((a, b) => (a[1] < b[1] ? 1 : a[1] > b[1] ? -1 : 0));
  const [page, limit] = [Number(query.get('page') ?? 0), Number(query.get('limit') ?? 20)];
  const facets = Object.fromEntries(names.map((name, k) => {
    const counts = new Map();
    for (const row of all.filter((one) => fits(one, k))) counts.set(row[k], (counts.get(row[k]) ?? 0) + 1);
    return [name, [...counts].map(([v, count]) => ({ value: v, count })).sort((a, b) => b.count - a.count)];
  }));
  return {
    total: hits.length, page, limit, facets,
    datasets: hits.slice(page * limit, (page + 1) * limit).map((row) => {
      const d = describe(row);
      return { keys: Object.fromEntries(names.map((n, k) => [n, row[k]])), bounds: d.bounds, range: d.range, valid_percentage: d.valid_percentage, percentiles: [d.percentiles[1], d.percentiles[97]], footprint: d.footprint };
    }),
  };
}

function histogram(keys, bins) {
  const { values, range: [low, high], total } = describe(known(keys));
  const counts = new Array(bins).fill(0);
  for (const v of values) counts[Math.min(bins - 1, Math.floor(((v - low) / (high - low || 1)) * bins))]++;
  return { low, high, counts, valid: values.length, total };
}

function ours(route, keys, query) {
  if (option('plain')) return undefined;
  if (route === 'search') return search(query);
  if (route === 'histogram') return histogram(keys, Number(query.get('bins') ?? 64));
  if (route === 'colormaps') {
    return { colormaps: Object.fromEntries(Object.keys(maps).map((n) => [n, Array.from({ length: 32 }, (_, k) => hex(colour(n, k / 31)))])) };
  }
  if (route === 'point') {
    const [lon, lat] = ['lon', 'lat'].map((n) => Number(query.get(n)));
    const v = value(known(keys), lon, lat);
    return { value: Number.isNaN(v) ? null : v, native: { x: 5e5 + lon * 1e3, y: lat * 1.1e5, crs: 'EPSG:32618' }, label: (keys[0] === 'landcover' && classes.find((c) => c.value === v)?.label) || '' };
  }
  if (route === 'classes') {
    const { values } = describe(known(keys));
    return { classes: keys[0] === 'landcover' ? classes.map((c) => ({ ...c, share: values.filter((v) => v === c.value).length / values.length })) : [] };
  }
  return undefined;
}

function answer(path, query) {
  const [route, ...keys] = path.split('/').filter(Boolean).map(decodeURIComponent);
  if (['singleband', 'rgb', 'compute'].includes(route)) return picture([route, ...keys], query);
  if (route === 'explorer.json') return { api: '' };
  if (route === 'keys') return { keys: keyNames };
  if (route === 'datasets') {
    const [page, limit] = [Number(query.get('page') ?? 0), Number(query.get('limit') ?? 100)];
    const hits = all.filter((row) => names.every((n, k) => !query.has(n) || query.get(n) === row[k]));
    return { page, limit, datasets: hits.slice(page * limit, (page + 1) * limit).map((row) => Object.fromEntries(names.map((n, k) => [n, row[k]]))) };
  }
  if (route === 'metadata') {
    const d = describe(known(keys));
    return { keys: Object.fromEntries(names.map((n, k) => [n, keys[k]])), bounds: d.bounds, convex_hull: d.footprint, valid_percentage: d.valid_percentage, range: d.range, mean: 0, stdev: 0, percentiles: d.percentiles, metadata: {} };
  }
  if (route === 'colormap') {
    const [lo, hi] = json(query.get('stretch_range'), 'stretch_range');
    const n = Number(query.get('num_values') ?? 255);
    return { colormap: Array.from({ length: n }, (_, k) => ({ value: lo + ((hi - lo) * k) / (n - 1), rgba: [...colour(query.get('colormap'), k / (n - 1)), 255] })) };
  }
  return ours(route, keys, query);
}

const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.svg': 'image/svg+xml' };
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const send = (status, type, body) => response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-cache', 'Access-Control-Allow-Origin': '*' }).end(body);
  try {
    const found = answer(url.pathname, url.searchParams);
    if (Buffer.isBuffer(found)) return send(200, 'image/png', found);
    if (found) return send(200, 'application/json', JSON.stringify(found));
    const file = join(dist, normalize(url.pathname === '/' ? 'index.html' : url.pathname));
    const body = await readFile(file).catch(() => null);
    if (!body) return response.writeHead(404, { 'Content-Type': 'text/html' }).end('<h1>Not Found</h1>');
    response.setHeader('Content-Security-Policy', policy);
    return send(200, types[extname(file)] ?? 'application/octet-stream', body);
  } catch (error) {
    if (error instanceof Refusal) return send(error.status, 'application/json', JSON.stringify({ message: error.message }));
    console.error(error);
    return send(500, 'text/html', '<h1>Internal Server Error</h1>');
  }
}).listen(Number(setting('port', '5080')), '127.0.0.1');
