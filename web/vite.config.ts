import { defineConfig } from "vite";
import { intoOneFile } from "./build/one_file";

export default defineConfig({
  root: ".",
  base: "./",
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  plugins: [intoOneFile()],
  build: {
    target: "es2022",
    modulePreload: false,
    assetsInlineLimit: Number.MAX_SAFE_INTEGER,
    cssCodeSplit: false,
    rollupOptions: { input: "page.html", output: { format: "iife" } },
  },
});
