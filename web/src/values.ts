// The values behind the picture at one place.
import type { App } from './app.ts';
import { possibleIndices } from './core/bands.ts';
import type { PointValue, State } from './core/model.ts';
import { figure } from './core/numbers.ts';
import { compileFor, rgbBands, withBand, type Scene } from './scene.ts';

export interface Reading {
  name: string;
  text: string;
  result: boolean; // what the picture shows, where that is not a band itself
}

export interface Readings {
  rows: Reading[];
  native: PointValue['native'];
}

const noData = 'no data';
const shown = ({ value, approximate }: PointValue) => (value === null ? noData : `${approximate ? '≈ ' : ''}${figure(value, 5)}`);

// Throws what the server throws; FormulaError where the formula cannot be read.
export async function readingsAt(app: App, state: State, scene: Scene, lon: number, lat: number, signal?: AbortSignal): Promise<Readings> {
  const { keys } = scene;
  const point = (band: string) => app.server.point(withBand(keys, band), lon, lat, app.map.view.zoom, signal);
  if (state.tab === 'rgb') {
    const bands = [...new Set(rgbBands(state, scene))];
    const points = await Promise.all(bands.map(point));
    return { rows: points.map((one, k) => ({ name: bands[k]!, text: shown(one), result: false })), native: points[0]?.native ?? null };
  }
  if (state.tab === 'formula') {
    const formula = compileFor(state, scene);
    const points = await Promise.all(formula.names.map(({ band }) => point(band)));
    const values = new Map(points.map((one, k) => [formula.names[k]!.band, one.value ?? NaN]));
    const result = formula.value(values);
    const written = state.formula.text || possibleIndices(scene.roles)[0]?.formula;
    const name = possibleIndices(scene.roles).find((index) => index.formula === written)?.name ?? 'Result';
    const rows = points.map((one, k) => ({ name: formula.names[k]!.name, text: shown(one), result: false }));
    const doubtful = points.some(({ approximate }) => approximate) ? '≈ ' : '';
    return { rows: [{ name, text: Number.isFinite(result) ? doubtful + figure(result, 4) : noData, result: true }, ...rows], native: points[0]?.native ?? null };
  }
  const found = await point(keys.at(-1) ?? '');
  const label = found.label || (found.value === null ? '' : scene.classes.find(({ value }) => value === found.value)?.label) || '';
  const rows: Reading[] = [{ name: keys.at(-1) ?? '', text: shown(found), result: false }];
  if (label) rows.unshift({ name: 'Class', text: label, result: true });
  return { rows, native: found.native };
}
