import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { dir: "tests", testTimeout: 90_000, retry: 1, hookTimeout: 30_000, expect: { poll: { timeout: 8000 } }, pool: "threads", isolate: false, maxWorkers: 2, minWorkers: 1 },
});
