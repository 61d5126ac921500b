// Which band is which: the roles of bands guessed from their names and from the sensor, and
// what can be made of the bands there are.

export const roles = ['blue', 'green', 'red', 'nir', 'swir1', 'swir2'] as const;
export type Role = (typeof roles)[number];
export type Roles = Partial<Record<Role, string>>; // role -> value of the last key

const words: [RegExp, Role][] = [
  [/^(blue|blu|bleu)$/, 'blue'],
  [/^(green|grn)$/, 'green'],
  [/^red$/, 'red'],
  [/^(nir|nir08|near_?infrared|nir_?1)$/, 'nir'],
  [/^(swir|swir_?1|swir16|mir)$/, 'swir1'],
  [/^(swir_?2|swir22)$/, 'swir2'],
];

// Numbers of blue, green, red, near infrared and the two short-wave infrared bands.
const numbering = {
  sentinel2: [2, 3, 4, 8, 11, 12],
  landsat8: [2, 3, 4, 5, 6, 7],
  landsat5: [1, 2, 3, 4, 5, 7],
};

function bandNumber(name: string): { number: number; padded: boolean; tens: boolean } | null {
  const found = /^(?:b|band|b_|band_|sr_b)?_?(\d{1,2})$/i.exec(name);
  if (!found) return null;
  const digits = found[1]!;
  return { number: Number(digits), padded: digits.length === 2 && digits[0] === '0', tens: /^[1-7]0$/.test(digits) };
}

function scheme(bands: readonly string[], context: string): keyof typeof numbering {
  const text = context.replace(/_/g, ' ');
  if (/sentinel-? ?2|\bs2[ab]?\b|\bmsi\b/i.test(text)) return 'sentinel2';
  if (/\b(l|lc|landsat-? ?|oli)0?[89](?!\d)|\boli\b/i.test(text)) return 'landsat8';
  if (/\b(l|lt|le|ls|landsat-? ?)0?[457](?!\d)|\be?tm\b/i.test(text)) return 'landsat5';
  const found = bands.map(bandNumber).filter((one) => one !== null);
  if (found.some((one) => one.padded) || bands.some((name) => /8a$/i.test(name))) return 'sentinel2';
  return found.some((one) => one.number === 6 || one.number >= 9) ? 'landsat8' : 'landsat5';
}

// bands: values of the last key. context: the other key values, which may name a sensor.
export function guessRoles(bands: readonly string[], context = ''): Roles {
  const out: Roles = {};
  for (const band of bands) {
    for (const [pattern, role] of words) if (pattern.test(band.toLowerCase())) out[role] ??= band;
  }
  if (Object.keys(out).length) return out;
  const numbered = bands.map((band) => ({ band, at: bandNumber(band) }));
  const tens = numbered.filter(({ at }) => at?.tens).length >= 3;
  const numbers = tens ? numbering.landsat5.map((n) => n * 10) : numbering[scheme(bands, context)];
  numbered.sort((a, b) => (a.at?.number ?? 0) - (b.at?.number ?? 0));
  roles.forEach((role, k) => {
    const hit = numbered.find(({ at }) => at?.number === numbers[k]);
    if (hit) out[role] = hit.band;
  });
  // Two numbered bands say nothing about colours.
  return Object.keys(out).length >= 3 ? out : {};
}

export interface Index {
  name: string;
  title: string;
  needs: Role[];
  formula: string; // over the names of the roles
  colormap: string;
}

const normalized = (a: Role, b: Role) => `(${a} - ${b}) / (${a} + ${b})`;
export const indices: Index[] = [
  { name: 'NDVI', title: 'Vegetation', needs: ['nir', 'red'], formula: normalized('nir', 'red'), colormap: 'rdylgn' },
  { name: 'EVI', title: 'Enhanced vegetation', needs: ['nir', 'red', 'blue'], formula: '2.5 * (nir - red) / (nir + 6 * red - 7.5 * blue + 10000)', colormap: 'rdylgn' },
  { name: 'NDWI', title: 'Open water', needs: ['green', 'nir'], formula: normalized('green', 'nir'), colormap: 'rdbu' },
  { name: 'MNDWI', title: 'Open water, short-wave', needs: ['green', 'swir1'], formula: normalized('green', 'swir1'), colormap: 'rdbu' },
  { name: 'NDMI', title: 'Moisture', needs: ['nir', 'swir1'], formula: normalized('nir', 'swir1'), colormap: 'rdbu' },
  { name: 'NBR', title: 'Burnt area', needs: ['nir', 'swir2'], formula: normalized('nir', 'swir2'), colormap: 'rdylgn' },
  { name: 'NDBI', title: 'Built-up', needs: ['swir1', 'nir'], formula: normalized('swir1', 'nir'), colormap: 'magma' },
  { name: 'NDSI', title: 'Snow', needs: ['green', 'swir1'], formula: normalized('green', 'swir1'), colormap: 'blues_r' },
];

export const possibleIndices = (has: Roles): Index[] => indices.filter(({ needs }) => needs.every((role) => has[role]));

export const presets: { name: string; slots: [Role, Role, Role] }[] = [
  { name: 'Natural', slots: ['red', 'green', 'blue'] },
  { name: 'Infrared', slots: ['nir', 'red', 'green'] },
  { name: 'Short-wave', slots: ['swir2', 'nir', 'red'] },
  { name: 'Agriculture', slots: ['swir1', 'nir', 'blue'] },
  { name: 'Geology', slots: ['swir2', 'swir1', 'blue'] },
];

export interface Preset {
  name: string;
  bands: string[];
}
export const possiblePresets = (has: Roles): Preset[] =>
  presets.filter(({ slots }) => slots.every((role) => has[role])).map(({ name, slots }) => ({ name, bands: slots.map((role) => has[role]!) }));
