// Outlines of the datasets on the list, over the pictures.
import type { FeatureCollection, Polygon } from 'geojson';
import type { GeoJSONSource, Map, MapMouseEvent } from 'maplibre-gl';
import { sameKeys, type Dataset, type Keys } from '../core/model.ts';
import type { Palette } from './background.ts';

function outline(dataset: Dataset): Dataset['footprint'] {
  if (dataset.footprint || !dataset.bounds) return dataset.footprint;
  const [w, s, e, n] = dataset.bounds;
  const box: Polygon = { type: 'Polygon', coordinates: [[[w, s], [e, s], [e, n], [w, n], [w, s]]] };
  return box;
}

export class Footprints {
  private readonly map: Map;
  private listed: readonly Dataset[] = [];
  private shown: Dataset | null = null;
  private hovered: Keys | null = null;

  constructor(map: Map, palette: Palette) {
    this.map = map;
    for (const id of ['footprints', 'footprint-shown', 'footprint-hovered']) {
      map.addSource(id, { type: 'geojson', data: { type: 'FeatureCollection', features: [] } });
    }
    map.addLayer({ id: 'footprints-area', source: 'footprints', type: 'fill', paint: { 'fill-opacity': 0 } });
    map.addLayer({ id: 'footprints', source: 'footprints', type: 'line', paint: { 'line-width': 1, 'line-opacity': 0.35 } });
    map.addLayer({ id: 'footprint-shown', source: 'footprint-shown', type: 'line', paint: { 'line-width': 1.25, 'line-dasharray': [3, 2.5], 'line-opacity': 0.8 } });
    map.addLayer({ id: 'footprint-hovered-area', source: 'footprint-hovered', type: 'fill', paint: { 'fill-opacity': 0.14 } });
    map.addLayer({ id: 'footprint-hovered', source: 'footprint-hovered', type: 'line', paint: { 'line-width': 2 } });
    this.recolour(palette);
  }

  recolour(palette: Palette): void {
    for (const id of ['footprints', 'footprint-shown']) this.map.setPaintProperty(id, 'line-color', palette.outline);
    this.map.setPaintProperty('footprint-hovered', 'line-color', palette.accent);
    this.map.setPaintProperty('footprint-hovered-area', 'fill-color', palette.accent);
  }

  list(datasets: readonly Dataset[]): void {
    this.listed = datasets;
    this.put('footprints', datasets);
  }

  show(dataset: Dataset | null): void {
    this.shown = dataset;
    this.put('footprint-shown', dataset ? [dataset] : []);
  }

  hover(dataset: Dataset | null): void {
    if (sameKeys(dataset?.keys ?? null, this.hovered)) return;
    this.hovered = dataset?.keys ?? null;
    this.put('footprint-hovered', dataset ? [dataset] : []);
  }

  // The listed dataset under the pointer, where the picture shown is not.
  under(event: MapMouseEvent): Dataset | null {
    const box = this.shown?.bounds;
    const { lng, lat } = event.lngLat.wrap();
    if (box && lng >= box[0] && lng <= box[2] && lat >= box[1] && lat <= box[3]) return null;
    const found = this.map.queryRenderedFeatures(event.point, { layers: ['footprints-area'] })[0];
    return found ? (this.listed[Number(found.properties.position)] ?? null) : null;
  }

  private put(id: string, datasets: readonly Dataset[]): void {
    const data: FeatureCollection = { type: 'FeatureCollection', features: [] };
    const seen = new Set<string>(); // the bands of a scene have one outline between them
    datasets.forEach((dataset, position) => {
      const geometry = outline(dataset);
      const shape = JSON.stringify(geometry?.coordinates);
      if (geometry && !seen.has(shape) && seen.add(shape)) data.features.push({ type: 'Feature', properties: { position }, geometry });
    });
    this.map.getSource<GeoJSONSource>(id)?.setData(data);
  }
}
