// Everything the page asks a server for, remembered where it cannot change under it.
import { classColor, formulaLayer, keyPath, pictureUrl } from '../core/layer.ts';
import type { Formula } from '../core/expression.ts';
import { pageSize, type Box, type ClassEntry, type Dataset, type Histogram, type Keys, type KeyName, type PointValue, type Range, type SearchAnswer, type State } from '../core/model.ts';
import { histogramOf, nextRange, shapeOf } from '../core/statistics.ts';
import { NoRoute, type Api } from './api.ts';
import { PlainCatalogue, pixels, pointOfPicture, ramp, timeKey, toDataset, usualColormaps, type Metadata } from './plain.ts';

export type Ramps = Record<string, readonly string[]>;

interface FoundDataset {
  keys: Record<string, string>;
  bounds: Box | null;
  range: Range | null;
  valid_percentage: number | null;
  percentiles: Range | null;
  footprint: Dataset['footprint'];
}

const extras = ['search', 'histogram', 'point', 'classes', 'colormaps'];

export class Server {
  readonly api: Api;
  names: readonly KeyName[] = [];
  private plain!: PlainCatalogue;
  private readonly missing = new Set<string>(); // routes this server does not have
  private readonly kept = new Map<string, Promise<unknown>>();

  constructor(api: Api) {
    this.api = api;
  }

  async open(): Promise<void> {
    this.names = (await this.api.json<{ keys: KeyName[] }>('keys')).keys;
    this.plain = new PlainCatalogue(this.api, this.names);
  }

  // After the server was away nothing remembered can be trusted.
  forget(): void {
    this.kept.clear();
    this.missing.clear();
    this.plain?.forget();
  }

  // Our route if the server has it, else the plain way. A missing route is asked once.
  private async either<T>(route: string, ours: () => Promise<T>, plain: () => Promise<T>): Promise<T> {
    if (!this.missing.has(route)) {
      try {
        return await ours();
      } catch (error) {
        if (!(error instanceof NoRoute)) throw error;
        // Without a search it is a Terracotta, which has none of the others either.
        for (const one of route === 'search' ? extras : [route]) this.missing.add(one);
      }
    }
    return plain();
  }

  private remember<T>(id: string, make: () => Promise<T>): Promise<T> {
    let found = this.kept.get(id) as Promise<T> | undefined;
    if (!found) {
      found = make();
      this.kept.set(id, found);
      found.catch(() => this.kept.delete(id));
      if (this.kept.size > 500) this.kept.delete(this.kept.keys().next().value!);
    }
    return found;
  }

  search(state: Pick<State, 'text' | 'filters' | 'page' | 'sort'>, box: Box | null, signal?: AbortSignal): Promise<SearchAnswer> {
    return this.either('search', () => this.searchOurs(state, box, signal), () => this.plain.search(state, (keys) => this.metadata(keys)));
  }

  private async searchOurs(state: Pick<State, 'text' | 'filters' | 'page' | 'sort'>, box: Box | null, signal?: AbortSignal): Promise<SearchAnswer> {
    const query: Record<string, string | number> = { page: state.page, limit: pageSize, sort: state.sort };
    if (state.text.trim()) query.q = state.text.trim();
    if (box) query.bbox = box.map((edge) => edge.toFixed(6)).join(',');
    for (const [key, values] of Object.entries(state.filters)) {
      if (values.length) query[key] = values.length > 1 ? `[${values.join(',')}]` : values[0]!;
    }
    const found = await this.api.optional<{ total: number; datasets: FoundDataset[]; facets: SearchAnswer['facets'] }>('search', query, signal);
    const datasets = found.datasets.map((row): Dataset => ({
      keys: this.names.map(({ key }) => row.keys[key] ?? ''),
      bounds: row.bounds ?? null,
      range: row.range ?? null,
      percentiles: row.percentiles ?? null,
      validPercentage: row.valid_percentage ?? null,
      footprint: row.footprint ?? null,
    }));
    for (const one of datasets) if (one.range && one.percentiles) this.kept.set(`dataset/${one.keys.join('/')}`, Promise.resolve(one));
    return { total: found.total, datasets, facets: found.facets ?? {} };
  }

  // The newest dataset by the key that holds a time, else the first; null: there is none.
  // found: the first page of the whole catalogue, if it is there already.
  async newest(found: SearchAnswer | null): Promise<Keys | null> {
    const all = { text: '', filters: {}, page: 0, sort: 'newest' as const };
    const { datasets, facets } = found ?? await this.search(all, null);
    const time = timeKey(this.names, datasets[0]?.keys);
    const last = time < 0 ? undefined : (facets[this.names[time]!.key] ?? []).map(({ value }) => value).sort().at(-1);
    const here = datasets.find(({ keys }) => last === undefined || keys[time] === last);
    if (here || !datasets.length || last === undefined) return (here ?? datasets[0])?.keys ?? null;
    const latest = await this.search({ ...all, filters: { [this.names[time]!.key]: [last] } }, null);
    return (latest.datasets[0] ?? datasets[0])?.keys ?? null;
  }

  metadata = (keys: Keys): Promise<Metadata> =>
    this.remember(`metadata/${keys.join('/')}`, () => this.api.json<Metadata>(`metadata/${keyPath(keys)}`));

