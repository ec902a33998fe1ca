/** What keys do anywhere on the page, unless somebody is writing or using a control with them. */
export interface Shortcuts {
  mute(): void;
  interrupt(): void;
  end(): void;
  write(): void;
}

const editable = "input, textarea, select, [contenteditable]";
const pressable = "button, a, summary, [role=button]";

/** Listens for the shortcuts; returns what stops that. */
export function onShortcut(shortcuts: Shortcuts): () => void {
  const onKey = (event: KeyboardEvent): void => {
    const target = event.target instanceof Element ? event.target : document.body;
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]"))
      return;
    if (target.closest(editable)) {
      if (event.key === "Escape" && target instanceof HTMLElement) target.blur();
      return;
    }
    // Space and Enter belong to the control that has the focus.
    if (event.key === " " && target.closest(pressable)) return;
    const action = {
      " ": shortcuts.mute,
      m: shortcuts.mute,
      i: shortcuts.interrupt,
      Escape: shortcuts.end,
      "/": shortcuts.write,
    }[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  };
  addEventListener("keydown", onKey);
  return () => removeEventListener("keydown", onKey);
}
