{% load static %}// Keeps the page that checks signatures without the server, and what it needs: scripts, keys and lists. Answers of the
// server about a certificate are never kept.
"use strict";

const KEPT = "verify-1";
const SHELL = "{% url 'verification:offline' %}";
const PARTS = [
  SHELL, "{% static 'verify.js' %}", "{% static 'vendor/noble/ed25519.js' %}", "{% static 'app.js' %}", "{% static 'app.css' %}",
  "{% static 'vendor/bootstrap/bootstrap.min.css' %}", "{% static 'vendor/tabler/sprite.svg' %}",
];
const LASTING = ["{% url 'wellknown:jwks' %}", "{% url 'wellknown:status_index' %}"];
const LISTS = "/.well-known/certificate-status/";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(PARTS)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(caches.keys()
    .then((names) => Promise.all(names.filter((name) => name.startsWith("verify-") && name !== KEPT).map((name) => caches.delete(name))))
    .then(() => self.clients.claim()));
});

// What the server says goes first, always; what was kept is for when it cannot be asked.
const freshOrKept = async (request) => {
  try {
    const answer = await fetch(request);
    if (answer.ok) { const cache = await caches.open(KEPT); await cache.put(request, answer.clone()); }
    return answer;
  } catch (error) {
    const kept = await caches.match(request, { ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
};

self.addEventListener("fetch", (event) => {
  const request = event.request;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(() => caches.match(SHELL, { ignoreVary: true })));
  } else if (PARTS.includes(url.pathname) || LASTING.includes(url.pathname) || url.pathname.startsWith(LISTS)) {
    event.respondWith(freshOrKept(request));
  }
});
