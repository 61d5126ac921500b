// From the state to the picture on the map.
import { bandLayer, classesLayer, formulaLayer, rgbLayer, usableStretch, type Layer } from './core/layer.ts';
import type { Box, Histogram, Range, State } from './core/model.ts';
import { middle } from './core/statistics.ts';
import { compileFor, rgbBands, withBand, type Scene } from './scene.ts';
import type { Server } from './server/server.ts';

export interface Drawing {
  layer: Layer;
  box: Box | null;
  crisp: boolean; // pixels are kinds, not amounts: no blending between them
}

export const autoStretch = (percentiles: Range | null, range: Range | null): Range => usableStretch(percentiles ?? range ?? [0, 1]);

// Throws FormulaError or ApiError with what is wrong, for the panel.
export async function drawingOf(state: State, scene: Scene, server: Server): Promise<Drawing> {
  const { keys, dataset } = scene;
  const box = dataset.bounds;
  if (state.tab === 'rgb') {
    const bands = rgbBands(state, scene);
    const stretches = await rgbStretches(state, scene, server);
    return { layer: rgbLayer(keys, { ...state.rgb, bands, stretches }), box, crisp: false };
  }
  if (state.tab === 'formula') {
    const formula = compileFor(state, scene);
    const histogram = await server.formulaHistogram(keys, formula, box);
    return { layer: formulaLayer(keys, formula, formulaStretch(state, histogram), state.formula.colormap), box, crisp: false };
  }
  if (state.tab === 'classes' && scene.classes.length) {
    return { layer: classesLayer(keys, scene.classes, state.hidden), box, crisp: true };
  }
  const stretch = state.band.stretch ?? autoStretch(dataset.percentiles, dataset.range);
  return { layer: bandLayer(keys, { ...state.band, stretch }), box, crisp: false };
}

export async function rgbStretches(state: State, scene: Scene, server: Server): Promise<Range[]> {
  return Promise.all(rgbBands(state, scene).map(async (band, k) => {
    const chosen = state.rgb.stretches[k];
    if (chosen) return chosen;
    const { percentiles, range } = await server.dataset(withBand(scene.keys, band));
    return autoStretch(percentiles, range);
  }));
}

export const formulaStretch = (state: State, histogram: Histogram): Range => usableStretch(state.formula.stretch ?? middle(histogram));
