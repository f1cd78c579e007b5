import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2022",
    // Worklets and images stay files of their own: the CSP allows neither data: scripts nor inline ones.
    assetsInlineLimit: 0,
    sourcemap: false,
    // Daily's library (1 MB) is a chunk of its own that only a Daily room loads.
    chunkSizeWarningLimit: 1100,
  },
  server: { host: "127.0.0.1", port: 5173, strictPort: true },
  test: {
    environment: "jsdom",
    setupFiles: ["tests/setup.ts"],
    include: ["tests/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    // axe reads whole pages, and may share two cores with a cluster.
    testTimeout: 30_000,
  },
});
