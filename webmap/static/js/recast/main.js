// The form of the readings: only the field that the reading needs is shown; while the server counts, the page says so.

const form = document.getElementById("ask");
const counting = document.getElementById("counting");
const button = form.querySelector("button");

function fit() {
  for (const field of form.querySelectorAll("[data-for]")) {
    field.hidden = field.dataset.for !== form.elements.reading.value;
    for (const input of field.querySelectorAll("input, select")) input.disabled = field.hidden;
  }
}

function rest() {
  button.disabled = false;
  counting.hidden = true;
}

form.addEventListener("change", fit);
form.addEventListener("submit", () => {
  button.disabled = true;
  setTimeout(() => (counting.hidden = !button.disabled), 300);
});
addEventListener("pageshow", rest); // also when the reader comes back by the browser's own way
fit();
