// The two buttons of a small map, in the words of its page: Leaflet by itself knows English alone.

export function addZoom(map, words) {
  L.control.zoom({ zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out }).addTo(map);
}
