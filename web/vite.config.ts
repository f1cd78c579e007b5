import react from "@vitejs/plugin-react";
import type { Plugin, ProxyOptions } from "vite";
import { defineConfig } from "vitest/config";

/** Where the installation's pages and API are; by default the local cluster's ports (`make install`). */
const web = process.env.PARLEY_DEV_WEB ?? "http://localhost:30480";
const api = process.env.PARLEY_DEV_API ?? "http://localhost:30481";

/** What nginx does in an installation: the pages' configuration, here with this server in the API's place. */
const configJson: Plugin = {
  name: "parley-config",
  configureServer: ({ middlewares }) => {
    middlewares.use("/config.json", (request, response) => {
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify({ apiUrl: `http://${request.headers.host ?? "127.0.0.1:5173"}` }));
    });
  },
};

/** The API, which answers the pages of its own installation alone. */
const toApi: ProxyOptions = {
  target: api,
  changeOrigin: true,
  ws: true,
  configure: (proxy) => {
    proxy.on("proxyReq", (request) => request.setHeader("Origin", web));
    proxy.on("proxyReqWs", (request) => request.setHeader("Origin", web));
  },
};

/** The same for the answer that names the room: its address becomes this server's too. */
const toConnect: ProxyOptions = {
  ...toApi,
  ws: false,
  selfHandleResponse: true,
  configure: (proxy) => {
    proxy.on("proxyReq", (request) => request.setHeader("Origin", web));
    proxy.on("proxyRes", (answer, request, response) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () => {
        const body = Buffer.concat(parts).toString().replace(api.replace(/^http/, "ws"), `ws://${request.headers.host}`);
        const headers = { ...answer.headers };
        delete headers["content-length"];
        response.writeHead(answer.statusCode ?? 502, headers).end(body);
      });
    });
  },
};

export default defineConfig({
  plugins: [react(), configJson],
  build: {
    target: "es2022",
    // Worklets and images stay files of their own: the CSP allows neither data: scripts nor inline ones.
    assetsInlineLimit: 0,
    sourcemap: false,
    // Daily's library (1 MB) is a chunk of its own that only a Daily room loads.
    chunkSizeWarningLimit: 1100,
  },
  server: {
    host: "127.0.0.1",
    port: 5173,
    strictPort: true,
    proxy: { "/join/v1/connect": toConnect, "/join/v1": toApi, "/rooms": toApi },
  },
  test: {
    environment: "jsdom",
    setupFiles: ["tests/setup.ts"],
    include: ["tests/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    // axe reads whole pages, and may share two cores with a cluster.
    testTimeout: 30_000,
  },
});
