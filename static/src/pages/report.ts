// The report's pages: times that lead into the replay, and the signer's zone.
const zone = document.querySelector<HTMLInputElement>('input[name="zone"]');
if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;

// What was written before the page could hear it is saved as well.
addEventListener("load", () => {
  const words = document.querySelector<HTMLFormElement>("form#words");
  const isChanged = [...(words?.querySelectorAll("textarea") ?? [])].some((field) => field.value !== field.defaultValue);
  if (isChanged) words?.dispatchEvent(new Event("input", { bubbles: true }));
});

// A time is one press away from the replay: the same form that the button sends, with the second in it.
const watch = document.querySelector<HTMLFormElement>("form#watch");
if (watch) {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a.t") : null;
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const second = new URL(link.href).searchParams.get("t");
    const field = watch.elements.namedItem("t");
    if (second === null || !(field instanceof HTMLInputElement)) return;
    event.preventDefault();
    field.value = second;
    watch.requestSubmit();
  });
}

// A printed page is handed on: its links carry no token. The browser's own header line would show the address, so that is
// another one while it prints, the style sheet leaves no margin for the line, and the keys for printing open the PDF.
const token = location.pathname.match(/^\/r\/([^/]+)/)?.[1];
if (token) {
  const links: [HTMLAnchorElement, string][] = [];
  const here = location.pathname + location.search + location.hash;
  addEventListener("beforeprint", () => {
    history.replaceState(history.state, "", "/r/report");
    for (const link of document.querySelectorAll<HTMLAnchorElement>("a[href]")) {
      const address = link.getAttribute("href") ?? "";
      if (!address.includes(token)) continue;
      links.push([link, address]);
      link.removeAttribute("href");
    }
  });
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "p" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    location.assign(`/r/${token}/report.pdf`);
  });
  addEventListener("afterprint", () => {
    history.replaceState(history.state, "", here);
    for (const [link, address] of links.splice(0)) link.setAttribute("href", address);
  });
}

for (const mistake of document.querySelectorAll<HTMLElement>('[aria-invalid="true"]')) {
  mistake.focus();
  break;
}
