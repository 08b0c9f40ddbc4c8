"""What crosses the border: files in and out, carriers, jobs, and the made-up district."""
