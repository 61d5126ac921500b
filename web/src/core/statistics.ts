// Histograms: what can be read off them, and made where a server gives none.
import type { Box, Histogram, Range } from './model.ts';

// The value below which a share of the pixels lies, linear within a bin.
export function quantile(histogram: Histogram, share: number): number {
  const { low, high, counts } = histogram;
  const total = counts.reduce((sum, one) => sum + one, 0);
  const width = (high - low) / Math.max(1, counts.length);
  let before = 0;
  for (let k = 0; k < counts.length; k++) {
    const here = counts[k]!;
    if (here > 0 && before + here >= share * total) return low + (k + Math.max(0, share * total - before) / here) * width;
    before += here;
  }
  return high;
}

export const middle = (histogram: Histogram): Range => [quantile(histogram, 0.02), quantile(histogram, 0.98)];

// From the 1st ... 99th percentile and the range: each gap holds a hundredth of the pixels.
export function histogramOf(percentiles: readonly number[], [low, high]: Range, bins: number): Histogram {
  const edges = [low, ...percentiles, high];
  const counts = new Array<number>(bins).fill(0);
  const width = (high - low) / bins || 1;
  for (let k = 0; k + 1 < edges.length; k++) {
    const [from, to] = [edges[k]!, edges[k + 1]!];
    const first = Math.min(bins - 1, Math.max(0, Math.floor((from - low) / width)));
    const last = Math.min(bins - 1, Math.max(first, Math.floor((to - low) / width)));
    for (let bin = first; bin <= last; bin++) counts[bin]! += 100 / (last - first + 1);
  }
  return { low, high, counts, valid: 0, total: 0 };
}

const northing = (lat: number) => Math.asinh(Math.tan((Math.max(-85.05, Math.min(85.05, lat)) * Math.PI) / 180));

// Rows and columns of a picture of `most` at its longer side, shaped like the box on the map.
export function shapeOf(box: Box | null, most: number): [number, number] {
  if (!box) return [most, most];
  const across = Math.max(1e-9, ((box[2] - box[0]) * Math.PI) / 180);
  const down = Math.max(1e-9, northing(box[3]) - northing(box[1]));
  const scale = most / Math.max(across, down);
  return [Math.max(1, Math.round(down * scale)), Math.max(1, Math.round(across * scale))];
}

// Narrow a search of the range of unknown values: `steps` counts pixels by grey level
// (1 ... 255) of a picture stretched over `range`. Gives where to look next, or null if
// the range shows the values well.
export function nextRange(steps: readonly number[], [low, high]: Range): Range | null {
  const total = steps.reduce((sum, one, level) => sum + (level ? one : 0), 0);
  if (!total) return null;
  const clipped = ((steps[1] ?? 0) + (steps[255] ?? 0)) / total;
  const middle = (low + high) / 2;
  const half = (high - low) / 2;
  if (clipped > 0.02 && half < 1e12) return [middle - half * 60, middle + half * 60];
  // Half a percent at either end may lie outside: single odd pixels do not set the range.
  const spare = Math.floor(total * 0.005);
  let [first, last] = [1, 255];
  for (let seen = steps[1] ?? 0; first < 255 && seen <= spare; ) seen += steps[++first] ?? 0;
  for (let seen = steps[255] ?? 0; last > first && seen <= spare; ) seen += steps[--last] ?? 0;
  if (last - first >= 100) return null;
  const step = (high - low) / 254;
  return [low + (first - 2) * step, low + last * step];
}
