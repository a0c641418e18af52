// Moving what stands on a certificate's page: by hand on the sample, or with the arrow keys. The typed numbers are what
// is kept, and stay in step; without this file they are typed, and the server shows what comes of them.
"use strict";

(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const SMALL = 0.5, LARGE = 5, NEAR = 1.2; // millimetres: a step, one with Shift, how near a guide draws
  const NAMES = ["x", "y", "size", "width"];

  const tools = document.querySelector("[data-layout]");
  const sheet = document.querySelector("svg.sheet");
  if (!tools || !sheet || !window.PointerEvent) return;
  const form = tools.closest("form");
  const pick = tools.querySelector("select");
  const snap = tools.querySelector("[data-snap]");
  const [back, forth] = [tools.querySelector("[data-undo]"), tools.querySelector("[data-redo]")];
  const line = tools.querySelector("[role=status]");
  const [wide, high] = [sheet.viewBox.baseVal.width, sheet.viewBox.baseVal.height];

  const box = (id, name) => form.elements.namedItem(`${id}.${name}`);
  const read = (id) => Object.fromEntries(NAMES.map((name) => [name, box(id, name).value.trim()]));
  const number = (id, name) => Number(box(id, name).value) || 0;
  const short = (value) => String(Math.round(value * 100) / 100);
  const say = (text) => { line.textContent = text; };
  const parts = () => Array.from(sheet.querySelectorAll("g[data-element]"));
  const part = (id) => parts().find((each) => each.dataset.element === id);

  let chosen = "";
  let drawn = {}; // where the server drew each element
  let moving = null;
  const past = [], future = [];

  // What the server drew gets something to take hold of, and is listed to be chosen by keyboard.
  const setUp = (sent) => {
    drawn = {};
    pick.replaceChildren();
    for (const each of parts()) {
      const id = each.dataset.element, around = each.getBBox(), grip = document.createElementNS(SVG, "rect");
      const place = { x: around.x - 1, y: around.y - 1, width: around.width + 2, height: around.height + 2, class: "grip" };
      for (const [name, value] of Object.entries(place)) grip.setAttribute(name, value);
      each.prepend(grip);
      drawn[id] = { x: Number(sent.get(`${id}.x`)), y: Number(sent.get(`${id}.y`)) };
      follow(id); // it may have been moved on while the server drew
      pick.add(new Option(each.dataset.said, id));
    }
    choose(drawn[chosen] ? chosen : pick.options[0].value);
  };

  const choose = (id) => {
    chosen = id;
    pick.value = id;
    for (const each of parts()) each.classList.toggle("chosen", each.dataset.element === id);
    for (const row of form.querySelectorAll("tr[data-row]")) row.classList.toggle("chosen", row.dataset.row === id);
  };

  const tell = (id) => {
    const said = part(id) ? part(id).dataset.said : id;
    say(line.dataset.place.replace("{said}", said).replace("{x}", box(id, "x").value).replace("{y}", box(id, "y").value));
  };

  // Put an element where its numbers say, without asking the server.
  const follow = (id) => {
    const each = part(id);
    if (each) each.setAttribute("transform", `translate(${number(id, "x") - drawn[id].x} ${number(id, "y") - drawn[id].y})`);
  };

  const span = (id) => {
    const data = part(id).dataset, picture = data.kind === "photo" || data.kind === "qr";
    const width = data.align === "left" ? number(id, "width") : 0;
    return { width, height: picture ? Number(data.height) || width : 0, picture };
  };

  const put = (id, x, y) => {
    const { width, height } = span(id);
    box(id, "x").value = short(Math.min(Math.max(x, 0), wide - width));
    box(id, "y").value = short(Math.min(Math.max(y, 0), high - height));
    follow(id);
  };

  // Undoing. Steps of the same element by keys, one soon after the other, are one.
  const keep = (id, before, soon) => {
    const after = read(id), last = past[past.length - 1];
    if (NAMES.every((name) => before[name] === after[name])) return;
    if (soon && last && last.id === id && last.soon > Date.now() - 800) Object.assign(last, { after, soon: Date.now() });
    else past.push({ id, before, after, soon: soon ? Date.now() : 0 });
    future.length = 0;
    buttons();
  };
  const buttons = () => { back.disabled = !past.length; forth.disabled = !future.length; };
  const step = (from, to, which) => {
    const one = from.pop();
    if (!one) return;
    to.push(one);
    one.soon = 0;
    const was = read(one.id);
    for (const name of NAMES) box(one.id, name).value = one[which][name];
    if (was.size !== one[which].size || was.width !== one[which].width) redraw();
    else follow(one.id);
    if (part(one.id)) choose(one.id);
    tell(one.id);
    buttons();
  };
  back.addEventListener("click", () => step(past, future, "before"));
  forth.addEventListener("click", () => step(future, past, "after"));

  // Lines that other elements and the page offer, and the nearest of them.
  const offered = (id) => {
    const lines = { x: [wide / 2], y: [] };
    for (const each of parts()) {
      const other = each.dataset.element;
      if (other === id) continue;
      const x = number(other, "x"), y = number(other, "y"), { width, height, picture } = span(other);
      lines.x.push(x);
      lines.y.push(y);
      if (width) lines.x.push(x + width);
      if (picture) { lines.x.push(x + width / 2); lines.y.push(y + height); }
    }
    return lines;
  };
  const drawnTo = (value, edges, lines) => {
    let best = null;
    for (const edge of edges) {
      for (const at of lines) {
        const far = Math.abs(value + edge - at);
        if (far < NEAR && (!best || far < best.far)) best = { far, at, value: at - edge };
      }
    }
    return best || { at: null, value: Math.round(value / SMALL) * SMALL };
  };
  const guides = (x, y) => {
    sheet.querySelectorAll(".guide").forEach((each) => each.remove());
    for (const way of [x === null ? "" : `M${x} 0V${high}`, y === null ? "" : `M0 ${y}H${wide}`]) {
      if (!way) continue;
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", way);
      path.setAttribute("class", "guide");
      sheet.append(path);
    }
  };

  const at = (event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(sheet.getScreenCTM().inverse());
  sheet.addEventListener("pointerdown", (event) => {
    const each = event.target.closest("g[data-element]");
    if (!each || event.button) return;
    const id = each.dataset.element;
    choose(id);
    sheet.focus({ preventScroll: true });
    sheet.setPointerCapture(event.pointerId);
    moving = { id, from: at(event), before: read(id), x: number(id, "x"), y: number(id, "y"), lines: offered(id), far: false };
    event.preventDefault();
  });
  sheet.addEventListener("pointermove", (event) => {
    if (!moving) return;
    const here = at(event), { id } = moving;
    let x = moving.x + here.x - moving.from.x, y = moving.y + here.y - moving.from.y;
    // A click is not a move.
    if (!moving.far && Math.hypot(x - moving.x, y - moving.y) < SMALL) return;
    moving.far = true;
    if (snap.checked && !event.altKey) {
      const { width, height, picture } = span(id);
      const across = drawnTo(x, [0, ...(width ? [width] : []), ...(picture ? [width / 2] : [])], moving.lines.x);
      const down = drawnTo(y, picture ? [0, height] : [0], moving.lines.y);
      [x, y] = [across.value, down.value];
      guides(across.at, down.at);
    } else guides(null, null);
    put(id, x, y);
  });
  const drop = (stays) => {
    if (!moving) return;
    const { id, before } = moving;
    if (!stays) put(id, Number(before.x), Number(before.y));
    guides(null, null);
    keep(id, before, false);
    moving = null;
    tell(id);
  };
  sheet.addEventListener("pointerup", () => drop(true));
  sheet.addEventListener("pointercancel", () => drop(false)); // a finger that scrolls the page moves nothing

  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  sheet.addEventListener("keydown", (event) => {
    const to = STEPS[event.key], key = event.key.toLowerCase();
    if (to && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const before = read(chosen), long = event.shiftKey ? LARGE : SMALL;
      put(chosen, number(chosen, "x") + to[0] * long, number(chosen, "y") + to[1] * long);
      keep(chosen, before, true);
      tell(chosen);
    } else if ((event.ctrlKey || event.metaKey) && key === "z" && !event.shiftKey) step(past, future, "before");
    else if ((event.ctrlKey || event.metaKey) && (key === "y" || key === "z")) step(future, past, "after");
    else if (event.key === "Escape" && moving) drop(false);
    else return;
    event.preventDefault();
  });

  // Numbers that are typed: places follow at once, sizes are drawn by the server, which alone knows how lines break.
  let typed = null;
  form.addEventListener("focusin", (event) => {
    const row = event.target.closest("tr[data-row]");
    if (!row) return;
    if (part(row.dataset.row)) choose(row.dataset.row);
    typed = { id: row.dataset.row, before: read(row.dataset.row) };
  });
  form.addEventListener("input", (event) => {
    const row = event.target.closest("tr[data-row]");
    if (row && /\.[xy]$/.test(event.target.name) && drawn[row.dataset.row]) follow(row.dataset.row);
  });
  form.addEventListener("change", (event) => {
    const row = event.target.closest("tr[data-row]");
    if (row && typed && typed.id === row.dataset.row) {
      keep(typed.id, typed.before, false);
      typed.before = read(typed.id);
    }
    if ((row && !/\.[xy]$/.test(event.target.name)) || event.target.name === "bilingual" || event.target.name === "long") redraw();
  });

  let turn = 0;
  const redraw = async () => {
    const mine = ++turn, sent = new FormData(form);
    sent.append("show", "");
    let answer;
    try {
      const reply = await fetch(form.action, { method: "POST", body: sent, credentials: "same-origin" });
      answer = new DOMParser().parseFromString(await reply.text(), "text/html");
    } catch { answer = null; }
    if (mine !== turn) return;
    const faults = answer && Array.from(answer.querySelectorAll("[data-faults] p"), (each) => each.textContent);
    const next = answer && answer.querySelector("svg.sheet");
    if (!next || faults.length) { say(faults && faults.length ? faults.join(" ") : line.dataset.failed); return; }
    sheet.replaceChildren(...next.childNodes);
    setUp(sent);
  };

  pick.addEventListener("change", () => choose(pick.value));
  sheet.setAttribute("role", "application");
  sheet.setAttribute("tabindex", "0");
  sheet.setAttribute("aria-describedby", "layout-help");
  sheet.classList.add("live");
  tools.hidden = false;
  setUp(new FormData(form));
  buttons();
})();
