// Where it is: the phone's position with its accuracy drawn true to metres, or a pin on the map.

import { addZoom } from "../small_map/zoom.js";

const GOOD_M = 20;
const FAIR_M = 100;
const SETTLE_MS = 30_000;
const CLOSE_ZOOM = 16;

const line = (color, weight, fill = {}) => ({ color, weight, fill: false, ...fill });
const DRAWN = {
  district: line("#3a4652", 2.5),
  townships: line("#66717d", 1.5),
  base_grids: line("#5d6a77", 1),
  roads: line("#c9b896", 1.5),
  water: line("#9cc3d8", 1, { fill: true, fillColor: "#cfe2ee", fillOpacity: 1 }),
  stations: { radius: 5, color: "#fff", weight: 1.5, fill: true, fillColor: "#123f6b", fillOpacity: 1 },
};
// What else a tile holds (names, places) is not drawn here; VectorGrid would give it Leaflet's blue.
const STYLES = new Proxy(DRAWN, { get: (drawn, name) => drawn[name] ?? [] });

export function grade(metres) {
  return metres <= GOOD_M ? "good" : metres <= FAIR_M ? "fair" : "poor";
}

export class Place {
  constructor(config, onChange) {
    this.config = config;
    this.onChange = onChange;
    this.fix = null;
    this.pin = null;
    this.trouble = null;
    this.watch = null;
    this.#draw();
  }

  get point() {
    if (this.pin) return { lon: this.pin.lon, lat: this.pin.lat };
    return this.fix && { lon: this.fix.lon, lat: this.fix.lat, accuracy_m: Math.max(1, Math.round(this.fix.accuracy_m)) };
  }

  locate() {
    this.stop();
    this.trouble = null;
    if (!navigator.geolocation) return this.#lost("unavailable");
    const options = { enableHighAccuracy: true, timeout: SETTLE_MS, maximumAge: 5000 };
    this.watch = navigator.geolocation.watchPosition(
      (position) => this.#found(position.coords),
      (error) => this.#lost(error.code === error.PERMISSION_DENIED ? "denied" : "unavailable"),
      options,
    );
    this.settle = setTimeout(() => this.stop(), SETTLE_MS);
    return this.onChange();
  }

  stop() {
    if (this.watch !== null) navigator.geolocation.clearWatch(this.watch);
    this.watch = null;
    clearTimeout(this.settle);
  }

  setPin(pin) {
    this.pin = pin && { lon: pin.lon, lat: pin.lat };
    this.#show(false);
    this.onChange();
  }

  #found(coords) {
    const first = !this.fix;
    this.fix = { lon: coords.longitude, lat: coords.latitude, accuracy_m: coords.accuracy };
    this.trouble = null;
    if (coords.accuracy <= GOOD_M) this.stop();
    this.#show(first);
    this.onChange();
  }

  #lost(trouble) {
    if (this.fix) return;
    this.stop();
    this.trouble = trouble;
    this.onChange();
  }

  #draw() {
    if (!window.L) {
      document.getElementById("map").hidden = true;
      return;
    }
    const [lon, lat] = this.config.centre;
    this.map = L.map("map", { center: [lat, lon], zoom: 11, minZoom: 8, maxZoom: 18, attributionControl: false, zoomControl: false, tapHold: false });
    addZoom(this.map, this.config.words);
    if (L.vectorGrid) {
      L.vectorGrid
        .protobuf(this.config.tiles, {
          tileSize: 1024,
          rendererFactory: L.canvas.tile,
          vectorTileLayerStyles: STYLES,
          interactive: false,
          fetchOptions: this.config.token ? { headers: { Authorization: `Bearer ${this.config.token}` } } : {},
        })
        .addTo(this.map);
    }
    this.map.on("click", (event) => this.setPin({ lon: event.latlng.wrap().lng, lat: event.latlng.lat }));
  }

  #show(jump) {
    if (!this.map) return;
    this.disc?.remove();
    this.dot?.remove();
    this.mark?.remove();
    if (this.fix) {
      const here = [this.fix.lat, this.fix.lon];
      this.disc = L.circle(here, { radius: this.fix.accuracy_m, color: "#093f78", weight: 2, fillOpacity: 0.14, interactive: false });
      this.dot = L.circleMarker(here, { radius: 6, color: "#fff", weight: 2, fillColor: "#093f78", fillOpacity: 1, interactive: false });
      this.disc.addTo(this.map);
      this.dot.addTo(this.map);
      if (jump && !this.pin) this.map.fitBounds(this.disc.getBounds(), { maxZoom: CLOSE_ZOOM, animate: false });
    }
    if (this.pin) {
      const icon = L.divIcon({ className: "pin", iconSize: [28, 40], iconAnchor: [14, 38] });
      this.mark = L.marker([this.pin.lat, this.pin.lon], { icon, interactive: false, keyboard: false }).addTo(this.map);
      if (jump || !this.map.getBounds().contains(this.mark.getLatLng())) {
        this.map.setView(this.mark.getLatLng(), CLOSE_ZOOM, { animate: false });
      }
    }
  }
}
