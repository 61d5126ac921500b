// What the page needs of a server that answers no more than Terracotta does: the same
// answers as ours, put together from the plain routes.
import { keyPath } from '../core/layer.ts';
import { pageSize, type Box, type Count, type Dataset, type Keys, type KeyName, type SearchAnswer, type State } from '../core/model.ts';
import type { Api } from './api.ts';

export interface Metadata {
  keys: Record<string, string>;
  bounds: Box;
  convex_hull: Dataset['footprint'];
  valid_percentage: number;
  range: [number, number];
  percentiles: number[];
  metadata: unknown;
}

export const isDate = (text: string): boolean => /^(19|20)\d{2}[-_.]?((0[1-9]|1[0-2])([-_.]?(0[1-9]|[12]\d|3[01]))?)?/.test(text);

// Which key holds a time, by its name or by its values; -1 if none does.
export function timeKey(names: readonly KeyName[], sample: Keys | undefined): number {
  const named = names.findIndex(({ key }) => /date|time|day|month|year|acqui/i.test(key));
  return named >= 0 || !sample ? named : sample.findIndex(isDate);
}

export const toDataset = (keys: Keys, found: Metadata | null): Dataset => ({
  keys,
  bounds: found?.bounds ?? null,
  range: found?.range ?? null,
  percentiles: found ? [found.percentiles[1] ?? found.range[0], found.percentiles[97] ?? found.range[1]] : null,
  validPercentage: found?.valid_percentage ?? null,
  footprint: found?.convex_hull ?? null,
});

const most = 20000; // rows looked through; a larger catalogue is searched by its first ones

export class PlainCatalogue {
  private readonly api: Api;
  private readonly names: readonly KeyName[];
  private rows: Promise<Keys[]> | null = null;

  constructor(api: Api, names: readonly KeyName[]) {
    this.api = api;
    this.names = names;
  }

  forget(): void {
    this.rows = null;
  }

  private all(): Promise<Keys[]> {
    this.rows ??= this.api
      .json<{ datasets: Record<string, string>[] }>('datasets', { limit: most })
      .then(({ datasets }) => datasets.map((row) => this.names.map(({ key }) => row[key] ?? '')));
    this.rows.catch(() => this.forget());
    return this.rows;
  }

  async search(state: Pick<State, 'text' | 'filters' | 'page' | 'sort'>, metadata: (keys: Keys) => Promise<Metadata>): Promise<SearchAnswer> {
    const rows = await this.all();
    const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = this.names.map(({ key }) => state.filters[key] ?? []);
    const fits = (row: Keys, except: number) =>
      words.every((word) => row.some((part) => part.toLowerCase().includes(word)))
      && wanted.every((values, k) => k === except || !values.length || values.includes(row[k]!));
    const hits = rows.filter((row) => fits(row, -1));
    const time = timeKey(this.names, rows[0]);
    if (state.sort === 'newest' && time >= 0) hits.sort((a, b) => (a[time]! < b[time]! ? 1 : a[time]! > b[time]! ? -1 : 0));
    const page = hits.slice(state.page * pageSize, (state.page + 1) * pageSize);
    const datasets = await Promise.all(page.map(async (keys) => toDataset(keys, await metadata(keys).catch(() => null))));
    return { total: hits.length, datasets, facets: Object.fromEntries(this.names.map(({ key }, k) => [key, counted(rows.filter((row) => fits(row, k)), k)])) };
  }
}

function counted(rows: readonly Keys[], position: number): Count[] {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row[position]!, (counts.get(row[position]!) ?? 0) + 1);
  return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
}

// Ramps a server without a list of them is asked for one by one.
export const usualColormaps = [
  'viridis', 'magma', 'inferno', 'plasma', 'cividis', 'turbo', 'gray', 'terrain', 'gist_earth', 'rdylgn', 'rdylbu', 'rdbu',
  'spectral', 'brbg', 'ylgn', 'ylgnbu', 'blues', 'greens', 'oranges', 'reds', 'purples', 'hot', 'coolwarm', 'jet',
];

export async function ramp(api: Api, name: string): Promise<string[]> {
  const { colormap } = await api.json<{ colormap: { rgba: number[] }[] }>('colormap', { colormap: name, stretch_range: '[0,1]', num_values: 32 });
  return colormap.map(({ rgba }) => `#${rgba.slice(0, 3).map((c) => Math.round(c).toString(16).padStart(2, '0')).join('')}`);
}

// The value at a place, read off a grey picture over the dataset's range: 254 steps.
export async function pointOfPicture(api: Api, keys: Keys, range: readonly [number, number], lon: number, lat: number, zoom: number): Promise<number | null> {
  const z = Math.max(0, Math.min(18, Math.round(zoom)));
  const across = ((lon + 180) / 360) * 2 ** z;
  const down = ((1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2) * 2 ** z;
  const [x, y] = [Math.floor(across), Math.floor(down)];
  if (y < 0 || y >= 2 ** z) return null;
  const url = api.url(`singleband/${keyPath(keys)}/${z}/${x}/${y}.png`, { stretch_range: JSON.stringify(range) });
  const { data, width, height } = await pixels(await api.fetch(url));
  const at = 4 * (Math.floor((down - y) * height) * width + Math.floor((across - x) * width));
  return data[at + 3] ? range[0] + ((data[at]! - 1) / 254) * (range[1] - range[0]) : null;
}

export async function pixels(response: Response): Promise<ImageData> {
  const bitmap = await createImageBitmap(await response.blob(), { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height);
}
