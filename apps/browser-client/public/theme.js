// The theme this browser was told to use; see src/preferences.ts, which keeps it.
try {
  const { theme } = JSON.parse(localStorage.getItem("roomkit.settings") ?? "{}");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Nothing kept, or not allowed to look.
}
