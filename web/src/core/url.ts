// The state of the page as the fragment of its address, and back. Only what differs from
// the initial state is written; what cannot be read is left at its initial value.
import { initialState, sorts, tabs, type Range, type State, type View } from './model.ts';

const short = (value: number, digits: number) => String(Number(value.toFixed(digits)));
const exact = (value: number) => String(Number(value.toPrecision(9)));
const oneOf = <T extends string>(names: readonly T[], text: string | null, other: T): T =>
  names.find((name) => name === text) ?? other;

const writeRange = (range: Range) => range.map(exact).join(',');
function readRange(text: string | null): Range | null {
  const parts = (text ?? '').split(',');
  if (parts.length !== 2 || parts.some((part) => part.trim() === '')) return null;
  const [low, high] = parts.map(Number) as [number, number];
  return Number.isFinite(low) && Number.isFinite(high) ? [low, high] : null;
}

const writeView = ({ lat, lon, zoom }: View) => `${short(lat, 5)},${short(lon, 5)},${short(zoom, 2)}`;
function readView(text: string | null): View | null {
  const parts = (text ?? '').split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  const [lat, lon, zoom] = parts as [number, number, number];
  const inside = Math.abs(lat) <= 90 && Math.abs(lon) <= 360 && zoom >= 0 && zoom <= 24;
  return parts.length === 3 && inside ? { lat, lon, zoom } : null;
}

function readNumber(text: string | null, low: number, high: number, other: number): number {
  const value = text === null || text.trim() === '' ? NaN : Number(text);
  return Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : other;
}

// Key values are any text without a slash: joined by slashes they stay readable.
const writeKeys = (keys: readonly string[]) => keys.map(encodeURIComponent).join('/');
function readKeys(text: string): string[] {
  try {
    return text.split('/').map(decodeURIComponent);
  } catch {
    return [];
  }
}

export function encodeState(state: State): string {
  const start = initialState();
  const parts: string[] = [];
  const put = (name: string, value: string) =>
    parts.push(`${name}=${encodeURIComponent(value).replace(/%2C/g, ',').replace(/%2F/g, '/').replace(/%20/g, '+')}`);
  if (state.shown) parts.push(`show=${writeKeys(state.shown)}`);
  if (state.view) put('view', writeView(state.view));
  if (state.tab !== start.tab) put('tab', state.tab);
  const { band, rgb, formula } = state;
  if (band.stretch) put('range', writeRange(band.stretch));
  if (band.colormap !== start.band.colormap) put('colormap', band.colormap);
  if (band.gamma !== 1) put('gamma', short(band.gamma, 2));
  if (band.contrast !== 0) put('contrast', short(band.contrast, 2));
  if (rgb.bands.length === 3) parts.push(`rgb=${writeKeys(rgb.bands)}`);
  'rgb'.split('').forEach((slot, k) => {
    const stretch = rgb.stretches[k];
    if (stretch) put(`${slot}_range`, writeRange(stretch));
  });
  if (rgb.gamma !== 1) put('rgb_gamma', short(rgb.gamma, 2));
  if (rgb.saturation !== 1) put('saturation', short(rgb.saturation, 2));
  if (formula.text) put('formula', formula.text);
  if (formula.stretch) put('formula_range', writeRange(formula.stretch));
  if (formula.colormap !== start.formula.colormap) put('formula_colormap', formula.colormap);
  if (state.hidden.length) put('hide', state.hidden.map(exact).join(','));
  if (state.opacity !== 1) put('opacity', short(state.opacity, 2));
  if (state.text) put('q', state.text);
  for (const [key, values] of Object.entries(state.filters)) {
    if (values.length) parts.push(`key.${encodeURIComponent(key)}=${writeKeys(values)}`);
  }
  if (state.sort !== start.sort) put('sort', state.sort);
  if (state.inView) put('in_view', '1');
  if (state.page) put('page', String(state.page + 1));
  return parts.join('&');
}

// Pairs of the fragment, the values still percent-encoded where they hold keys.
function pairs(fragment: string): Map<string, string> {
  const out = new Map<string, string>();
  for (const part of fragment.replace(/^#/, '').split('&')) {
    const at = part.indexOf('=');
    if (at > 0) out.set(part.slice(0, at), part.slice(at + 1));
  }
  return out;
}

export function decodeState(fragment: string): State {
  const state = initialState();
  const raw = pairs(fragment);
  const get = (name: string): string | null => {
    const text = raw.get(name);
    return text === undefined ? null : (readKeys(text.replace(/\+/g, '%20').replace(/\//g, '%2F'))[0] ?? null);
  };
  const keys = (name: string) => readKeys(raw.get(name) ?? '').filter((value) => value !== '');

  const shown = keys('show');
  state.shown = shown.length ? shown : null;
  state.view = readView(get('view'));
  state.tab = oneOf(tabs, get('tab'), state.tab);
  state.band = {
    stretch: readRange(get('range')),
    colormap: get('colormap') ?? state.band.colormap,
    gamma: readNumber(get('gamma'), 0.2, 5, 1),
    contrast: readNumber(get('contrast'), -20, 20, 0),
  };
  const slots = keys('rgb');
  state.rgb = {
    bands: slots.length === 3 ? slots : [],
    stretches: ['r_range', 'g_range', 'b_range'].map((name) => readRange(get(name))),
    gamma: readNumber(get('rgb_gamma'), 0.2, 5, 1),
    saturation: readNumber(get('saturation'), 0, 3, 1),
  };
  state.formula = {
    text: get('formula') ?? '',
    stretch: readRange(get('formula_range')),
    colormap: get('formula_colormap') ?? state.formula.colormap,
  };
  state.hidden = (get('hide') ?? '').split(',').filter((part) => part.trim() !== '').map(Number).filter(Number.isFinite);
  state.opacity = readNumber(get('opacity'), 0, 1, 1);
  state.text = get('q') ?? '';
  for (const name of raw.keys()) {
    if (!name.startsWith('key.')) continue;
    const key = readKeys(name.slice(4))[0];
    const values = keys(name);
    if (key && values.length) state.filters[key] = values;
  }
  state.sort = oneOf(sorts, get('sort'), state.sort);
  state.inView = get('in_view') === '1';
  state.page = Math.round(readNumber(get('page'), 1, 1e9, 1)) - 1;
  return state;
}
