const SHOWN_MS = 6000;

/** Says that something was done out of view; bottom left, 6 s, held while hovered or focused. Errors never come here. */
export function toast(text: string, action?: { label: string; run: () => void }): void {
  const region = document.getElementById("toasts");
  if (!region) return;
  const box = document.createElement("div");
  box.className = "toast";
  const words = document.createElement("span");
  words.textContent = text;
  box.append(words);
  if (action) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = action.label;
    button.addEventListener("click", () => {
      box.remove();
      action.run();
    });
    box.append(button);
  }
  let timer = 0;
  const arm = (): void => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      if (box.matches(":hover, :focus-within")) arm();
      else box.remove();
    }, SHOWN_MS);
  };
  arm();
  region.append(box);
}
