import 'maplibre-gl-worker';
