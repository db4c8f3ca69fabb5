// What the pages behind letters' links need of the browser, and no more.
//
// The link's token stands in the fragment of the address, which is not sent to any server. It is moved out of there
// before anything else, kept for this tab alone, and sent in the header `Kaiji-Link`. Pages and forms are the server's:
// here they are fetched with that header and put in place.
(() => {
  "use strict";

  const KEPT = "kaiji-link";
  const SAVE_AFTER = 1000;
  const TOKEN = /^#([\w-]+\.[\w-]{20,})$/;

  const shown = TOKEN.exec(location.hash);
  if (shown) {
    sessionStorage.setItem(KEPT, shown[1]);
    history.replaceState(null, "", location.pathname);
  }

  let path = location.pathname;
  let unsaved = null;
  let waiting = null;

  function main() {
    return document.getElementById("main");
  }

  // Puts an answer of the server in the place of what is shown, and the reader where it begins.
  function show(next, title) {
    main().replaceWith(next);
    document.title = title;
    const start = next.querySelector(".errors") ?? next.querySelector("h1") ?? next;
    start.tabIndex = -1;
    start.focus();
    if (start.matches("h1")) scrollTo(0, 0);
    count();
  }

  function showUnreachable() {
    const template = document.getElementById("unreachable");
    const next = document.createElement("main");
    next.id = "main";
    next.append(template.content.cloneNode(true));
    show(next, document.title);
  }

  async function ask(address, request = {}) {
    const headers = { ...request.headers, "Kaiji-Link": sessionStorage.getItem(KEPT) ?? "none" };
    return fetch(address, { ...request, headers, cache: "no-store", credentials: "omit" });
  }

  async function load(address, request) {
    try {
      const answered = await ask(address, request);
      const page = new DOMParser().parseFromString(await answered.text(), "text/html");
      const next = page.getElementById("main");
      if (!next) throw new Error("not a page");
      // Where the server led elsewhere, the address says so.
      path = new URL(answered.url).pathname;
      history.replaceState(null, "", path);
      show(document.adoptNode(next), page.title);
    } catch {
      showUnreachable();
    }
  }

  async function go(address) {
    if (unsaved) await save(unsaved);
    history.pushState(null, "", address);
    await load(address);
  }

  // How many items are answered so far, for the reader who wants to know.
  function count() {
    const output = document.querySelector("[data-count]");
    if (!output) return;
    const groups = [...document.querySelectorAll(".item fieldset")].filter((group) => group.checkVisibility());
    const answered = groups.filter((group) => group.querySelector("input:checked")?.value);
    output.textContent = output.dataset.count.replace("{all}", groups.length).replace("{answered}", answered.length);
  }

  async function save(form, request = {}) {
    clearTimeout(waiting);
    unsaved = null;
    const told = form.querySelector("[data-saved]");
    let words = told.dataset.unsaved;
    try {
      const answered = await ask(form.dataset.draft, { ...request, method: "PUT", body: new URLSearchParams(new FormData(form)) });
      if (answered.ok) words = told.dataset.saved;
    } catch {
      // What could not be saved is said below, and tried again with the next change.
    }
    const time = new Date().toLocaleTimeString("ja-JP", { hour: "2-digit", minute: "2-digit" });
    told.textContent = words.replace("{time}", time);
  }

  // Takes a file away that the link opens: its address alone would not, so it is fetched and handed to the browser.
  async function take(link) {
    const told = document.querySelector("[data-told]");
    if (link.getAttribute("aria-disabled") === "true") return;
    link.setAttribute("aria-disabled", "true");
    told.textContent = told.dataset.fetching;
    try {
      const answered = await ask(link.getAttribute("href"));
      if (!answered.ok) throw new Error(`status ${answered.status}`);
      const name = /filename="([^"]+)"/.exec(answered.headers.get("Content-Disposition"))[1];
      const file = document.createElement("a");
      file.href = URL.createObjectURL(await answered.blob());
      file.download = name;
      file.click();
      URL.revokeObjectURL(file.href);
      told.textContent = told.dataset.fetched.replace("{name}", name);
    } catch {
      told.textContent = told.dataset.failed;
    }
    link.removeAttribute("aria-disabled");
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) print();
    const link = event.target.closest("a[href^='/']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || link.hasAttribute("download")) return;
    event.preventDefault();
    if (link.hasAttribute("data-fetch")) return take(link);
    go(link.getAttribute("href"));
  });

  document.addEventListener("input", (event) => {
    const form = event.target.form;
    count();
    if (!form?.dataset.draft || event.target.type === "file") return;
    clearTimeout(waiting);
    unsaved = form;
    waiting = setTimeout(() => save(form), SAVE_AFTER);
  });

  // Whoever is alone with the screen may want to see the password that they choose.
  document.addEventListener("change", (event) => {
    const { reveals } = event.target.dataset;
    if (reveals) document.getElementById(reveals).type = event.target.checked ? "text" : "password";
  });

  // A closed tab waits for nothing; what fits is still sent.
  addEventListener("pagehide", () => {
    if (unsaved) save(unsaved, { keepalive: true });
  });

  document.addEventListener("submit", async (event) => {
    const { target: form, submitter } = event;
    event.preventDefault();
    if (submitter?.hasAttribute("data-save")) return save(form);
    if (form.getAttribute("aria-busy") === "true") return;
    clearTimeout(waiting);
    unsaved = null;
    form.setAttribute("aria-busy", "true");
    submitter?.setAttribute("aria-disabled", "true");
    const file = form.querySelector("input[type=file]")?.files[0];
    const address = submitter?.getAttribute("formaction") ?? form.getAttribute("action");
    const sent = form.dataset.kind === "file"
      ? { headers: { "Content-Type": "text/csv" }, body: file ?? "" }
      : { body: new URLSearchParams(new FormData(form, submitter)) };
    const query = form.dataset.kind === "file" ? `?form=${new FormData(form).get("form")}` : "";
    await load(address + query, { method: "POST", ...sent });
    form.removeAttribute("aria-busy");
    submitter?.removeAttribute("aria-disabled");
  });

  addEventListener("popstate", () => {
    if (location.pathname !== path) load(location.pathname);
  });

  load(path);
})();
