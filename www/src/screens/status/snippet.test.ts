import { expect, it } from "vitest";
import { snippets } from "./snippet";

it("every snippet names the server's address", () => {
  const all = snippets("https://events.example.com:8443");
  expect(all.map((snippet) => snippet.title)).toEqual(["Web page", "Package", "Command line"]);
  for (const { code } of all) {
    expect(code).toContain("https://events.example.com:8443");
  }
});
