// The service worker: keeps the app's files by version, so that it opens without a network. It keeps nothing else: what
// people do is in the store (store.js), which no other version of this file touches.
"use strict";
const version = "VERSION";
const addresses = ["ADDRESSES"];
const mine = `plantwright-tech-${version}`;
const page = "/tech/";

async function keep() {
  const cache = await caches.open(mine);
  // Past the browser's own cache, so that files of two versions are never mixed.
  await cache.addAll(addresses.map((each) => new Request(each, { cache: "reload", credentials: "omit" })));
}

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((each) => each.startsWith("plantwright-tech-") && each !== mine).map((each) => caches.delete(each)));
  await self.clients.claim();
}

async function kept(request) {
  const url = new URL(request.url);
  const cache = await caches.open(mine);
  const found = await cache.match(request.mode === "navigate" ? page : url.pathname);
  if (found) return found;
  return fetch(request);
}

function isOurs(request) {
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return false;
  if (request.mode === "navigate") return url.pathname === page;
  return addresses.includes(url.pathname);
}

self.addEventListener("install", (event) => {
  event.waitUntil(keep());
});
self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOthers());
});
self.addEventListener("fetch", (event) => {
  if (isOurs(event.request)) event.respondWith(kept(event.request));
});
self.addEventListener("message", (event) => {
  if (event.data === "use") self.skipWaiting();
});

// An emergency that the plant pushes: shown even while the app is closed.
self.addEventListener("push", (event) => {
  let said = {};
  try {
    said = event.data ? event.data.json() : {};
  } catch {
    said = {};
  }
  event.waitUntil(
    self.registration.showNotification(said.title || "Plantwright", {
      body: said.body || "",
      tag: said.tag || "emergency",
      icon: "/tech/app/icon-192.png",
      requireInteraction: true,
      data: { order: said.order || "" },
    }),
  );
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const order = event.notification.data && event.notification.data.order;
  const there = order ? `${page}#/order/${order}` : page;
  event.waitUntil(
    self.clients.matchAll({ type: "window" }).then((open) => {
      const ours = open.find((each) => new URL(each.url).pathname === page);
      if (!ours) return self.clients.openWindow(there);
      return ours.focus().then(() => ours.navigate(there));
    }),
  );
});
