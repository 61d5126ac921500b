// Land, borders and graticule from files beside the page: no tile service, no glyphs.
import type { Feature, Geometry, LineString, MultiLineString } from 'geojson';
import type { GeoJSONSource, Map } from 'maplibre-gl';
import { feature, mesh } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import coarseUrl from 'world-atlas/countries-110m.json?url';
import fineUrl from 'world-atlas/countries-50m.json?url';
import { flatRing, unwrapped } from '../core/globe.ts';

export interface Palette {
  sea: string;
  land: string;
  border: string;
  graticule: string;
  outline: string;
  accent: string;
}

export const palettes: Record<'light' | 'dark', Palette> = {
  light: { sea: '#dfe6e9', land: '#f1f0eb', border: '#c3c7c4', graticule: '#cfd7da', outline: '#3d5560', accent: '#1d6b45' },
  dark: { sea: '#14191c', land: '#20272a', border: '#3a4448', graticule: '#242c30', outline: '#b9c7cd', accent: '#4cc38a' },
};

function graticule(step: number): Feature<MultiLineString> {
  const lines: LineString['coordinates'][] = [];
  for (let lon = -180; lon <= 180; lon += step) lines.push([[lon, -85], [lon, 0], [lon, 85]]);
  for (let lat = -80; lat <= 80; lat += step) lines.push([[-180, lat], [-90, lat], [0, lat], [90, lat], [180, lat]]);
  return { type: 'Feature', properties: {}, geometry: { type: 'MultiLineString', coordinates: lines } };
}

export function addBackground(map: Map, palette: Palette): void {
  map.addLayer({ id: 'sea', type: 'background', paint: { 'background-color': palette.sea } });
  for (const id of ['land', 'borders']) map.addSource(id, { type: 'geojson', data: { type: 'FeatureCollection', features: [] }, tolerance: 0.2 });
  map.addLayer({ id: 'land', source: 'land', type: 'fill', paint: { 'fill-color': palette.land } });
  for (const [step, from, to] of [[30, 0, 3], [10, 3, 5.5], [1, 5.5, 24]] as const) {
    map.addSource(`graticule-${step}`, { type: 'geojson', data: graticule(step) });
    map.addLayer({
      id: `graticule-${step}`, source: `graticule-${step}`, type: 'line', minzoom: from, maxzoom: to,
      paint: { 'line-color': palette.graticule, 'line-width': 1 },
    });
  }
  map.addLayer({ id: 'borders', source: 'borders', type: 'line', paint: { 'line-color': palette.border, 'line-width': 1 } });

  let finest = 0;
  const refine = () => {
    const wanted = map.getZoom() >= 4 ? 2 : 1;
    if (wanted <= finest) return;
    finest = wanted;
    void load(map, wanted === 2 ? fineUrl : coarseUrl).catch(() => {
      finest = 0;
    });
  };
  refine();
  map.on('zoomend', refine);
}

async function load(map: Map, url: string): Promise<void> {
  const world = await (await fetch(url)).json() as Topology<{ countries: GeometryCollection; land: GeometryCollection }>;
  const land = feature(world, world.objects.land);
  const polygons = ('features' in land ? land.features : [land])
    .flatMap(({ geometry }) => (geometry.type === 'MultiPolygon' ? geometry.coordinates : geometry.type === 'Polygon' ? [geometry.coordinates] : []));
  put(map, 'land', { type: 'MultiPolygon', coordinates: polygons.map((rings) => rings.map(flatRing)) });
  const lines = mesh(world, world.objects.countries, (a, b) => a !== b);
  put(map, 'borders', { type: 'MultiLineString', coordinates: lines.coordinates.map(unwrapped) });
}

function put(map: Map, id: string, geometry: Geometry): void {
  void map.getSource<GeoJSONSource>(id)?.setData({ type: 'Feature', properties: {}, geometry });
}

export function recolour(map: Map, palette: Palette): void {
  map.setPaintProperty('sea', 'background-color', palette.sea);
  map.setPaintProperty('land', 'fill-color', palette.land);
  map.setPaintProperty('borders', 'line-color', palette.border);
  for (const step of [30, 10, 1]) map.setPaintProperty(`graticule-${step}`, 'line-color', palette.graticule);
}
