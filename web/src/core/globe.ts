// Rings on the globe made fit for a flat map.
import type { Position } from 'geojson';

// The same line without jumps from 180 to -180: longitudes may go beyond either.
export function unwrapped(line: readonly Position[]): Position[] {
  let turn = 0;
  return line.map((point, k) => {
    const before = line[k - 1];
    if (before) turn -= 360 * Math.round((point[0]! - before[0]!) / 360);
    return [point[0]! + turn, point[1]!];
  });
}

// A ring that goes round a pole is closed along the edge of the map on that side.
export function flatRing(ring: readonly Position[]): Position[] {
  const flat = unwrapped(ring);
  const [first, last] = [flat[0]!, flat.at(-1)!];
  if (Math.abs(last[0]! - first[0]!) < 180) return flat;
  const pole = flat.reduce((sum, point) => sum + point[1]!, 0) > 0 ? 90 : -90;
  return [...flat, [last[0]!, pole], [first[0]!, pole], first];
}
