import { expect, it } from "vitest";
import { clipped, hasInvisible, visible, visibleLines } from "./visible";

it("shows what would turn, hide or break a text", () => {
  expect(visible("a\u202eb\u2066c")).toBe("a⟨U+202E⟩b⟨U+2066⟩c");
  expect(visible("a\u0000\n\t\u001b[0m")).toBe("a⟨U+0000⟩\\n\\t⟨U+001B⟩[0m");
  expect(visible("\ud800x\u{e0041}\ufeff")).toBe("⟨U+D800⟩x⟨U+E0041⟩⟨U+FEFF⟩");
  expect(visibleLines("a\nb\u202e")).toBe("a\nb⟨U+202E⟩");
});

it("leaves text of all languages as it is", () => {
  for (const text of ["שלום", "日本語", "👩‍👩‍👧", "naïve – “x”", "مرحبا\u200c"]) {
    expect(visible(text)).toBe(text);
    expect(hasInvisible(text)).toBe(false);
  }
});

it("shortens in the middle", () => {
  expect(clipped("abcdefghij", 10)).toBe("abcdefghij");
  expect(clipped("abcdefghijk", 9)).toBe("abcde…ijk");
  expect(clipped("x".repeat(10_000), 100)).toHaveLength(100);
});
