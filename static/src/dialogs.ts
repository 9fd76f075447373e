/** Opens a `<dialog>` as modal and gives focus back to where it was when it closes. */
export function openDialog(dialog: HTMLDialogElement): void {
  if (dialog.open) return;
  const before = document.activeElement;
  dialog.addEventListener(
    "close",
    () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    },
    { once: true },
  );
  dialog.showModal();
}

export function dialogById(id: string): HTMLDialogElement | null {
  const found = document.getElementById(id);
  return found instanceof HTMLDialogElement ? found : null;
}
