// What is known of the dataset that is shown: the ground the panels stand on.
import { guessRoles, possibleIndices, possiblePresets, type Roles } from './core/bands.ts';
import { compile, type Formula } from './core/expression.ts';
import type { ClassEntry, Dataset, Keys, State } from './core/model.ts';
import type { Server } from './server/server.ts';

export interface Scene {
  keys: Keys;
  dataset: Dataset;
  bands: readonly string[]; // values of the last key beside this dataset, itself among them
  roles: Roles;
  classes: readonly ClassEntry[];
}

export async function loadScene(server: Server, keys: Keys): Promise<Scene> {
  const [dataset, found, classes] = await Promise.all([
    server.dataset(keys), server.siblings(keys).catch((): string[] => []), server.classes(keys).catch((): ClassEntry[] => []),
  ]);
  const own = keys.at(-1) ?? '';
  const bands = found.includes(own) ? found : [own, ...found];
  return { keys, dataset, bands, roles: guessRoles(bands, keys.slice(0, -1).join(' ')), classes };
}

export const withBand = (keys: Keys, band: string): Keys => [...keys.slice(0, -1), band];

// The three bands in force: those chosen if they are all here, else a natural choice.
export function rgbBands(state: State, scene: Scene): readonly string[] {
  const { bands } = state.rgb;
  if (bands.length === 3 && bands.every((band) => scene.bands.includes(band))) return bands;
  const preset = possiblePresets(scene.roles)[0];
  if (preset) return preset.bands;
  const [a = '', b = a, c = b] = scene.bands;
  return [a, b, c];
}

// The formula in force: what was typed, else the first index there are bands for.
export const formulaText = (state: State, scene: Scene): string =>
  state.formula.text || (possibleIndices(scene.roles)[0]?.formula ?? '');

// Throws FormulaError.
export const compileFor = (state: State, scene: Scene): Formula => compile(formulaText(state, scene), scene.bands, scene.roles);
