"""What is shown: pages, maps and the API; the only Flask, and one file of Folium."""
