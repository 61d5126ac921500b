// What the panels share: the state, the server, the map and the dataset in front.
import type { Dataset, Keys, State } from './core/model.ts';
import type { Store } from './core/store.ts';
import type { MapView } from './map/view.ts';
import type { Scene } from './scene.ts';
import type { Ramps, Server } from './server/server.ts';

export interface App {
  store: Store;
  server: Server;
  map: MapView;
  scene: Scene | null; // null: nothing is shown yet
  ramps: Ramps;
  calm: Promise<void>; // the first picture is there: what is less urgent may begin
  show: (keys: Keys, how?: { fit?: boolean }) => void;
  hover: (dataset: Dataset | null) => void; // a row or a footprint
  fit: (animate: boolean) => void; // the map to the dataset
}

// A part of the page. `update` is called whenever state, scene or ramps changed.
export interface Panel {
  element: HTMLElement;
  update: (app: App, state: State) => void;
}

// Why the picture cannot be drawn, per tab; empty: it can.
export type Complaint = (message: string) => void;
