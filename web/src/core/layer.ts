// What is drawn, as the requests the server answers. Nothing here asks anything: everything
// needed is given.
import type { Formula } from './expression.ts';
import type { ClassEntry, Keys, Range, State } from './model.ts';

export type Parameters = Record<string, string>;

// A layer of pictures: `path` is complete but for the end, /{z}/{x}/{y}.png or /preview.png.
export interface Layer {
  path: string; // relative to the server
  parameters: Parameters;
}

const bound = (value: number) => Number(value.toPrecision(9));
const range = (stretch: Range | null) => JSON.stringify(stretch ? [bound(stretch[0]), bound(stretch[1])] : ['p2', 'p98']);
export const keyPath = (keys: Keys): string => keys.map(encodeURIComponent).join('/');
const without = (parameters: Record<string, string | null>): Parameters =>
  Object.fromEntries(Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== null && entry[1] !== ''));
const joined = (route: string, keys: Keys) => [route, keyPath(keys)].filter(Boolean).join('/');

function transform(gamma: number, contrast: number, saturation: number, bands: string): string | null {
  const parts: string[] = [];
  if (gamma !== 1) parts.push(`gamma ${bands} ${bound(gamma)}`);
  if (contrast !== 0) parts.push(`sigmoidal ${bands} ${bound(contrast)} 0.5`);
  if (saturation !== 1) parts.push(`saturation ${bound(saturation)}`);
  return parts.length ? parts.join(' ') : null;
}

export function bandLayer(keys: Keys, look: State['band']): Layer {
  return {
    path: joined('singleband', keys),
    parameters: without({
      colormap: look.colormap,
      stretch_range: range(look.stretch),
      color_transform: transform(look.gamma, look.contrast, 1, '1'),
    }),
  };
}

// stretches: resolved already, null asks the server for its percentiles.
export function rgbLayer(keys: Keys, look: State['rgb']): Layer {
  const [r, g, b] = look.bands;
  const [red, green, blue] = look.stretches;
  return {
    path: joined('rgb', keys.slice(0, -1)),
    parameters: without({
      r: r ?? '', g: g ?? '', b: b ?? '',
      r_range: range(red ?? null), g_range: range(green ?? null), b_range: range(blue ?? null),
      color_transform: transform(look.gamma, 0, look.saturation, 'rgb'),
    }),
  };
}

export function formulaLayer(keys: Keys, formula: Formula, stretch: Range, colormap: string): Layer {
  return {
    path: joined('compute', keys.slice(0, -1)),
    parameters: without({
      expression: formula.expression, ...formula.operands,
      stretch_range: range(stretch), colormap,
    }),
  };
}

// At most 255 classes fit in a picture; the rest is left out.
export function classesLayer(keys: Keys, classes: readonly ClassEntry[], hidden: readonly number[]): Layer {
  const drawn = classes.filter(({ value }) => !hidden.includes(value)).slice(0, 255);
  // A map must not be empty: a value no class has stands for "nothing".
  const colors = drawn.length ? drawn.map(({ value, color }) => [String(value), color]) : [['-9999999', '#000000']];
  return {
    path: joined('singleband', keys),
    parameters: { colormap: 'explicit', explicit_color_map: JSON.stringify(Object.fromEntries(colors)) },
  };
}

// `end`: "{z}/{x}/{y}.png" or "preview.png". size: rows and columns.
export function pictureUrl(root: string, layer: Layer, end: string, size?: readonly [number, number]): string {
  const query = new URLSearchParams(layer.parameters);
  if (size) query.set('tile_size', JSON.stringify(size));
  return `${root}${layer.path}/${end}?${query.toString().replace(/%2C/g, ',')}`;
}

// A stretch can only be asked for if its upper bound is above the lower one.
export function usableStretch([low, high]: Range): Range {
  if (low < high) return [low, high];
  if (low > high) return [high, low];
  return [low, low + (Math.abs(low) * 1e-6 || 1)];
}

const qualitative = ['#4e79a7', '#f28e2b', '#59a14f', '#e15759', '#b07aa1', '#edc948', '#76b7b2', '#9c755f', '#ff9da7', '#7f8a94'];
// Colours for classes that have none.
export const classColor = (color: string | null, position: number): string =>
  color && /^#[0-9a-f]{6}/i.test(color) ? color.slice(0, 7) : qualitative[position % qualitative.length]!;