  dataset(keys: Keys): Promise<Dataset> {
    return this.remember(`dataset/${keys.join('/')}`, async () => toDataset(keys, await this.metadata(keys)));
  }

  // Values of the last key of the datasets that share all other keys.
  siblings(keys: Keys): Promise<string[]> {
    const shared = Object.fromEntries(this.names.slice(0, -1).map(({ key }, k) => [key, keys[k] ?? '']));
    const last = this.names.at(-1)?.key ?? '';
    return this.remember(`siblings/${keys.slice(0, -1).join('/')}`, async () => {
      const { datasets } = await this.api.json<{ datasets: Record<string, string>[] }>('datasets', { ...shared, limit: 1000 });
      return datasets.map((row) => row[last] ?? '').sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    });
  }

  histogram(keys: Keys, bins = 64): Promise<Histogram> {
    return this.remember(`histogram/${bins}/${keys.join('/')}`, () =>
      this.either('histogram', () => this.api.optional<Histogram>(`histogram/${keyPath(keys)}`, { bins }), async () => {
        const { percentiles, range } = await this.metadata(keys);
        return histogramOf(percentiles, range, bins);
      }));
  }

  classes(keys: Keys): Promise<ClassEntry[]> {
    type Entry = { value: number; label: string; color: string | null; share?: number | null };
    const tidy = (list: Entry[]) => list.map((entry, k): ClassEntry => ({
      value: entry.value, label: entry.label || String(entry.value), color: classColor(entry.color, k), share: entry.share ?? null,
    }));
    return this.remember(`classes/${keys.join('/')}`, () =>
      this.either('classes', async () => tidy((await this.api.optional<{ classes: Entry[] }>(`classes/${keyPath(keys)}`)).classes), async () =>
        tidy(classesOf((await this.metadata(keys)).metadata))));
  }

  point(keys: Keys, lon: number, lat: number, zoom: number, signal?: AbortSignal): Promise<PointValue> {
    return this.either<PointValue>('point', async () => {
      const found = await this.api.optional<Omit<PointValue, 'approximate'>>(`point/${keyPath(keys)}`, { lon: lon.toFixed(7), lat: lat.toFixed(7) }, signal);
      return { ...found, label: found.label ?? '', approximate: false };
    }, async () => {
      const { range } = await this.metadata(keys);
      return { value: await pointOfPicture(this.api, keys, range, lon, lat, zoom), native: null, label: '', approximate: true };
    });
  }

  ramps(): Promise<Ramps> {
    return this.remember('ramps', () =>
      this.either('colormaps', async () => (await this.api.optional<{ colormaps: Ramps }>('colormaps')).colormaps, async () => {
        const found = await Promise.all(usualColormaps.map(async (name) => [name, await ramp(this.api, name).catch(() => null)] as const));
        const there = found.filter((one): one is readonly [string, string[]] => one[1] !== null);
        return Object.fromEntries(there.flatMap(([name, colors]) => [[name, colors], [`${name}_r`, [...colors].reverse()]]));
      }));
  }

  // What a formula gives over the dataset, seen through small grey pictures: first over a
  // guess, then over where the values turn out to lie. Throws ApiError: it is refused.
  formulaHistogram(keys: Keys, formula: Formula, box: Box | null): Promise<Histogram> {
    const id = JSON.stringify([keys.slice(0, -1), formula.expression, formula.operands]);
    return this.remember(`formula/${id}`, async () => {
      let range: Range = [-1.5, 1.5];
      let steps: number[] = [];
      for (let turn = 0; turn < 7; turn++) {
        const layer = formulaLayer(keys, formula, range, '');
        const url = pictureUrl(this.api.root, layer, 'preview.png', shapeOf(box, 160));
        steps = levels(await pixels(await this.api.fetch(url)));
        const next = nextRange(steps, range);
        if (!next) break;
        range = next;
      }
      const counts = Array.from({ length: 64 }, (_, k) => steps.slice(1 + k * 4, 5 + k * 4).reduce((sum, n) => sum + n, 0));
      const valid = steps.slice(1).reduce((sum, n) => sum + n, 0);
      return { low: range[0], high: range[1], counts, valid, total: valid + (steps[0] ?? 0) };
    });
  }
}

// Pixels by grey level; transparent ones are level 0.
function levels({ data }: ImageData): number[] {
  const out = new Array<number>(256).fill(0);
  for (let k = 0; k < data.length; k += 4) out[data[k + 3] ? data[k]! : 0]!++;
  return out;
}

// User metadata as {"classes": {"1": "Water"}} or [{"value", "label", "color"}].
function classesOf(metadata: unknown): { value: number; label: string; color: string | null }[] {
  const classes = metadata && typeof metadata === 'object' && 'classes' in metadata ? metadata.classes : null;
  if (Array.isArray(classes)) {
    return classes.filter((one) => Number.isFinite(Number(one?.value)))
      .map((one) => ({ value: Number(one.value), label: String(one.label ?? ''), color: one.color ?? null }));
  }
  return Object.entries(classes ?? {}).filter(([value]) => Number.isFinite(Number(value)))
    .map(([value, label]) => ({ value: Number(value), label: String(label), color: null }));
}
