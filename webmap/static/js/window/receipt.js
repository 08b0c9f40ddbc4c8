// The receipt: printed with one key, on the paper that the window's printer has.

const KEPT = "window-paper";

export function begin() {
  const paper = document.getElementById("paper");
  if (paper) {
    const kept = localStorage.getItem(KEPT);
    if (kept && [...paper.options].some((one) => one.value === kept)) paper.value = kept;
    const set = () => {
      document.body.className = `receipt ${paper.value}`;
      localStorage.setItem(KEPT, paper.value);
    };
    paper.addEventListener("change", set);
    set();
  }
  const button = document.getElementById("print");
  button?.addEventListener("click", () => print());
  button?.focus();
}

if (document.body.classList.contains("receipt")) begin();
