// What pages of every room share. Everything here is comfort: forms and links work without it.
"use strict";

(() => {
  // Pages may demand Trusted Types. htmx and ECharts insert markup that our own server or their own code made;
  // scripts in it stay dead all the same, because the content policy allows no inline script.
  if (window.trustedTypes && window.trustedTypes.createPolicy) {
    window.trustedTypes.createPolicy("default", {
      createHTML: (html) => html,
      // The one script that may be named at run time: it keeps the checking of certificates for when there is no network.
      createScriptURL: (url) => { if (url === "/v/worker.js") return url; throw new TypeError("no script may be added"); },
    });
  }

  const CONTROLS = "a, button, input, select, textarea, label, summary";

  // A click on a row opens it; a click on a control, or the end of marking text, does not.
  document.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-href]");
    if (!row || event.target.closest(CONTROLS) || String(window.getSelection())) return;
    if (event.ctrlKey || event.metaKey) window.open(row.dataset.href, "_blank", "noopener");
    else window.location.assign(row.dataset.href);
  });

  // One box in the head ticks all boxes of its table.
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!box.matches("input[data-all]")) return;
    for (const one of box.closest("table").querySelectorAll("tbody input[type=checkbox]")) one.checked = box.checked;
  });

  // Menus made of <details> close when one looks elsewhere, or with Escape.
  const closeDrops = (except) => {
    for (const open of document.querySelectorAll("details.user[open], details.t-tools[open]")) {
      if (open !== except) open.removeAttribute("open");
    }
  };
  document.addEventListener("click", (event) => closeDrops(event.target.closest("details")));
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && document.querySelector("details.user[open], details.t-tools[open]");
    if (open) { closeDrops(null); open.querySelector("summary").focus(); }
  });

  // The field that chooses something sends its form itself (select[data-send]).
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-send]")) event.target.form.requestSubmit();
  });

  // Only the questions of the chosen kind are shown; without this all are, each under its kind's name.
  for (const form of document.querySelectorAll("form[data-kind-form]")) {
    const show = () => {
      const chosen = form.querySelector("input[name=kind]:checked");
      for (const part of form.querySelectorAll("[data-kind]")) part.hidden = !chosen || part.dataset.kind !== chosen.value;
    };
    form.addEventListener("change", show);
    show();
  }

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // A number shown in full is hidden again after its time, and when the page is left or comes back from history.
  for (const value of document.querySelectorAll("[data-vanish]")) {
    const line = document.querySelector("[data-countdown]");
    const until = Date.now() + 1000 * Number(value.dataset.vanish);
    const hide = () => {
      window.clearInterval(clock);
      value.textContent = value.dataset.mask;
      line.textContent = line.dataset.gone;
    };
    const tick = () => {
      const left = Math.ceil((until - Date.now()) / 1000);
      if (left > 0) line.textContent = `${left} ${line.dataset.left}`;
      else hide();
    };
    const clock = window.setInterval(tick, 1000);
    window.addEventListener("pagehide", hide);
  }

  // What cannot be undone says so first: <form data-confirm="…">.
  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) { event.preventDefault(); event.stopPropagation(); return; }
    // A double click must not hand the same thing in twice; the server refuses it too.
    // A form that fetches a file (data-keep) leaves the page as it is, and may be used again.
    if (event.target.method === "post" && event.target.dataset.keep === undefined) {
      window.setTimeout(() => event.target.querySelectorAll("button:not([type=button])").forEach((b) => { b.disabled = true; }));
    }
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form button[disabled]:not([data-off])").forEach((b) => { b.disabled = false; });
  });

  // Choice of columns, remembered on this machine: <table data-columns="key"> with a .t-tools menu before it.
  const hideColumns = (table, hidden) => {
    for (const row of table.rows) {
      if (row.querySelector("[colspan]")) continue;
      Array.from(row.cells).forEach((cell, at) => { cell.hidden = hidden.includes(at); });
    }
  };
  const setUpColumns = (table) => {
    const key = "columns:" + table.dataset.columns;
    const tools = document.querySelector(`[data-columns-of="${table.dataset.columns}"]`);
    if (!tools || !table.tHead) return;
    let hidden = [];
    try { hidden = JSON.parse(localStorage.getItem(key)) || []; } catch { /* a private window keeps nothing */ }
    const drop = tools.querySelector(".drop");
    drop.replaceChildren();
    Array.from(table.tHead.rows[0].cells).forEach((head, at) => {
      if (!head.textContent.trim() || head.dataset.fixed !== undefined) return;
      const label = document.createElement("label");
      const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: !hidden.includes(at) });
      box.addEventListener("change", () => {
        hidden = box.checked ? hidden.filter((n) => n !== at) : [...hidden, at];
        try { localStorage.setItem(key, JSON.stringify(hidden)); } catch { /* as above */ }
        hideColumns(table, hidden);
      });
      label.append(box, head.textContent.trim());
      drop.append(label);
    });
    tools.hidden = false;
    hideColumns(table, hidden);
  };
  const setUp = (root) => root.querySelectorAll("table[data-columns]").forEach(setUpColumns);
  setUp(document);
  document.addEventListener("htmx:afterSwap", (event) => setUp(event.target.parentElement || document));

  // Keys of a page where things are decided: <a data-key="j">, <button data-key="r" data-needs="id of a field">. A link
  // is followed at once; a button is chosen first and pressed by the same key again, so that no slip decides anything.
  // Single keys can be switched off, as whoever speaks to the machine or has a restless hand needs it.
  const keysOff = () => { try { return localStorage.getItem("keys") === "off"; } catch { return false; } };
  for (const part of document.querySelectorAll("[data-keys]")) {
    const box = part.querySelector("input");
    box.checked = !keysOff();
    box.addEventListener("change", () => {
      try { localStorage.setItem("keys", box.checked ? "on" : "off"); } catch { /* a private window keeps nothing */ }
    });
    part.hidden = false;
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat || event.key.length !== 1) return;
    if (event.target.closest("input:not([type=checkbox]), select, textarea, dialog") || keysOff()) return;
    const one = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!one || one.disabled) return;
    event.preventDefault();
    const needed = one.dataset.needs && document.getElementById(one.dataset.needs);
    if (needed && !needed.value.trim()) needed.focus();
    else if (one.matches("button") && document.activeElement !== one) one.focus();
    else one.click();
  });

  // A part that could not be fetched says so, instead of standing still.
  const say = (text) => {
    const note = document.createElement("div");
    note.className = "note bad";
    const line = document.createElement("p");
    line.textContent = text;
    note.append(line);
    document.getElementById("messages").replaceChildren(note);
  };
  document.addEventListener("htmx:sendError", () => say("网络中断，页面上的内容可能已过时。恢复后请刷新。"));
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    say(status === 403 ? "登录已失效或无权查看，请重新登录。" : "没有取到最新内容，请刷新页面。");
  });
})();
