// What the page knows and what it can be asked to show.
import type { MultiPolygon, Polygon } from 'geojson';

export type Keys = readonly string[]; // values, in the order of the catalogue's key names
export type Box = readonly [west: number, south: number, east: number, north: number];
export type Range = readonly [low: number, high: number];

export interface KeyName {
  key: string;
  description?: string;
}

export interface Dataset {
  keys: Keys;
  bounds: Box | null;
  range: Range | null;
  percentiles: Range | null; // the 2nd and the 98th
  validPercentage: number | null;
  footprint: Polygon | MultiPolygon | null;
}

export interface Count {
  value: string;
  count: number;
}

export interface SearchAnswer {
  total: number;
  datasets: Dataset[];
  facets: Record<string, Count[]>;
}

export interface Histogram {
  low: number;
  high: number;
  counts: number[];
  valid: number;
  total: number;
}

export interface PointValue {
  value: number | null;
  native: { x: number; y: number; crs: string } | null;
  label: string;
  approximate: boolean; // read off a picture of 254 steps
}

export interface ClassEntry {
  value: number;
  label: string;
  color: string; // #rrggbb
  share: number | null; // 0..1 of the valid pixels
}

export const tabs = ['band', 'rgb', 'formula', 'classes'] as const;
export type Tab = (typeof tabs)[number];

export const sorts = ['newest', 'keys'] as const;
export type Sort = (typeof sorts)[number];

// The most rows a page of results has.
export const pageSize = 20;

export interface View {
  lon: number;
  lat: number;
  zoom: number;
}

// A stretch of null means: from the 2nd to the 98th percentile.
export interface State {
  view: View | null; // null: fitted to the dataset
  text: string;
  filters: Record<string, string[]>;
  page: number; // from 0
  sort: Sort;
  inView: boolean;
  shown: Keys | null; // null: the newest
  tab: Tab;
  band: { stretch: Range | null; colormap: string; gamma: number; contrast: number };
  rgb: { bands: readonly string[]; stretches: readonly (Range | null)[]; gamma: number; saturation: number };
  formula: { text: string; stretch: Range | null; colormap: string };
  hidden: readonly number[]; // values of the classes that are not drawn
  opacity: number; // 0..1
}

export function initialState(): State {
  return {
    view: null,
    text: '',
    filters: {},
    page: 0,
    sort: 'newest',
    inView: false,
    shown: null,
    tab: 'band',
    band: { stretch: null, colormap: 'viridis', gamma: 1, contrast: 0 },
    rgb: { bands: [], stretches: [null, null, null], gamma: 1, saturation: 1 },
    formula: { text: '', stretch: null, colormap: 'rdylgn' },
    hidden: [],
    opacity: 1,
  };
}

export const sameKeys = (a: Keys | null, b: Keys | null): boolean =>
  a === b || (!!a && !!b && a.length === b.length && a.every((value, k) => value === b[k]));
